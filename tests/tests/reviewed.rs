//! Route reviewed, end to end: keys of reviewers, sealed outputs in ciphertext, what the gate computes of models and percentiles,
//! and two people.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::process::{Command, Output};

use common::{RUN_WAIT_MAX, World, guest, program, text};
use serde_json::{Value, json};
use yunei_tests::{BUREAU, Client, REVIEWERS};

/// Who gave the resource.
const SOURCE: &str = "rand-corporation";

/// A run of `spending-model` that waits for people; gives unit, module, grant and run.
fn waiting(world: &mut World) -> (Client, String, String, String) {
    let directory = world.story.example("spending-model");
    let (unit, module, grant) = world.admitted(&guest("examples", "spending-model"), &directory);
    let run = submit(world, &unit, &module, &grant);
    (unit, module, grant, run)
}

fn submit(world: &mut World, unit: &Client, module: &str, grant: &str) -> String {
    let directory = world.story.example("spending-model");
    let answer = world.story.submit(unit, &directory, module, grant);
    text(&answer.expect("an answer").served().expect("queued"), "id")
}

fn state(world: &World, run: &str, states: &[&str]) -> Value {
    let detail = world.story.wait_state(run, states, RUN_WAIT_MAX);
    detail.expect("a state")
}

/// The command, as somebody with a token.
fn yunei(world: &World, token: &str, arguments: &[&str]) -> Output {
    Command::new(program())
        .env_clear()
        .env("YUNEI_URL", world.server.url())
        .env("YUNEI_TOKEN", token)
        .args(arguments)
        .output()
        .expect("the program")
}

#[test]
fn reviewers_see_ciphertext_and_decide() {
    let mut world = World::start();
    let (unit, module, grant, run) = waiting(&mut world);
    let detail = state(&world, &run, &["in-review"]);
    let verdicts = detail["verdicts"].as_array().expect("verdicts");
    assert_eq!(verdicts.len(), 2, "{detail:#}");
    // The gate fits the model itself; of the other output one measure is the module's own.
    let routine = |v: &Value| v["routine"] == json!(v["output"] == json!("model"));
    assert!(verdicts.iter().all(routine), "{detail:#}");
    assert_sealed(&world, &run);
    assert_opened(&world, &run);
    assert_command_opens(&world, &run);
    assert_leaves(&world, &unit, &run);
    assert_no_standing(&world, &unit, &run);

    // The same rows once more are for people.
    let again = submit(&mut world, &unit, &module, &grant);
    state(&world, &again, &["in-review"]);
    assert_yes_of_then_counts_no_more(&world, &again);
    assert_amended_ends(&world, &grant, &again);
    world.assert_record_holds();
}

/// What the server hands over is ciphertext; what it says decrypts for that reviewer alone.
fn assert_sealed(world: &World, run: &str) {
    let [first, _] = REVIEWERS;
    let path = format!("/runs/{run}/output");
    let sealed = world.story.person(first).expect("a reviewer").get(&path);
    let sealed = sealed.expect("an answer").served().expect("served");
    let ciphertext = text(&sealed, "ciphertext");
    assert!(ciphertext.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    assert!(!sealed.to_string().contains("distribution"), "{sealed}");
}

/// What is opened has figures of the gate's, and opening it is on the record.
fn assert_opened(world: &World, run: &str) {
    let opened = world.story.open_output(run).expect("opened");
    let table = |name: &str| {
        let tables = opened["tables"].as_array().expect("tables");
        let found = tables.iter().find(|t| t["output"] == json!(name));
        found
            .cloned()
            .unwrap_or_else(|| panic!("{name} in {opened:#}"))
    };
    let (distribution, model) = (table("distribution"), table("model"));
    assert_eq!(
        (&distribution["figures"], &model["figures"]),
        (&json!("checked"), &json!("gate"))
    );
    // Percentiles are the gate's, not the zeros that the module wrote; nobody is in the rest, which is blank.
    let median = distribution["table"]["columns"][1]["values"]
        .as_array()
        .expect("values");
    assert!(
        median[..3].iter().all(|m| m.as_f64() > Some(0.0)),
        "{distribution:#}"
    );
    assert_eq!(median[3], Value::Null);
    let terms = model["table"]["columns"][0]["values"]
        .as_array()
        .expect("terms");
    assert_eq!(terms[0], json!("(intercept)"));
    let kinds: Vec<String> = world
        .story
        .entries(run)
        .expect("entries")
        .iter()
        .map(|e| text(&e["entry"], "kind"))
        .collect();
    assert!(kinds.contains(&"release-viewed".to_owned()), "{kinds:?}");
}

/// The command does the same with an identity file, and a replaced key waits for the security administrator.
fn assert_command_opens(world: &World, run: &str) {
    let [_, second] = REVIEWERS;
    let directory = tempfile::tempdir().expect("a directory");
    let identity = directory.path().join("reviewer.key");
    let identity = identity.to_str().expect("a path");
    let token = world
        .story
        .person(second)
        .expect("a reviewer")
        .token()
        .expect("a token")
        .to_owned();
    let made = yunei(world, &token, &["user", "key", "new", "--out", identity]);
    assert!(made.status.success(), "{made:?}");
    let key = String::from_utf8(made.stdout)
        .expect("text")
        .trim()
        .to_owned();
    let registered = yunei(world, &token, &["user", "key", "register", &key]);
    assert!(registered.status.success(), "{registered:?}");
    let open = ["release", "open", run, "--identity", identity];
    let refused = yunei(world, &token, &open);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    world.story.confirm_key(second, &key).expect("confirmed");
    let shown = yunei(world, &token, &open);
    let shown_text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.status.success() && shown_text.contains("(intercept)"),
        "{shown:?}"
    );
}

/// Two people release it: what leaves is what they saw.
fn assert_leaves(world: &World, unit: &Client, run: &str) {
    world.story.release_output(run).expect("released");
    let released = state(world, run, &["released"]);
    let seen = world
        .story
        .wait_coarse(unit, run, RUN_WAIT_MAX)
        .expect("released");
    assert_eq!(seen["releases"].as_array().map(Vec::len), Some(2), "{seen}");
    assert_eq!(released["releases"].as_array().map(Vec::len), Some(2));
}

/// The first yes is of somebody who has got an account in the unit when the second is said: one alone counts.
fn assert_yes_of_then_counts_no_more(world: &World, run: &str) {
    world.story.both_open(run).expect("opened");
    let [first, second] = REVIEWERS;
    let yes = |reviewer: &str| {
        let review = json!({ "outcome": "approved", "reason": "it looks fine" });
        let client = world.story.person(reviewer).expect("a reviewer");
        let answer = client.post(&format!("/runs/{run}/reviews"), &review);
        answer.expect("an answer").served().expect("said")
    };
    yes(first);
    world
        .story
        .open_another(first, "taihu-data-services")
        .expect("an account");
    let waits = yes(second);
    assert_eq!(waits["run"]["state"], json!("in-review"), "{waits:#}");
}

/// What waits for people ends with the amendment that takes from the grant what it uses, and not before that is in force.
fn assert_amended_ends(world: &World, grant: &str, run: &str) {
    let bureau = world.story.person(BUREAU).expect("the bureau");
    let path = format!("/grants/{grant}");
    let get = bureau.get(&path).expect("an answer").served();
    let mut terms = get.expect("a grant")["terms"].clone();
    terms["resource"][0]["fields"] = json!(["age"]);
    let post = |client: &Client, path: &str, body: &Value| {
        let answer = client.post(path, body).expect("an answer");
        answer.served().expect("done")
    };
    post(
        bureau,
        "/grants",
        &json!({ "amends": grant, "terms": terms }),
    );
    let source = world.story.person_of(SOURCE).expect("a source unit");
    let consent = json!({ "resource": "rand-health-insurance" });
    post(source, &format!("{path}/consents"), &consent);
    state(world, run, &["in-review"]);
    let note = json!({ "reason": "ages alone" });
    post(bureau, &format!("{path}/activate"), &note);
    let stopped = state(world, run, &["stopped"]);
    let cause = &stopped["run"]["end_cause"];
    assert!(cause.to_string().contains("amended"), "{stopped:#}");
}

/// A standing approval is for the editions of a product: a run of all rows is no ground for one. The operating unit has no say.
fn assert_no_standing(world: &World, unit: &Client, run: &str) {
    let [first, _] = REVIEWERS;
    let standing = format!("/runs/{run}/standing");
    let reason = json!({ "reason": "the same again" });
    let denied = unit.post(&standing, &reason).expect("an answer");
    assert!(!denied.is_success());
    let one = world
        .story
        .person(first)
        .expect("a reviewer")
        .post(&standing, &reason);
    assert_eq!(one.expect("an answer").json()["code"], json!("wrong-state"));
}

#[test]
fn nobody_says_yes_unseen_or_for_a_unit_of_theirs_and_what_is_withdrawn_ends() {
    let mut world = World::start();
    let (unit, module, _, run) = waiting(&mut world);
    state(&world, &run, &["in-review"]);
    let [first, second] = REVIEWERS;
    let review = |reviewer: &str, outcome: &str| {
        let review = json!({ "outcome": outcome, "reason": "it looks fine" });
        let client = world.story.person(reviewer).expect("a reviewer");
        let answer = client.post(&format!("/runs/{run}/reviews"), &review);
        let answer = answer.expect("an answer");
        (answer.status, text(&answer.json(), "code"))
    };
    let unopened = (409, "output-unopened".to_owned());
    assert_eq!(review(first, "approved"), unopened);
    // A viewing of which nothing came is none.
    let sealed = world.server.data().join(format!("sealed/{run}.sealed"));
    let aside = sealed.with_extension("aside");
    std::fs::rename(&sealed, &aside).expect("moved");
    assert!(world.story.open_output(&run).is_err());
    assert_eq!(review(first, "approved"), unopened);
    std::fs::rename(&aside, &sealed).expect("moved back");
    // What one of them opened, the other has not seen.
    world.story.open_output(&run).expect("opened");
    assert_eq!(review(second, "approved"), unopened);

    // The first one works for the operating unit too, under another name.
    let other = world
        .story
        .open_another(first, "taihu-data-services")
        .expect("an account");
    assert_eq!(other["active"], json!(true), "{other}");
    let forbidden = (403, "forbidden".to_owned());
    assert_eq!(review(first, "approved"), forbidden);
    assert_eq!(review(first, "rejected"), forbidden);
    let client = world.story.person(first).expect("a reviewer");
    let sealed = client.get(&format!("/runs/{run}/output"));
    assert_eq!(sealed.expect("an answer").status, 403);

    let withdrawn = unit.post(&format!("/modules/{module}/withdraw"), &json!({}));
    withdrawn.expect("an answer").served().expect("withdrawn");
    let stopped = state(&world, &run, &["stopped"]);
    let cause = &stopped["run"]["end_cause"];
    assert!(cause.to_string().contains("module.admitted"), "{stopped:#}");
    let entries = world.story.entries(&run).expect("entries");
    let destroyed = json!("sealed-output-destroyed");
    assert!(entries.iter().any(|e| e["entry"]["kind"] == destroyed));
    world.assert_record_holds();
}
