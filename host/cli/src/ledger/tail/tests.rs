//! The end of the record.

use serde_json::{Value, json};
use yunei_model::Language;

use super::{Placed, Tail, sheet};
use crate::client::Client;
use crate::testing::{Canned, json as answer};

const CHECKPOINT: &str = r#"{"size":100,"note":"","signed_at":0}"#;

fn entries(positions: std::ops::RangeInclusive<u64>) -> String {
    let items: Vec<Value> = positions
        .clone()
        .map(|position| json!({ "position": position }))
        .collect();
    answer(
        200,
        &json!({ "items": items, "next": positions.end() }).to_string(),
    )
}

fn tail(limit: u32) -> Tail {
    Tail {
        limit,
        after: None,
        kinds: Vec::new(),
        run: None,
        operator: None,
        actor: None,
        since: None,
        until: None,
    }
}

fn positions(list: &Value) -> Vec<u64> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["position"].as_u64().unwrap())
        .collect()
}

#[test]
fn the_last_entries_are_read_without_those_before_them() {
    let server = Canned::answering(vec![answer(200, CHECKPOINT), entries(99..=101)]);
    let client = Client::new(&server.url, None, Language::En).unwrap();
    let list = tail(2).last(&client).unwrap();
    assert_eq!(positions(&list), [100, 101]);
    assert_eq!(list["next"], 101);
    assert_eq!(
        server.asked()[1].line,
        "GET /api/v1/record?after=98&limit=1000"
    );
}

#[test]
fn reading_ends_although_the_record_grows_by_it() {
    // Each page has one entry more than the one before: the page's own.
    let server = Canned::answering(vec![
        answer(200, CHECKPOINT),
        entries(1..=60),
        entries(61..=101),
    ]);
    let client = Client::new(&server.url, None, Language::En).unwrap();
    let kind = yunei_ledger::Kind::Queried;
    let list = Tail {
        kinds: vec![kind],
        ..tail(3)
    }
    .last(&client)
    .unwrap();
    assert_eq!(positions(&list), [99, 100, 101]);
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(
        asked[1].line.contains("kind=queried") && asked[1].line.contains("after=0"),
        "{}",
        asked[1].line
    );
}

#[test]
fn a_record_without_a_checkpoint_is_read_from_its_beginning() {
    let none = answer(404, r#"{"code":"not-found","message":"","details":[]}"#);
    let server = Canned::answering(vec![none, entries(1..=2)]);
    let client = Client::new(&server.url, None, Language::En).unwrap();
    assert_eq!(positions(&tail(5).last(&client).unwrap()), [1, 2]);
    drop(server.asked());
}

#[test]
fn entries_are_shown_in_few_words() {
    let entries: Vec<Placed> = serde_json::from_value(json!([{ "position": 7, "index": 6, "entry": {
        "kind": "module-refused", "actor": null, "observed": { "at": 1_767_225_600_000_000_i64 },
        "facts": {
            "clauses": ["module.upload"], "digest": format!("sha256:{}", "8a".repeat(32)), "bytes": 9,
            "policy_set": format!("sha256:{}", "0".repeat(64)), "target": { "id": "1" },
        },
    } }]))
    .unwrap();
    let text = sheet(entries).text(None);
    for part in [
        "7",
        "2026-01-01T00:00:00Z",
        "module-refused",
        "clauses=module.upload",
        "bytes=9",
        "digest=sha256:8a8a8a8a8a8a…",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("policy_set"), "{text}");
}
