//! Registered joins, whole runs: visits of people to districts, of which another resource tells the region. Visits bear the name that the
//! guest reads.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::common::stage::{Stage, code, districts, each, entry, field, population};
use crate::common::{RUN_WAIT_MAX, text};

const GUEST: (&str, &str) = ("attacks", "copier");
/// What the grants give.
const VISITS: (&str, &str) = ("attack-panel", "\"district\", \"income\", \"marked\"");
const DISTRICTS: (&str, &str) = ("districts", "\"name\", \"region\"");
/// People, one visit each, by district; `d9` is listed nowhere.
const PEOPLE: [(&str, usize); 4] = [("d1", 30), ("d2", 40), ("d3", 4), ("d9", 25)];
const DISTRICT_ROWS: &str = "name,region\nd1,north\nd2,south\nd3,south\n";

fn visits(stage: &mut Stage) {
    let district = field(
        "district",
        "text",
        "quasi-identifier",
        &each("\"d1\", \"d2\", \"d3\", \"d9\""),
    );
    let references = "[[reference]]\nresource = \"districts\"\nby = [\"district\"]\nfields = { region = \"region\" }\n\
                      [[reference]]\nresource = \"people\"\nby = [\"person\"]\nfields = { ages = \"age\" }\n";
    let mut rows = String::from("person,district,income,marked\n");
    let mut person = 0;
    for (district, people) in PEOPLE {
        for _ in 0..people {
            person += 1;
            writeln!(rows, "{person},{district},1,0").expect("a row");
        }
    }
    let numbers = ["income", "marked"].map(|name| field(name, "int64", "ordinary", ""));
    let head = entry("attack-panel", &population("visitors", false), "");
    let entry = [&head, &district, &numbers.concat(), references].concat();
    stage.resource("attack-panel", &entry, &rows);
}

fn set() -> Stage {
    let mut stage = Stage::set();
    visits(&mut stage);
    stage.resource("districts", &districts("key = [\"name\"]"), DISTRICT_ROWS);
    stage
}

/// A module that counts visits by these fields, each under its banding `each`.
fn counting(stage: &Stage, unit: usize, by: &[&str], reads: &[(&str, &str)]) -> String {
    let mut rest = String::from("world = \"analysis\"\n");
    for (name, fields) in reads {
        write!(
            rest,
            "[[resource]]\nname = \"{name}\"\nfields = [{fields}]\n"
        )
        .expect("a resource");
    }
    rest.push_str(
        "[[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n\
         [[output]]\nname = \"table\"\nresource = \"attack-panel\"\n",
    );
    for field in by {
        write!(
            rest,
            "[[output.dimension]]\nfield = \"{field}\"\nbanding = \"each\"\n"
        )
        .expect("a dimension");
    }
    rest.push_str("[[output.measure]]\nname = \"visits\"\naggregate = \"count\"\n");
    let name = format!("by-{}", by.join("-"));
    stage.module(unit, GUEST, &name, &rest)
}

/// How a run ends that must be queued.
fn run(stage: &mut Stage, unit: usize, module: &str, grant: &str) -> Value {
    let answer = stage.submit(unit, module, grant, &json!({}));
    let run = text(&answer.served().expect("queued"), "id");
    stage.ended(&run)
}

/// Labels and count of every row of a released run's table; a blank count is `None`.
fn shown(stage: &Stage, unit: usize, ended: &Value) -> Vec<(String, Option<u64>)> {
    assert_eq!(text(&ended["run"], "state"), "released", "{ended:#}");
    let client = stage.unit(unit);
    let run = text(&ended["run"], "id");
    let seen = stage.story.wait_coarse(&client, &run, RUN_WAIT_MAX);
    let release = seen.expect("an end")["releases"][0]
        .as_str()
        .expect("a release")
        .to_owned();
    let table = stage.story.table(&client, &release).expect("a table");
    let rows = table["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let row = row.as_array().expect("a row");
        let (figure, labels) = row.split_last().expect("columns");
        let labels: Vec<&str> = labels.iter().filter_map(Value::as_str).collect();
        (labels.join(" "), figure.as_u64())
    })
    .collect()
}

fn of(shown: &[(String, Option<u64>)], label: &str) -> Option<u64> {
    let row = shown.iter().find(|(labels, _)| labels == label);
    row.expect("a row of the table").1
}

#[test]
fn a_registered_join_is_computed_by_the_gate_and_audited_like_a_field_of_its_own() {
    let mut stage = set();
    let reads = [VISITS, DISTRICTS];
    let grants = [0, 1].map(|unit| stage.grant(unit, &reads, ""));
    let by_region = counting(&stage, 0, &["region"], &reads);
    let first = run(&mut stage, 0, &by_region, &grants[0]);
    let regions = shown(&stage, 0, &first);
    // A visit to a district that is not listed has no region; counts are rounded to tens.
    assert_eq!(of(&regions, "north"), Some(30));
    assert_eq!(of(&regions, "south"), Some(40));
    assert_eq!(of(&regions, "other"), Some(30));

    // Another unit asks by district: `south` less `d2` would be the four of `d3`.
    let by_district = counting(&stage, 1, &["district"], &[VISITS]);
    let second = run(&mut stage, 1, &by_district, &grants[1]);
    let districts = shown(&stage, 1, &second);
    assert_eq!(of(&districts, "d3"), None);
    assert_eq!(of(&districts, "d2"), None, "{districts:?}");
    assert_eq!(of(&districts, "d9"), Some(30));

    // The run again is the same table; so is its replay.
    let again = run(&mut stage, 0, &by_region, &grants[0]);
    assert_eq!(shown(&stage, 0, &again), regions);
    let regulator = stage.story.person(yunei_tests::REGULATOR);
    let regulator = regulator.expect("a regulator").patient(RUN_WAIT_MAX);
    let id = text(&first["run"], "id");
    let replay = regulator.post(&format!("/runs/{id}/replay"), &json!({}));
    let replay = replay.expect("an answer").served().expect("replayed");
    assert_eq!(replay["same"], json!(true), "{replay}");
    let report = stage.story.verify_record().expect("a report");
    assert_eq!(report["holds"], json!(true), "{report}");
}

/// Two states of the table that is looked up differ by the four people of one district, as do two row filters over it.
#[test]
fn what_is_looked_up_is_no_mask() {
    for later_state in [true, false] {
        let mut stage = set();
        let reads = [VISITS, DISTRICTS];
        let all = stage.grant(0, &reads, "");
        let by_region = counting(&stage, 0, &["region"], &reads);
        let first = run(&mut stage, 0, &by_region, &all);
        let regions = shown(&stage, 0, &first);
        assert_eq!(of(&regions, "south"), Some(40));
        let filter = if later_state {
            let moved = DISTRICT_ROWS.replace("d3,south", "d3,north");
            stage.import("districts", &moved).expect("imported");
            ""
        } else {
            "[[resource.filter]]\nfield = \"name\"\ncomparison = \"ne\"\nvalue = \"d3\"\n"
        };
        let grant = stage.grant(1, &reads, filter);
        let module = counting(&stage, 1, &["region"], &reads);
        let second = run(&mut stage, 1, &module, &grant);
        // The four are in another cell now: the cells that they left and came to stay blank, and two of three are too many.
        assert_eq!(text(&second["run"], "state"), "withheld", "{second:#}");
        let cells = second["verdicts"][0]["cells"].as_array().expect("cells");
        let blank = cells
            .iter()
            .filter(|cell| cell["suppressed"] == json!(true));
        let blank: Vec<String> = blank
            .map(|cell| cell["cell"][0].as_str().expect("a label").to_owned())
            .collect();
        let other = if later_state { "north" } else { "other" };
        assert!(blank.iter().any(|label| label == "south"), "{blank:?}");
        assert!(blank.iter().any(|label| label == other), "{blank:?}");
    }
}

#[test]
fn a_join_needs_what_it_is_made_of() {
    let reads = [VISITS, DISTRICTS];
    let refused = |stage: &mut Stage, module: &str, grant: &str, expected: &str, told: &str| {
        let answer = stage.submit(0, module, grant, &json!({}));
        assert_eq!(code(&answer), expected, "{}", answer.json());
        let said = answer.json().to_string();
        assert!(said.contains(told), "{said}");
    };
    // Nothing says that a name is there once.
    let mut stage = Stage::set();
    visits(&mut stage);
    stage.resource("districts", &districts(""), DISTRICT_ROWS);
    let grant = stage.grant(0, &reads, "");
    let by_region = counting(&stage, 0, &["region"], &reads);
    let unkeyed = "whose key has 0";
    refused(&mut stage, &by_region, &grant, "grant-lineage", unkeyed);

    let mut stage = set();
    let twice = format!("{DISTRICT_ROWS}d3,north\n");
    let imported = stage.import("districts", &twice).expect_err("refused");
    assert!(imported.contains("import-key"), "{imported}");
    let unread = counting(&stage, 0, &["region"], &[VISITS]);
    let grant = stage.grant(0, &reads, "");
    let comes_from = "comes from `districts`, which the module does not read";
    refused(&mut stage, &unread, &grant, "grant-lineage", comes_from);
    let by_name = [VISITS, ("districts", "\"name\"")];
    let narrow = stage.grant(0, &by_name, "");
    let module = counting(&stage, 0, &["region", "district"], &by_name);
    let not_granted = "`districts.region` is not granted";
    refused(&mut stage, &module, &narrow, "grant-field", not_granted);
    let by_region = counting(&stage, 0, &["region"], &reads);
    let ended = run(&mut stage, 0, &by_region, &grant);
    assert_eq!(of(&shown(&stage, 0, &ended), "north"), Some(30));
}
