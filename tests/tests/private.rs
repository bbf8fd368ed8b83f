//! Route private end to end: modules that tell a secret of each data subject, and what their releases show of it.
//!
//! Every data subject has a cell of its own, so that what is tried on one is tried on thousands at once. Each statistical bound
//! is passed by chance with a probability below 10⁻⁶.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::{RUN_WAIT_MAX, World, guest, text};
use serde_json::{Value, json};
use yunei_tests::Client;

/// Data subjects, and cells.
const SUBJECTS: usize = 4096;
/// ε of one run, as the guest's manifest has it.
const EPSILON: f64 = 0.25;
/// Runs that the budget covers.
const RUNS: usize = 8;

const RESOURCE: &str = r#"
name = "secrets"
source_unit = "example-bus-company"
basis = "statistical"
subject = "person"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "秘密", en = "Secrets" }
description = { zh = "每人一行", en = "One row per person" }
population = { name = "secretive-people", title = { zh = "有秘密的人", en = "People with secrets" }, private_only = true }
[[field]]
name = "person"
title = { zh = "人", en = "Person" }
type = "int32"
class = "direct-identifier"
grade = "g2"
mask = { kind = "withhold" }
[[field]]
name = "slot"
title = { zh = "格", en = "Slot" }
type = "int32"
class = "ordinary"
grade = "g1"
[[field]]
name = "secret"
title = { zh = "秘密", en = "Secret" }
type = "int32"
class = "sensitive"
grade = "g2"
"#;

const GRANT: &str = r#"
operator = "taihu-transport-analytics"
scenario = "smart-transport"
purpose = "transport-punctuality"
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2029-01-01T00:00:00+08:00
[quota]
runs = 100
rows = 10_000_000
released_cells = 1_000_000
[[resource]]
name = "secrets"
fields = ["slot", "secret"]
"#;

/// Whether a data subject has the secret: every second one, in no order that a slot would tell.
fn secret(slot: usize) -> bool {
    (slot * 7 + slot / 5).is_multiple_of(2)
}

struct Stage {
    world: World,
    unit: Client,
    module: String,
    grant: String,
    _directory: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let mut world = World::start();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str| directory.path().join(name);
        std::fs::write(file("resource.toml"), RESOURCE).expect("written");
        std::fs::write(file("grant.toml"), GRANT).expect("written");
        let mut rows = String::from("person,slot,secret\n");
        for slot in 0..SUBJECTS {
            writeln!(rows, "{},{slot},{}", slot + 1, u8::from(secret(slot))).expect("a row");
        }
        std::fs::write(file("rows.csv"), rows).expect("written");
        world
            .story
            .catalogue(&file("resource.toml"))
            .expect("catalogued");
        let query = "format=csv&data_as_of=2026-03-02T00:00:00%2B08:00";
        world
            .story
            .import_file("secrets", &file("rows.csv"), query)
            .expect("imported");
        let guest = guest("hostile", "subject-teller");
        let (unit, module, grant) = world.admitted(&guest, directory.path());
        Self {
            world,
            unit,
            module,
            grant,
            _directory: directory,
        }
    }

    fn submit(&mut self, attack: &str) -> yunei_tests::Answer {
        let request = json!({
            "module": self.module, "grant": self.grant, "purpose": "transport-punctuality",
            "parameters": { "attack": attack },
        });
        let submitted = self.world.story.submit_request(&self.unit, &request);
        submitted.expect("an answer")
    }

    /// Queues an attack. Gives the run.
    fn queued(&mut self, attack: &str) -> String {
        text(&self.submit(attack).served().expect("queued"), "id")
    }

    /// The figure of each slot that a run released, as its operating unit gets it.
    fn released(&self, run: &str) -> Vec<f64> {
        let story = &self.world.story;
        let seen = story.wait_coarse(&self.unit, run, RUN_WAIT_MAX);
        let seen = seen.expect("an end");
        assert_eq!(text(&seen, "status"), "released", "{seen}");
        let release = seen["releases"][0].as_str().expect("a release").to_owned();
        let table = story.table(&self.unit, &release).expect("a table");
        let again = story.table(&self.unit, &release).expect("a table");
        assert_eq!(table, again, "a release is the same for ever");
        figures(&table)
    }

    fn fit(&self) -> String {
        let path = format!("/grants/{}/privacy/{}", self.grant, self.module);
        text(
            &self
                .unit
                .get(&path)
                .expect("an answer")
                .served()
                .expect("told"),
            "fit",
        )
    }

    fn account(&self) -> Value {
        let path = "/privacy/accounts/secretive-people";
        self.world
            .bureau()
            .get(path)
            .expect("an answer")
            .served()
            .expect("an account")
    }
}

/// The figures of the only measure, by slot; the rest of the table says what it must.
fn figures(table: &Value) -> Vec<f64> {
    let columns = table["columns"].as_array().expect("columns");
    let names: Vec<&str> = columns.iter().filter_map(|c| c["name"].as_str()).collect();
    let wanted =
        "cell told told_noise_scale told_error_95 mechanism epsilon delta conditions conditions_zh";
    assert_eq!(names.join(" "), wanted);
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), SUBJECTS, "an empty cell is there as any other");
    assert_eq!(rows[0][2], json!(4.0));
    assert_eq!(rows[0][5], json!(EPSILON));
    let conditions = rows[0][7].as_str().expect("conditions");
    assert!(conditions.contains("For any module"), "{conditions}");
    rows.iter()
        .map(|row| row[1].as_f64().expect("a figure"))
        .collect()
}

/// How much more often a slot with the secret is guessed than one without, by the threshold that suits a noise without bias.
fn advantage(figures: &[f64]) -> f64 {
    let share = |with: bool| {
        let asked: Vec<f64> = figures
            .iter()
            .enumerate()
            .filter(|(slot, _)| secret(*slot) == with)
            .map(|(_, figure)| *figure)
            .collect();
        let guessed = asked.iter().filter(|figure| **figure > 0.5).count();
        guessed as f64 / asked.len() as f64
    };
    share(true) - share(false)
}

/// (e^ε − 1)/(e^ε + 1), and what chance adds: Hoeffding's bound for two shares of half the slots at 10⁻⁷.
fn bound(epsilon: f64) -> f64 {
    let chance = 2.0 * ((4.0_f64 / 1e-7).ln() / (SUBJECTS as f64)).sqrt();
    (epsilon.exp() - 1.0) / (epsilon.exp() + 1.0) + chance
}

fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}

#[test]
fn releases_under_one_budget_tell_no_more_of_anyone_than_it_allows() {
    let mut stage = Stage::set();
    let refused = stage.submit("presence");
    assert_eq!(text(&refused.json(), "code"), "privacy-budget-unset");
    assert_eq!(stage.fit(), "does-not-fit");
    let budget = json!({
        "population": "secretive-people", "epsilon": EPSILON * RUNS as f64, "reason": "drill, no production",
    });
    let set = stage.world.bureau().post("/privacy/budgets", &budget);
    set.expect("an answer").served().expect("in force");
    assert_eq!(stage.fit(), "fits");

    // All at once: each is charged when it is claimed, and what waits is foreseen.
    let mut runs = Vec::new();
    for attack in [
        "presence",
        "presence",
        "presence",
        "presence",
        "full-support",
        "state",
        "trap",
    ] {
        runs.push(stage.queued(attack));
    }
    let mut sums = vec![0.0; SUBJECTS];
    for run in &runs[..4] {
        let figures = stage.released(run);
        assert!(advantage(&figures) <= bound(EPSILON), "{run}");
        // Discrete Laplace noise of scale 4: E|X| = 2q/(1 − q²). A mean of 4096 is off by 0.5 with a probability below 10⁻¹².
        let q = (-EPSILON).exp();
        let noise: Vec<f64> = (0..SUBJECTS)
            .map(|slot| (figures[slot] - f64::from(u8::from(secret(slot)))).abs())
            .collect();
        assert!((mean(&noise) - 2.0 * q / (1.0 - q * q)).abs() < 0.5);
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    // All of them together, as one attacker adds them up.
    let together: Vec<f64> = sums.iter().map(|sum| sum / 4.0).collect();
    assert!(advantage(&together) <= bound(4.0 * EPSILON));

    let figures = stage.released(&runs[4]);
    assert!(
        advantage(&figures) <= bound(EPSILON),
        "clamped to what anyone may give"
    );
    // Nobody is the second of an instance, so everyone gives nothing: a mean is off by 0.7 with a probability below 10⁻¹².
    let kept = mean(&stage.released(&runs[5]));
    assert!(
        kept.abs() < 0.7,
        "something was kept from one subject to the next: {kept}"
    );
    let figures = stage.released(&runs[6]);
    assert!(
        advantage(&figures) <= bound(EPSILON),
        "a trap touches nobody else"
    );
    replayed(&stage, &runs[0]);
    killed(&mut stage);
    assert_eq!(stage.fit(), "does-not-fit");
    let refused = stage.submit("presence");
    assert_eq!(text(&refused.json(), "code"), "privacy-budget-spent");
    assert_eq!(text(&refused.json(), "clause"), "privacy.spent");
    stage.world.assert_record_holds();
}

/// A replay compares contributions and decision, draws nothing and costs nothing.
fn replayed(stage: &Stage, run: &str) {
    let before = stage.account();
    let replay = stage
        .world
        .bureau()
        .post(&format!("/runs/{run}/replay"), &json!({}));
    let replay = replay.expect("an answer").served().expect("replayed");
    assert_eq!(replay["same"], json!(true), "{replay}");
    assert_eq!(stage.account(), before);
    let detail = stage.world.story.detail(run).expect("a detail");
    assert_eq!(detail["releases"].as_array().expect("releases").len(), 1);
}

/// A server that is killed between claim and release keeps the charge, and nothing leaves.
fn killed(stage: &mut Stage) {
    let run = stage.queued("burn");
    stage
        .world
        .story
        .wait_state(&run, &["running"], RUN_WAIT_MAX)
        .expect("running");
    stage.world.server.kill_hard().expect("killed");
    stage.world.server.restart().expect("restarted");
    stage.world.story.move_to(&stage.world.server);
    let organisation = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    let unit = stage.world.story.operator_of(&organisation);
    stage.unit = unit.expect("an operator").clone();
    let detail = stage.world.story.detail(&run).expect("a detail");
    assert_eq!(detail["run"]["state"], json!("aborted"), "{detail}");
    assert_eq!(detail["releases"], json!([]));
    let account = stage.account();
    assert_eq!(
        account["spent_epsilon"],
        json!(EPSILON * RUNS as f64),
        "{account}"
    );
    assert_eq!(account["within"], json!(true));
}
