//! What stands for a product, how it ends, and what its unit is told of it.

use std::path::Path;

use serde_json::{Value, json};
use yunei_tests::{BUREAU, DATA_SETS, REVIEWERS};

use crate::Domain;
use crate::common::{guest, repository, text};

const RIDES: &str = r#"
name = "fares"
title = { zh = "票价", en = "Fares" }
world = "analysis"
purpose = "transit-planning"
author = "Taihu Transport Analytics"
bias = "Rides paid in cash are not in the data; the data are synthetic."

[[resource]]
name = "synthetic-wuxi-bus"
fields = ["board_district", "boarded_at", "card_id", "fare"]

# A model, which the gate fits itself: it never leaves without people, or without what stands for it.
[[output]]
name = "rides"
resource = "synthetic-wuxi-bus"

[output.model]
kind = "linear"
response = { field = "fare" }

[[output.model.term]]
field = "board_district"
banding = "area"
reference = "城区"
"#;

const RIDES_TERMS: &str = r#"operator = "taihu-transport-analytics"
scenario = "smart-transport"
purpose = "transit-planning"
products = ["fares"]
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2029-01-01T00:00:00+08:00

[quota]
runs = 100
rows = 50_000_000
released_cells = 20_000

[[resource]]
name = "synthetic-wuxi-bus"
fields = ["board_district", "boarded_at", "card_id", "fare"]
"#;

/// A daily product of a model of fares, whose days are closed when they end.
struct Fares {
    domain: Domain,
    product: String,
}

impl Fares {
    fn start() -> Self {
        let mut domain = Domain::start();
        let rides = DATA_SETS
            .into_iter()
            .find(|set| set.name == "synthetic-wuxi-bus");
        domain
            .story
            .import(rides.expect("rides"), 0)
            .expect("catalogued");
        let grant = domain.grant(RIDES_TERMS);
        let module = domain.module(&guest("examples", "bus-rides"), &rides_module("1.0.0"));
        let product = domain.product(&json!({
            "name": "fares", "title": { "zh": "票价", "en": "Fares" }, "grant": grant, "module": module,
            "period": "boarded_at", "cadence": "daily", "starts": "2026-03-02",
        }));
        Self { domain, product }
    }

    /// Imports a day's file upon those before it.
    fn import(&self, day: u32) {
        let name = format!("examples/data/synthetic-wuxi-bus/rides-2026-03-{day:02}.csv");
        self.import_file(day, &repository().join(name));
    }

    fn import_file(&self, day: u32, file: &Path) {
        let rides = DATA_SETS
            .into_iter()
            .find(|set| set.name == "synthetic-wuxi-bus");
        let format = rides.expect("rides").format;
        let onto = if day == 2 { "" } else { "&onto=newest" };
        let query = format!("{format}&data_as_of=2026-03-{day:02}T16:00:00Z{onto}");
        let imported = self
            .domain
            .story
            .import_file("synthetic-wuxi-bus", file, &query);
        imported.expect("imported");
    }

    fn seen_by(&self, name: &str) -> Value {
        self.domain.get(self.domain.person(name), &self.product)
    }

    /// The unit sees what an edition's run made of its product no sooner than the run's end.
    fn assert_told_no_sooner(&self, run: &str, state: &str, then: impl Fn(&Value)) {
        let unit = self.domain.unit();
        let before = self.domain.get(&unit, &format!("/runs/{run}"));
        let told = self.domain.get(&unit, &self.product);
        let after = self.domain.get(&unit, &format!("/runs/{run}"));
        if told["state"] == state {
            assert_ne!(after["status"], "in-progress", "{told}");
            then(&told);
        } else {
            assert_eq!(before["status"], "in-progress", "{told}");
        }
    }

    /// Both reviewers approve the algorithm of the product's module.
    fn approve_module(&self) {
        let module = text(&self.seen_by(BUREAU), "module");
        let approved = self.domain.story.approve_module(&module);
        approved.expect("approved");
    }

    /// Both reviewers let later editions leave, on the grounds of this run.
    fn approve(&self, run: &str) -> Value {
        let mut last = Value::Null;
        for (reviewer, days) in REVIEWERS.into_iter().zip([90, 30]) {
            let reason = json!({ "reason": "every day is like the first", "days": days });
            let (reviewer, path) = (
                self.domain.person(reviewer),
                format!("/runs/{run}/standing"),
            );
            let given = reviewer.post(&path, &reason).expect("an answer");
            last = given.served().expect("approved");
            let twice = reviewer.post(&path, &reason).expect("an answer");
            assert!(!twice.is_success(), "one person says yes once");
        }
        last
    }
}

fn rides_module(version: &str) -> String {
    format!("version = \"{version}\"\n{RIDES}")
}

#[test]
fn what_stands_for_a_product_ends_with_its_module_and_with_a_failed_edition() {
    let mut fares = Fares::start();
    let product = fares.product.clone();
    fares.import(2);
    let first = fares.domain.edition(&product, "2026-03-02", "in-review");
    assert_eq!(fares.seen_by(BUREAU)["state"], "drafted");
    fares.domain.story.release_output(&first).expect("released");
    assert_eq!(fares.seen_by(BUREAU)["state"], "reviewed");
    let early = fares.domain.person(REVIEWERS[0]).post(
        &format!("/runs/{first}/standing"),
        &json!({ "reason": "it was fine" }),
    );
    assert_eq!(
        early.expect("an answer").json()["code"],
        "module-not-approved"
    );
    fares.approve_module();
    let standing = fares.approve(&first);
    assert_eq!(standing["state"], "in-force");
    assert_shown(&fares, &first);

    fares.import(3);
    fares.domain.edition(&product, "2026-03-03", "released");

    // The same name and another module: nothing is carried over.
    let other = fares
        .domain
        .module(&guest("examples", "bus-rides"), &rides_module("1.0.1"));
    let change = format!("{product}/module");
    let changed = fares
        .domain
        .unit()
        .post(&change, &json!({ "module": other }));
    let changed = changed.expect("an answer").served().expect("changed");
    assert_eq!(changed["state"], "drafted", "{changed}");
    assert_eq!(changed["standing"]["state"], "ended", "{changed}");
    assert_eq!(changed["standing"]["ended"]["cause"], "module", "{changed}");
    fares.import(4);
    let again = fares.domain.edition(&product, "2026-03-04", "in-review");
    let refused = fares.domain.person(REVIEWERS[0]).post(
        &format!("/runs/{first}/standing"),
        &json!({ "reason": "as before" }),
    );
    assert_eq!(
        text(&refused.expect("an answer").json(), "code"),
        "wrong-state"
    );
    fares.domain.story.release_output(&again).expect("released");
    fares.approve_module();
    fares.approve(&again);
    assert_eq!(fares.seen_by(BUREAU)["state"], "standing");

    failed_edition(&mut fares);
    let record = fares.domain.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}

/// Authorities see who gave it and for what; the unit sees that it is there, and until when.
fn assert_shown(fares: &Fares, first: &str) {
    let seen = fares.seen_by(BUREAU);
    assert_eq!(seen["state"], "standing", "{seen}");
    let standing = &seen["standing"];
    assert_eq!(standing["first"], first, "{seen}");
    assert_eq!(
        standing["approvals"].as_array().map(Vec::len),
        Some(2),
        "{seen}"
    );
    let digest = text(&standing["bound"], "module_digest");
    assert!(digest.starts_with("sha256:"), "{seen}");
    fares.assert_told_no_sooner(first, "standing", |told| {
        assert_eq!(told["standing"]["approvals_count"], 2, "{told}");
        assert!(told["standing"].get("approvals").is_none(), "{told}");
    });
    // The fewest of the days that they named, in microseconds.
    let moment = |name: &str| standing[name].as_i64().expect("a moment");
    let held = moment("until") - moment("in_force_at");
    assert_eq!(held, 30 * 86_400 * 1_000_000, "{seen}");
}

/// A day with next to no rides fails: its run is withheld, and what stood for the product is over. The unit learns that when its
/// status tells it.
fn failed_edition(fares: &mut Fares) {
    let product = fares.product.clone();
    let shipped = repository().join("examples/data/synthetic-wuxi-bus/rides-2026-03-05.csv");
    let shipped = std::fs::read(shipped).expect("rides");
    let lines = shipped.split_inclusive(|byte| *byte == b'\n').take(4);
    let few = fares
        .domain
        .file("few.csv", lines.collect::<Vec<_>>().concat());
    fares.import_file(5, &few);
    let run = fares.domain.edition(&product, "2026-03-05", "withheld");
    let seen = fares.seen_by(BUREAU);
    assert_eq!(seen["state"], "reviewed", "{seen}");
    assert_eq!(seen["standing"]["ended"]["cause"], "check", "{seen}");
    assert_eq!(seen["standing"]["ended"]["run"], run, "{seen}");
    let causes: Vec<String> = fares
        .domain
        .entries("standing-ended")
        .iter()
        .map(|e| text(&e["entry"]["facts"], "cause"))
        .collect();
    assert_eq!(causes, ["module", "check"]);
    fares.assert_told_no_sooner(&run, "reviewed", |told| {
        assert_eq!(told["standing"]["ended"]["cause"], "check", "{told}");
    });
    fares.import(6);
    fares.domain.edition(&product, "2026-03-06", "in-review");
}
