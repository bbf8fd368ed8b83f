//! Retrieval of evidence from the command line: asked for, signed by a second person, fetched, and each step on the record.

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
use yunei_tests::{Client, REGULATOR};

/// The small job: one day of bus rides, counted by district and hour.
const QUESTION: &str = "bus-rides";
const APPROVAL: &str = "示例网信调〔2026〕1号";

/// `yunei retrieval …` by somebody.
fn retrieval(client: &Client, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(["--json", "--url", client.url(), "retrieval"])
        .args(arguments)
        .env("YUNEI_TOKEN", client.token().expect("a token"))
        .output()
        .expect("the program")
}

fn done(output: &Output) -> Value {
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failed}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[track_caller]
fn refused(output: &Output, code: &str) {
    let failed = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{said}");
    assert!(format!("{said}{failed}").contains(code), "{said}{failed}");
}

#[test]
fn evidence_is_fetched_with_an_approval_and_a_second_signature() {
    let mut world = World::start();
    let terms = world.story.example(QUESTION);
    let (unit, module, grant) = world.admitted(&guest("examples", QUESTION), &terms);
    let run = world.story.submit(&unit, &terms, &module, &grant);
    let run = text(&run.expect("an answer").served().expect("queued"), "id");
    let detail = world.story.wait_state(&run, &["released"], RUN_WAIT_MAX);
    let calls = detail.expect("released")["run"]["calls"].as_u64();
    let regulator = world.story.person(REGULATOR).expect("a regulator").clone();
    let bureau = world.bureau().clone();

    let request = ["request", "--approval", APPROVAL, "--reason", "a complaint"];
    let of_run = [&request[..], &["--run", &run]].concat();
    refused(&retrieval(&unit, &of_run), "not-found");
    let unapproved = ["request", "--approval", "", "--reason", "r", "--run", &run];
    refused(&retrieval(&regulator, &unapproved), "forbidden");
    let asked = done(&retrieval(&regulator, &of_run));
    assert_eq!(asked["state"], json!("requested"));
    let id = text(&asked, "id");

    let file = tempfile::tempdir().expect("a directory");
    let file = file.path().join("evidence.jsonl");
    let out = file.to_str().expect("a path");
    let fetch = ["fetch", &id, "--out", out];
    let sign = ["sign", &id, "--reason", "the approval was seen"];
    refused(&retrieval(&regulator, &fetch), "forbidden");
    refused(&retrieval(&regulator, &sign), "reviewer-is-submitter");
    assert!(!file.exists(), "nothing is written of what was refused");
    assert_eq!(done(&retrieval(&bureau, &sign))["state"], json!("signed"));
    refused(&retrieval(&bureau, &fetch), "forbidden");
    let fetched = done(&retrieval(&regulator, &fetch));
    let listed = done(&retrieval(&regulator, &["list"]));
    assert_eq!(listed["items"][0]["id"], json!(id), "{listed}");

    let evidence = std::fs::read_to_string(&file).expect("evidence");
    assert_eq!(fetched["bytes"], json!(evidence.len()));
    let lines: Vec<Value> = evidence
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect();
    let (first, last) = (&lines[0]["export"], &lines[lines.len() - 1]["export"]);
    assert_eq!(first["retrieval"]["approval"], json!(APPROVAL), "{first}");
    assert_eq!(last["complete"], json!(true), "{last}");
    assert_eq!(last["calls"].as_u64(), calls, "{last}");
    let entries = last["entries"].as_u64().expect("entries");
    assert!(entries >= 4, "from submission to release: {last}");
    assert_eq!(lines.len() as u64, 2 + entries + calls.expect("calls"));
    on_record(&bureau, &id);
    refused_and_taken_back(&regulator, &bureau, &of_run, out);
    world.assert_record_holds();
}

/// What is refused is not handed over, and its authority reads why; nobody changes their mind about it.
fn refused_and_taken_back(regulator: &Client, bureau: &Client, of_run: &[&str], out: &str) {
    const WHY: &str = "the approval names another run";
    for who in [bureau, regulator] {
        let id = text(&done(&retrieval(regulator, of_run)), "id");
        let refuse = ["refuse", &id, "--reason", WHY];
        assert_eq!(done(&retrieval(who, &refuse))["state"], json!("refused"));
        let sign = ["sign", &id, "--reason", "after all"];
        refused(&retrieval(bureau, &sign), "wrong-state");
        let fetch = ["fetch", &id, "--out", out];
        refused(&retrieval(regulator, &fetch), "forbidden");
        let listed = done(&retrieval(regulator, &["list"]));
        let mut items = listed["items"].as_array().expect("items").iter();
        let one = items.find(|item| item["id"] == json!(id)).expect("listed");
        assert_eq!(one["refused"]["reason"], json!(WHY), "{one}");
    }
    let listed = bureau.get("/record?kind=evidence-refused&limit=10");
    let listed = listed.expect("an answer").json();
    let items = listed["items"].as_array().expect("items");
    let taken_back: Vec<&Value> = items
        .iter()
        .map(|item| &item["entry"]["facts"]["taken_back"])
        .collect();
    assert_eq!(taken_back.len(), 2, "{listed}");
    assert!(taken_back.contains(&&json!(true)) && taken_back.contains(&&json!(false)));
}

/// Each step has its entry, under the number of the approval.
fn on_record(bureau: &Client, id: &str) {
    for kind in [
        "evidence-requested",
        "evidence-signed",
        "evidence-retrieved",
    ] {
        let path = format!("/record?kind={kind}&limit=1000");
        let listed = bureau.get(&path).expect("an answer").json();
        let items = listed["items"].as_array().expect("items");
        assert_eq!(items.len(), 1, "{kind}: {listed}");
        let facts = &items[0]["entry"]["facts"];
        assert_eq!(facts["retrieval"], json!(id), "{kind}");
        assert_eq!(facts["approval"], json!(APPROVAL), "{kind}");
    }
}
