//! The private route: Gaussian noise, groups, several resources, and two units that race for the last of a budget.
//!
//! Each statistical bound is passed by chance with a probability below 10⁻⁷.

use std::fmt::Write as _;
use std::sync::Barrier;

use serde_json::{Value, json};
use yunei_tests::Client;

use crate::common::stage::{Stage, code, entry, field, population};
use crate::common::{RUN_WAIT_MAX, text};

const GUEST: (&str, &str) = ("hostile", "subject-teller");
const FIELDS: &str = "\"slot\", \"secret\"";

/// A resource of slots and secrets about a population; `head` are more lines of the entry, `more` more fields.
fn slots(name: &str, population: &str, head: &str, more: &str) -> String {
    let fields = [
        field("slot", "int32", "ordinary", ""),
        field("secret", "int32", "sensitive", ""),
    ];
    [&entry(name, population, head), &*fields.concat(), more].concat()
}

/// A manifest that tells each subject's secret in the cell of its slot, over these resources.
fn telling(resources: &[&str], cells: usize, noise: &str) -> String {
    let mut rest = String::from("world = \"per-subject\"\n");
    for name in resources {
        write!(
            rest,
            "[[resource]]\nname = \"{name}\"\nfields = [{FIELDS}]\n"
        )
        .expect("a line");
    }
    let cells: Vec<String> = (0..cells).map(|cell| format!("\"{cell}\"")).collect();
    write!(
        rest,
        "[[parameter]]\nname = \"attack\"\ntype = \"enumeration\"\nvalues = [\"presence\", \"burn\"]\ndefault = \"presence\"\n\
         [contribution]\ncells_per_subject = 1\ncells = [{}]\n{noise}\n\
         [[contribution.measures]]\nname = \"told\"\nmin = 0.0\nmax = 1.0\nstep = 1.0\n",
        cells.join(", ")
    )
    .expect("a manifest");
    rest
}

/// Runs a module to its release. Gives the rows of the table.
fn released(stage: &mut Stage, unit: usize, module: &str, grant: &str) -> Vec<Value> {
    let answer = stage.submit(unit, module, grant, &json!({}));
    let run = text(&answer.served().expect("queued"), "id");
    let client = stage.unit(unit);
    let seen = stage.story.wait_coarse(&client, &run, RUN_WAIT_MAX);
    let seen = seen.expect("an end");
    assert_eq!(text(&seen, "status"), "released", "{seen}");
    let release = seen["releases"][0].as_str().expect("a release").to_owned();
    let table = stage.story.table(&client, &release).expect("a table");
    table["rows"].as_array().expect("rows").clone()
}

fn figures(rows: &[Value]) -> Vec<f64> {
    rows.iter()
        .map(|row| row[1].as_f64().expect("a figure"))
        .collect()
}

fn account(stage: &Stage, population: &str) -> Value {
    let path = format!("/privacy/accounts/{population}");
    let account = stage.bureau().get(&path).expect("an answer");
    account.served().expect("an account")
}

#[test]
fn noise_groups_and_resources_are_what_the_table_says() {
    let mut stage = Stage::set();
    gaussian_noise_has_the_scale_that_is_stated(&mut stage);
    a_household_counts_as_one(&mut stage);
    a_subject_of_two_resources_counts_once(&mut stage);
    nobody_joins_households(&mut stage);
    let report = stage.story.verify_record().expect("a report");
    assert_eq!(report["holds"], json!(true), "{report}");
}

/// One run over 2,048 cells in which nobody is: nothing but noise.
fn gaussian_noise_has_the_scale_that_is_stated(stage: &mut Stage) {
    const CELLS: usize = 2048;
    stage.resource(
        "secrets",
        &slots("secrets", &population("secretive-people", true), "", ""),
        "person,slot,secret\n1,0,0\n2,1,0\n",
    );
    stage.budget("secretive-people", 1.0, 1e-6);
    let grant = stage.grant(0, &[("secrets", FIELDS)], "");
    let noise = "epsilon = 0.5\ndelta = 1e-7\nmechanism = \"gaussian\"";
    let module = stage.module(0, GUEST, "bell", &telling(&["secrets"], CELLS, noise));
    let rows = released(stage, 0, &module, &grant);
    assert_eq!(rows.len(), CELLS);
    let scale = rows[0][2].as_f64().expect("a scale");
    let noise = figures(&rows);
    let count = CELLS as f64;
    let mean = noise.iter().sum::<f64>() / count;
    // Six standard errors of a mean, and of a variance (σ²·√(2/n)): off by more with a probability below 10⁻⁸.
    assert!(mean.abs() < 6.0 * scale / count.sqrt(), "{mean} of {scale}");
    let variance = noise.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let ratio = variance / (scale * scale);
    assert!((ratio - 1.0).abs() < 6.0 * (2.0 / count).sqrt(), "{ratio}");
    // A bell, whose kurtosis is 3, and not the peak of a Laplace distribution, whose is 6: 2,048 are off by 0.1 as a rule.
    let fourth = noise.iter().map(|n| (n - mean).powi(4)).sum::<f64>() / count;
    let kurtosis = fourth / (variance * variance);
    assert!(kurtosis < 4.5, "{kurtosis}");
    let told = rows[0].to_string();
    assert!(told.contains("1e-7") && told.contains("δ"), "{told}");
    let account = account(stage, "secretive-people");
    assert!(account["spent_rho"].as_f64() > Some(0.0), "{account}");
    assert_eq!(account["spent_epsilon"], json!(0.0), "{account}");

    // The population is private-only: nothing exact leaves.
    let exact = "world = \"analysis\"\n[[resource]]\nname = \"secrets\"\nfields = [\"slot\", \"secret\"]\n\
                 [[output]]\nname = \"table\"\nresource = \"secrets\"\n\
                 [[output.measure]]\nname = \"n\"\naggregate = \"count\"\n";
    let exact = stage.module(0, ("attacks", "copier"), "exact", exact);
    let refused = stage.submit(0, &exact, &grant, &json!({}));
    assert_eq!(
        (refused.status, code(&refused)),
        (403, "grant-resource".to_owned())
    );
    assert_eq!(text(&refused.json(), "clause"), "use.private-only");
}

/// Four people of a household, each in a cell of its own, touch one cell together.
fn a_household_counts_as_one(stage: &mut Stage) {
    const CELLS: usize = 256;
    let mut rows = String::from("person,slot,secret,household\n");
    for person in 0..4 * CELLS {
        writeln!(rows, "{person},{},1,{}", person % CELLS, person / 4).expect("a row");
    }
    let household = field("household", "int64", "direct-identifier", "");
    let entry = slots(
        "homes",
        &population("residents", false),
        "subject_group = \"household\"\n",
        &household,
    );
    stage.resource("homes", &entry, &rows);
    stage.budget("residents", 2.0, 0.0);
    let grant = stage.grant(0, &[("homes", FIELDS)], "");
    let module = stage.module(
        0,
        GUEST,
        "homes",
        &telling(&["homes"], CELLS, "epsilon = 2.0"),
    );
    let rows = released(stage, 0, &module, &grant);
    let scale = rows[0][2].as_f64().expect("a scale");
    let sum: f64 = figures(&rows).iter().sum();
    // Laplace noise of scale b has a variance of 2b²; by Chernoff's bound a sum is off by twelve deviations with a probability below 10⁻²⁰.
    let slack = 12.0 * scale * (2.0 * CELLS as f64).sqrt();
    assert!((sum - CELLS as f64).abs() < slack, "{sum}, {slack}");
    let told = rows[0].to_string();
    assert!(
        told.contains("household") && told.contains("家庭"),
        "{told}"
    );
}

/// Half of the people are in both resources; the module sees each of them once, with the rows of both.
fn a_subject_of_two_resources_counts_once(stage: &mut Stage) {
    const CELLS: usize = 512;
    let about = population("riders-and-drivers", false);
    for (name, from) in [("rides", 0), ("drives", CELLS / 2)] {
        let mut rows = String::from("person,slot,secret\n");
        for person in from..from + CELLS {
            writeln!(rows, "{person},{},1", person % CELLS).expect("a row");
        }
        stage.resource(name, &slots(name, &about, "", ""), &rows);
    }
    stage.budget("riders-and-drivers", 2.0, 0.0);
    let grant = stage.grant(0, &[("rides", FIELDS), ("drives", FIELDS)], "");
    let rest = telling(&["rides", "drives"], CELLS, "epsilon = 2.0");
    let module = stage.module(0, GUEST, "both", &rest);
    let rows = released(stage, 0, &module, &grant);
    let scale = rows[0][2].as_f64().expect("a scale");
    let sum: f64 = figures(&rows).iter().sum();
    // The module tells of the first resource's rows alone, and for whoever has none there it fails.
    let slack = 12.0 * scale * (2.0 * CELLS as f64).sqrt();
    assert!((sum - CELLS as f64).abs() < slack, "{sum}, {slack}");
    let account = account(stage, "riders-and-drivers");
    assert_eq!(
        account["spent_epsilon"],
        json!(2.0),
        "one charge, not one for each resource: {account}"
    );
}

/// One person names every household of the town, in one table or in another: the households stay as many as they are. Were they one through that
/// person, all of them together would tell one cell, and the noise would be too little for those of any without it.
fn nobody_joins_households(stage: &mut Stage) {
    const CELLS: usize = 256;
    const GUEST_OF_ALL: usize = 100_000;
    let household = field("household", "int64", "direct-identifier", "");
    let head = "subject_group = \"household\"\n";
    let resource = |stage: &mut Stage, name: &str, people: &str, rows: &str| {
        let entry = slots(name, &population(people, false), head, &household);
        stage.resource(name, &entry, rows);
    };
    let told = |stage: &mut Stage, name: &str, resources: &[&str]| {
        let granted: Vec<(&str, &str)> = resources.iter().map(|name| (*name, FIELDS)).collect();
        let grant = stage.grant(0, &granted, "");
        let rest = telling(resources, CELLS, "epsilon = 2.0");
        let module = stage.module(0, GUEST, name, &rest);
        let rows = released(stage, 0, &module, &grant);
        let scale = rows[0][2].as_f64().expect("a scale");
        let sum: f64 = figures(&rows).iter().sum();
        // The one of all households shares the cell of the first, which is one in any case.
        let slack = 12.0 * scale * (2.0 * CELLS as f64).sqrt();
        assert!(slack < CELLS as f64, "one household would pass: {slack}");
        assert!((sum - CELLS as f64).abs() < slack, "{name}: {sum}, {slack}");
    };
    let head_of_rows = "person,slot,secret,household\n";
    let mut homes = String::from(head_of_rows);
    let mut guest_of_all = String::new();
    for home in 0..CELLS {
        writeln!(homes, "{home},{home},1,{home}").expect("a row");
        writeln!(guest_of_all, "{GUEST_OF_ALL},0,1,{home}").expect("a row");
    }
    // Those of one table, and those of two: subjects are merged over tables in another way.
    resource(
        stage,
        "guests",
        "hosts",
        &[&*homes, &*guest_of_all].concat(),
    );
    stage.budget("hosts", 2.0, 0.0);
    told(stage, "guests", &["guests"]);
    resource(stage, "hearths", "neighbours", &homes);
    let visits = [head_of_rows, &*guest_of_all].concat();
    resource(stage, "visits", "neighbours", &visits);
    stage.budget("neighbours", 2.0, 0.0);
    told(stage, "hearths-and-visits", &["hearths", "visits"]);
}

#[test]
fn of_units_that_race_for_the_last_of_a_budget_one_wins() {
    let mut stage = Stage::set();
    let entry = slots("secrets", &population("secretive-people", true), "", "");
    stage.resource("secrets", &entry, "person,slot,secret\n1,0,1\n2,1,1\n");
    let rest = telling(&["secrets"], 4, "epsilon = 1.0");
    stage.budget("secretive-people", 1.0, 0.0);
    let asking: Vec<_> = (0..2)
        .map(|unit| {
            let grant = stage.grant(unit, &[("secrets", FIELDS)], "");
            let module = stage.module(unit, GUEST, "teller", &rest);
            (
                stage.unit(unit),
                Stage::request(&module, &grant, &json!({})),
            )
        })
        .collect();
    let answers = raced(&asking);
    let won = answers.iter().filter(|answer| wins(&stage, answer)).count();
    assert_eq!(won, 1);
    let account = account(&stage, "secretive-people");
    assert_eq!(
        (&account["spent_epsilon"], &account["within"]),
        (&json!(1.0), &json!(true)),
        "{account}"
    );
    let charges = stage
        .bureau()
        .get("/privacy/accounts/secretive-people/charges");
    let charges = charges.expect("an answer").served().expect("charges");
    assert_eq!(
        charges["items"].as_array().map(Vec::len),
        Some(1),
        "{charges}"
    );
}

/// What each of the units is answered that all ask at once, each several times.
fn raced(asking: &[(Client, Value)]) -> Vec<Value> {
    const TIMES: usize = 3;
    let barrier = Barrier::new(asking.len() * TIMES);
    std::thread::scope(|scope| {
        let threads: Vec<_> = asking
            .iter()
            .enumerate()
            .flat_map(|(unit, asked)| (0..TIMES).map(move |time| (unit, time, asked)))
            .map(|(unit, time, (client, request))| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let key = format!("race-{unit}-{time}");
                    let answer = client.post_once("/runs", &key, request);
                    answer.expect("an answer").json()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().expect("an answer"))
            .collect()
    })
}

/// Whether what was answered so became a release; otherwise the budget was the reason.
fn wins(stage: &Stage, answer: &Value) -> bool {
    // One that was decided before the other was queued waits, and is decided again when it is claimed.
    if answer["id"].is_null() {
        assert_eq!(text(answer, "code"), "privacy-budget-spent", "{answer}");
        return false;
    }
    let detail = stage.ended(&text(answer, "id"));
    let released = detail["releases"].as_array().map(Vec::len);
    if detail["run"]["state"] == json!("released") {
        assert_eq!(released, Some(1));
        return true;
    }
    assert_eq!(released, Some(0), "{detail:#}");
    assert!(
        detail["run"]["end_cause"].to_string().contains("privacy"),
        "{detail:#}"
    );
    false
}

#[test]
fn a_budget_that_was_lowered_meanwhile_is_held_when_a_run_is_claimed() {
    /// So many spend their fuel that the run is still at work when it is stopped.
    const PEOPLE: usize = 4096;
    let mut stage = Stage::with(&["--workers", "1"]);
    let mut rows = String::from("person,slot,secret\n");
    for person in 0..PEOPLE {
        writeln!(rows, "{person},0,1").expect("a row");
    }
    let entry = slots("secrets", &population("secretive-people", true), "", "");
    stage.resource("secrets", &entry, &rows);
    stage.budget("secretive-people", 3.0, 0.0);
    let grant = stage.grant(0, &[("secrets", FIELDS)], "");
    let module = stage.module(
        0,
        GUEST,
        "teller",
        &telling(&["secrets"], 1, "epsilon = 1.0"),
    );
    let mut queued = |attack: &str| {
        let answer = stage.submit(0, &module, &grant, &json!({ "attack": attack }));
        text(&answer.served().expect("queued"), "id")
    };
    let (first, second) = (queued("burn"), queued("presence"));
    let running = stage.story.wait_state(&first, &["running"], RUN_WAIT_MAX);
    running.expect("running");
    // Less than was in force takes effect at once; the run that waits was decided under more.
    stage.budget("secretive-people", 1.0, 0.0);
    let stop = format!("/runs/{first}/stop");
    let stopped = stage.bureau().post(&stop, &json!({ "reason": "drill" }));
    stopped.expect("an answer").served().expect("stopped");
    let refused = stage.ended(&second);
    assert_eq!(refused["releases"], json!([]), "{refused:#}");
    assert!(
        refused["run"]["end_cause"].to_string().contains("privacy"),
        "{refused:#}"
    );
    assert_eq!(stage.ended(&first)["releases"], json!([]));
    let account = account(&stage, "secretive-people");
    assert_eq!(
        (&account["spent_epsilon"], &account["within"]),
        (&json!(1.0), &json!(true)),
        "what was stopped keeps its charge, what was never claimed has none: {account}"
    );
}
