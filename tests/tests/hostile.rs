//! Hostile modules against the real program: refused at upload, or ended, and nothing of them leaves.

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

#[test]
fn uploads_that_reach_for_more_are_refused_with_every_reason() {
    let world = World::start();
    let unit = world
        .story
        .operator_of(&repository().join("tests/guests"))
        .expect("an operator")
        .clone();
    for (name, check) in [
        ("wasi-import", "wasi-import"),
        ("wrong-world", "manifest-world"),
    ] {
        let answer = world
            .story
            .upload(&unit, &guest("hostile", name))
            .expect("an answer");
        assert_eq!(answer.status, 422, "{name}: {}", answer.json());
        let refusal = answer.json();
        assert_eq!(text(&refusal, "code"), "module-refused");
        assert!(refusal.to_string().contains(check), "{name}: {refusal}");
    }
    for (bytes, check) in [
        (b"not wasm at all".to_vec(), "not-wasm"),
        (b"\0asm\x01\0\0\0".to_vec(), "core-module"),
        (
            std::fs::read(guest("examples", "transport-delays")).expect("bytes")[..4096].to_vec(),
            "malformed",
        ),
    ] {
        let answer = unit
            .post_raw("/modules", "application/wasm", &bytes)
            .expect("an answer");
        assert_eq!(answer.status, 422);
        assert!(
            answer.json().to_string().contains(check),
            "{check}: {}",
            answer.json()
        );
    }
    world.assert_record_holds();
}

/// Runs a hostile guest; gives how it ended, as the bureau sees it, or `None` when admission refused it.
fn end_of(world: &mut World, name: &str) -> Option<Value> {
    let terms = repository().join("tests/guests");
    let unit = world
        .story
        .operator_of(&terms)
        .expect("an operator")
        .clone();
    let answer = world
        .story
        .upload(&unit, &guest("hostile", name))
        .expect("an answer");
    if answer.status == 422 {
        return None;
    }
    let (unit, module, grant) = world.admitted(&guest("hostile", name), &terms);
    let request = json!({
        "module": module, "grant": grant, "purpose": "transport-punctuality", "parameters": {},
    });
    let answer = world
        .story
        .submit_request(&unit, &request)
        .expect("an answer");
    if answer.status == 403 {
        return None;
    }
    let run = text(&answer.served().expect("queued"), "id");
    let ends = ["failed", "stopped", "withheld", "released", "in-review"];
    Some(
        world
            .story
            .wait_state(&run, &ends, RUN_WAIT_MAX)
            .expect("an end"),
    )
}

#[test]
fn modules_that_misbehave_end_and_release_nothing() {
    let mut world = World::start();
    let mut ended = 0;
    for name in [
        "memory-bomb",
        "deep-recursion",
        "handle-hoarder",
        "ungranted-interface",
        "forged-handle",
        "huge-names",
        "journal-flood",
        "output-flood",
        "wrong-output",
        "slow-host-caller",
    ] {
        let Some(detail) = end_of(&mut world, name) else {
            continue;
        };
        ended += 1;
        let releases = detail["releases"].as_array().expect("releases");
        assert!(releases.is_empty(), "{name}: {detail}");
        assert_ne!(
            detail["run"]["state"],
            json!("released"),
            "{name}: {detail}"
        );
    }
    assert!(ended >= 2, "only {ended} came as far as a run");
    world.assert_record_holds();
}

#[test]
fn rows_copied_to_an_output_never_leave_by_themselves() {
    let mut world = World::start();
    for name in ["row-encoder", "trap-on-data"] {
        let Some(detail) = end_of(&mut world, name) else {
            continue;
        };
        let routes = detail["verdicts"]
            .as_array()
            .expect("verdicts")
            .iter()
            .map(|v| v["route"].clone());
        if detail["run"]["state"] == json!("released") {
            // What left are the gate's own figures; the guest's bytes were thrown away.
            assert!(
                routes.into_iter().all(|route| route == json!("recomputed")),
                "{detail}"
            );
        }
    }
    world.assert_record_holds();
}
