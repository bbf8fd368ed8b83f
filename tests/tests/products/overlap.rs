//! Runs over one closed period, and what a unit is told beforehand of rows that would be told of twice: of its own alone.

use std::process::Command;

use serde_json::{Value, json};
use yunei_tests::{BUREAU, Client, DATA_SETS, DataSet};

use crate::Domain;
use crate::common::stage::Stage;
use crate::common::{RUN_WAIT_MAX, program, repository, text};

const RESOURCE: &str = "synthetic-wuxi-bus";
const FIELDS: &str = "\"board_district\", \"boarded_at\", \"card_id\"";
const GUEST: (&str, &str) = ("examples", "bus-rides");
/// Files of the data: those of 2 to 8 March.
const DAYS: u32 = 7;
/// A sentence of the notice about a unit's own products.
const OWN_PRODUCTS: &str = "Name a closed period of the product's cadence instead.";

/// A unit with a module that counts rides by district, under a grant that names its product.
struct Unit {
    client: Client,
    number: usize,
    module: String,
    grant: String,
}

fn rides() -> DataSet {
    let mut sets = DATA_SETS.into_iter();
    sets.find(|set| set.name == RESOURCE).expect("the rides")
}

/// The product of each unit.
const PRODUCTS: [&str; 2] = ["rides", "rides-too"];

fn unit(domain: &mut Domain, number: usize) -> Unit {
    let product = format!("\"{}\"", PRODUCTS[number]);
    let rest = format!(
        "world = \"analysis\"\n[[resource]]\nname = \"{RESOURCE}\"\nfields = [{FIELDS}]\n\
         [[output]]\nname = \"rides\"\nresource = \"{RESOURCE}\"\n\
         [[output.dimension]]\nfield = \"board_district\"\nbanding = \"district\"\n\
         [[output.measure]]\nname = \"rides\"\naggregate = \"count\"\n"
    );
    Unit {
        client: domain.unit(number),
        number,
        module: domain.module(number, GUEST, "rides", &rest),
        grant: domain.grant_for(number, &product, &[(RESOURCE, FIELDS)], ""),
    }
}

/// Drafts the daily product of a unit; gives its path, and what the unit is told with it.
fn product(unit: &Unit) -> (String, Value) {
    let product = json!({
        "name": PRODUCTS[unit.number], "title": { "zh": "客流", "en": "Rides" }, "grant": unit.grant, "module": unit.module,
        "period": "boarded_at", "cadence": "daily", "starts": "2026-03-02",
    });
    let drafted = unit.client.post("/products", &product).expect("an answer");
    let drafted = drafted.served().expect("drafted");
    let path = format!("/products/{}", text(&drafted, "id"));
    (path, drafted["notices"].clone())
}

/// Submits a run over a period, or over all rows.
fn submitted(domain: &mut Domain, unit: &Unit, period: &Value) -> yunei_tests::Answer {
    let mut request = Stage::request(&unit.module, &unit.grant, &json!({}));
    request["period"] = period.clone();
    let answer = domain.story.submit_request(&unit.client, &request);
    answer.expect("an answer")
}

fn period(cadence: &str, day: &str) -> Value {
    json!({ "field": "boarded_at", "cadence": cadence, "day": day })
}

/// The command as an operating unit uses it, for a day. Gives what it says and its exit.
fn by_command(domain: &Domain, unit: &Unit, more: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(program())
        .env_clear()
        .env("YUNEI_URL", domain.server.url())
        .env("YUNEI_TOKEN", unit.client.token().expect("a token"))
        .args([
            "run",
            "submit",
            "--module",
            &unit.module,
            "--grant",
            &unit.grant,
        ])
        .args(["--purpose", "transit-planning"])
        .args(more)
        .output()
        .expect("the program");
    let said = [output.stdout, output.stderr].concat();
    (
        String::from_utf8_lossy(&said).into_owned(),
        output.status.code(),
    )
}

/// Figures of a released run, by district.
fn figures(domain: &Domain, unit: &Unit, run: &str) -> Vec<(String, Value)> {
    let rows = domain.rows(unit.number, &domain.ended(run));
    let labelled = |row: &Value| (row[0].as_str().expect("a label").to_owned(), row[1].clone());
    rows.iter().map(labelled).collect()
}

/// Rides of a day in a district, of all files, counted by hand and rounded as the profile says.
fn counted(day: &str, district: &[u8]) -> Value {
    let mut rides = 0;
    for file in 2..2 + DAYS {
        let name = format!("examples/data/{RESOURCE}/rides-2026-03-{file:02}.csv");
        let bytes = std::fs::read(repository().join(name)).expect("rides");
        let lines = bytes.split(|byte| *byte == b'\n').skip(1);
        let fields = lines.map(|line| line.split(|byte| *byte == b',').collect::<Vec<_>>());
        let of = |line: &Vec<&[u8]>| {
            line.len() > 8 && line[5] == district && line[8].starts_with(day.as_bytes())
        };
        rides += fields.filter(of).count();
    }
    json!((rides + 5) / 10 * 10)
}

#[test]
fn a_run_is_about_one_closed_period_and_its_unit_is_told_of_its_own_overlaps() {
    let mut domain = Domain::start();
    domain.story.import(rides(), DAYS as usize).expect("rides");
    let unit_one = unit(&mut domain, 0);
    let other = unit(&mut domain, 1);
    refused(&mut domain, &unit_one);
    let (path, notices) = product(&unit_one);
    assert_eq!(notices, json!([]), "nothing has left");
    let first = one_day(&mut domain, &unit_one);

    // The same rows and the same table: the edition of that day is what left, without people.
    let edition = domain.edition(&path, "2026-03-03", "released");
    let again = figures(&domain, &unit_one, &edition);
    assert_eq!(again, figures(&domain, &unit_one, &first));
    let told = |domain: &Domain| domain.get(&unit_one.client, &path)["notices"].clone();
    assert_eq!(told(&domain), json!([]), "a day is one of the product's");

    overlapping(&mut domain, &unit_one);
    let (said, exit) = by_command(&domain, &unit_one, &[]);
    assert!(said.contains(OWN_PRODUCTS), "{exit:?}: {said}");
    assert_eq!(told(&domain), json!(["own-releases"]));
    let as_bureau = domain.get(domain.person(BUREAU), &path);
    assert_eq!(as_bureau["notices"], json!([]), "{as_bureau}");
    others_learn_nothing(&mut domain, &other);
    let record = domain.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}

/// A period that is none, and one that is not over.
fn refused(domain: &mut Domain, unit: &Unit) {
    for (asked, status, code) in [
        (period("daily", "2026-03-32"), 422, "period-invalid"),
        (
            json!({ "field": "card_id", "cadence": "daily", "day": "2026-03-02" }),
            422,
            "period-invalid",
        ),
        (period("daily", "2026-03-09"), 409, "period-open"),
        (period("monthly", "2026-03-02"), 409, "period-open"),
    ] {
        let answer = submitted(domain, unit, &asked);
        let seen = (answer.status, text(&answer.json(), "code"));
        assert_eq!(seen, (status, code.to_owned()), "{asked}");
    }
}

/// A day's run leaves by itself, has that day's figures, and overlaps with no other edition. Gives the run.
fn one_day(domain: &mut Domain, unit: &Unit) -> String {
    const DISTRICT: &[u8] = b"\xc1\xba\xcf\xaa\xc7\xf8";
    let day = ["--period", "boarded_at", "--day", "2026-03-03", "--wait"];
    let (said, exit) = by_command(domain, unit, &day);
    assert_eq!(exit, Some(0), "{said}");
    assert!(!said.contains(OWN_PRODUCTS), "{said}");
    let runs = domain.get(&unit.client, "/runs");
    let run = text(&runs["items"][0], "id");
    let seen = figures(domain, unit, &run);
    let liangxi = seen.iter().find(|(label, _)| label == "梁溪区");
    let (_, figure) = liangxi.expect("the district");
    assert_eq!(*figure, counted("2026-03-03", DISTRICT));
    run
}

/// A week, and all rows: the unit is told that they overlap with its editions. Where nothing of what the tables tell together was blank, the gate
/// computes that and lets them leave.
fn overlapping(domain: &mut Domain, unit: &Unit) {
    for asked in [period("weekly", "2026-03-02"), Value::Null] {
        let answer = submitted(domain, unit, &asked).served().expect("queued");
        assert_eq!(answer["notices"], json!(["own-products"]), "{asked}");
        let run = text(&answer, "id");
        let seen = domain
            .story
            .wait_coarse(&unit.client, &run, RUN_WAIT_MAX)
            .expect("visible");
        assert_eq!(text(&seen, "status"), "released", "{seen}");
    }
}

/// Whatever of the rows has left and whatever waits: another unit is told of its own alone.
fn others_learn_nothing(domain: &mut Domain, other: &Unit) {
    let answer = submitted(domain, other, &Value::Null);
    assert_eq!(answer.served().expect("queued")["notices"], json!([]));
    let (path, notices) = product(other);
    assert_eq!(notices, json!([]));
    assert_eq!(domain.get(&other.client, &path)["notices"], json!([]));
    let answer = submitted(domain, other, &Value::Null);
    let notices = answer.served().expect("queued")["notices"].clone();
    assert_eq!(notices, json!(["own-products"]), "of its own product");
}
