//! What stands for a product, how it ends, and what its unit is told of it.

use std::path::Path;

use serde_json::{Value, json};
use yunei_tests::{BUREAU, DATA_SETS, DataSet, REVIEWERS};

use crate::common::{repository, text};
use crate::{Domain, approve};

const GUEST: (&str, &str) = ("examples", "bus-rides");
const RESOURCE: &str = "synthetic-wuxi-bus";
const FIELDS: &str = "\"board_district\", \"boarded_at\", \"card_id\", \"fare\"";

/// A daily product of a model of fares, whose days are closed when they end.
pub struct Fares {
    pub domain: Domain,
    pub product: String,
    pub grant: String,
}

impl Fares {
    pub fn start() -> Self {
        let mut domain = Domain::start();
        domain.story.import(rides(), 0).expect("catalogued");
        let grant = domain.grant_for(0, "\"fares\"", &[(RESOURCE, FIELDS)], "");
        let module = domain.module(0, GUEST, "fares", &model("城区"));
        let product = domain.product(&json!({
            "name": "fares", "title": { "zh": "票价", "en": "Fares" }, "grant": grant, "module": module,
            "period": "boarded_at", "cadence": "daily", "starts": "2026-03-02",
        }));
        Self {
            domain,
            product,
            grant,
        }
    }

    /// Imports a day's file upon those before it.
    pub fn import(&self, day: u32) {
        let name = format!("examples/data/{RESOURCE}/rides-2026-03-{day:02}.csv");
        self.import_file(day, &repository().join(name));
    }

    fn import_file(&self, day: u32, file: &Path) {
        let onto = if day == 2 { "" } else { "&onto=newest" };
        let query = format!(
            "{}&data_as_of=2026-03-{day:02}T16:00:00Z{onto}",
            rides().format
        );
        let imported = self.domain.story.import_file(RESOURCE, file, &query);
        imported.expect("imported");
    }

    pub fn seen_by(&self, name: &str) -> Value {
        self.domain.get(self.domain.person(name), &self.product)
    }

    /// The unit sees what an edition's run made of its product no sooner than the run's end.
    fn assert_told_no_sooner(&self, run: &str, state: &str, then: impl Fn(&Value)) {
        let unit = self.domain.operator();
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
    pub fn approve_module(&self) {
        let module = text(&self.seen_by(BUREAU), "module");
        let approved = self.domain.story.approve_module(&module);
        approved.expect("approved");
    }

    /// Both reviewers let later editions leave, on the grounds of this run.
    pub fn approve(&self, run: &str) -> Value {
        approve(&self.domain, run)
    }
}

fn rides() -> DataSet {
    let mut sets = DATA_SETS.into_iter();
    sets.find(|set| set.name == RESOURCE).expect("the rides")
}

/// A model of fares, which the gate fits itself: it never leaves without people, or without what stands for it.
fn model(reference: &str) -> String {
    format!(
        "world = \"analysis\"\n[[resource]]\nname = \"{RESOURCE}\"\nfields = [{FIELDS}]\n\
         [[output]]\nname = \"rides\"\nresource = \"{RESOURCE}\"\n\
         [output.model]\nkind = \"linear\"\nresponse = {{ field = \"fare\" }}\n\
         [[output.model.term]]\nfield = \"board_district\"\nbanding = \"area\"\nreference = \"{reference}\"\n"
    )
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
    let other = fares.domain.module(0, GUEST, "fares-anew", &model("外围"));
    let change = format!("{product}/module");
    let changed = fares
        .domain
        .operator()
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
    let few = fares.domain.file(lines.collect::<Vec<_>>().concat());
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
