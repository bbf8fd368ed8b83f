//! World `per-subject` end to end: however a call for one data subject ends, nothing but its own contribution shows it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use common::{RUN_WAIT_MAX, World, guest, repository, text};
use serde_json::{Value, json};
use yunei_tests::Client;

/// So many rows has nobody: an attack on them is none.
const NOBODY: i64 = 4_096;
/// So many rows have several aircraft, which are few among all.
const FEW: i64 = 1;
struct Stage {
    world: World,
    unit: Client,
    module: String,
    grant: String,
}

impl Stage {
    /// A module under a grant of its own.
    fn set(world: World, name: &str) -> Self {
        let place = repository().join("tests/guests");
        let (unit, module, grant) = world.admitted(&guest("hostile", name), &place);
        Self {
            world,
            unit,
            module,
            grant,
        }
    }

    /// Runs an attack on whoever has so many rows, to its release.
    fn released(&mut self, attack: &str, victim_rows: i64) -> Value {
        let request = json!({
            "module": self.module, "grant": self.grant, "purpose": "transport-punctuality",
            "parameters": { "attack": attack, "victim_rows": victim_rows },
        });
        let answer = self.world.story.submit_request(&self.unit, &request);
        let run = answer.expect("an answer").served().expect("queued");
        let ends = ["released", "failed", "stopped", "withheld", "in-review"];
        let story = &self.world.story;
        let detail = story.wait_state(&text(&run, "id"), &ends, RUN_WAIT_MAX);
        detail.expect("an end")
    }

    /// The run's calls as its record has them, without their times.
    fn calls(&self, detail: &Value) -> Vec<Value> {
        let path = format!("/runs/{}/calls", text(&detail["run"], "id"));
        let calls = self.world.bureau().get(&path).expect("an answer");
        let calls = calls.served().expect("calls");
        let items = calls["items"].as_array().expect("items").iter();
        items
            .map(|call| {
                let mut call = call.clone();
                let object = call.as_object_mut().expect("an object");
                object.retain(|key, _| !["at", "duration_us"].contains(&key.as_str()));
                call
            })
            .collect()
    }
}

/// What anyone but the module's own data subjects could tell a run by.
fn told(detail: &Value) -> Value {
    let run = &detail["run"];
    let verdicts = &detail["verdicts"];
    json!({ "state": run["state"], "end_cause": run["end_cause"], "calls": run["calls"], "verdicts": verdicts })
}

#[test]
fn how_calls_end_shows_nowhere() {
    let world = World::start();
    let budget = json!({
        "population": "aircraft-at-new-york", "epsilon": 5.0, "reason": "drill, no production",
    });
    let set = world.bureau().post("/privacy/budgets", &budget);
    set.expect("an answer").served().expect("in force");

    let mut stage = Stage::set(world, "subject-ends");
    let quiet = stage.released("trap", NOBODY);
    assert_eq!(text(&quiet["run"], "state"), "released", "{quiet}");
    let calls = stage.calls(&quiet);
    assert!(calls.len() > 2, "{calls:?}");
    for attack in ["trap", "spin", "memory"] {
        let detail = stage.released(attack, FEW);
        assert_eq!(told(&detail), told(&quiet), "{attack}");
        assert_eq!(stage.calls(&detail), calls, "{attack}");
    }
    stage.world.assert_record_holds();
}
