use serde_json::json;
use yunei_ledger::{Draft, Entry, Kind};
use yunei_model::{
    Call, CallDecision, CallKind, Digest, EntryId, Name, OrganisationId, RunId, Timestamp,
};
use yunei_store::Recorded;
use yunei_telemetry::otlp::{Audience, SpanRecord};

use super::{RunPlace, call, end, entry, identity, run, stage};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const RUN: &str = "0197f0a0-0000-7000-8000-0000000000aa";
const UNIT: &str = "0197f0a0-0000-7000-8000-0000000000bb";

fn recorded(kind: Kind, seconds: i64, draft: impl FnOnce(Draft) -> Draft) -> Recorded {
    let unit: OrganisationId = UNIT.parse().unwrap();
    let draft = draft(Draft::new(kind).operator(unit).fact("run", RUN));
    let id: EntryId = "0197f0a0-0000-7000-8000-0000000000cc".parse().unwrap();
    Recorded {
        position: 5,
        index: Some(4),
        entry: Entry::seal(
            draft,
            id,
            [1; 16],
            Timestamp::from_micros(seconds * 1_000_000),
        )
        .unwrap(),
    }
}

fn submitted() -> Recorded {
    recorded(Kind::RunSubmitted, 10, |draft| {
        draft
            .observed("trace_id", TRACE)
            .observed("span_id", SPAN)
            .fact("use_clauses", ["use.grant"])
    })
}

fn place(audience: Audience) -> RunPlace {
    let run: RunId = RUN.parse().unwrap();
    RunPlace::of(run, &submitted().entry, audience)
}

fn told(span: &SpanRecord) -> String {
    format!("{span:?}")
}

#[test]
fn a_run_lies_in_the_trace_of_its_request_for_supervision_alone() {
    let full = place(Audience::Full);
    assert_eq!(hex::encode(full.trace), TRACE);
    assert_eq!(full.parent.map(hex::encode).as_deref(), Some(SPAN));
    let redacted = place(Audience::Redacted);
    assert_ne!(hex::encode(redacted.trace), TRACE);
    assert_eq!(redacted.parent, None);
    assert_eq!(full.span, redacted.span);
}

#[test]
fn the_same_things_have_the_same_ids_and_others_have_others() {
    let one: [u8; 8] = identity("call", RUN, 1);
    assert_eq!(one, identity("call", RUN, 1));
    for other in [
        identity("call", RUN, 2),
        identity("run", RUN, 1),
        identity("call", UNIT, 1),
    ] {
        assert_ne!(one, other);
    }
    let released = recorded(Kind::RunReleased, 12, |draft| draft);
    let span = || run(&place(Audience::Full), &released, "released");
    assert_eq!(span(), span());
}

#[test]
fn a_run_is_a_span_from_submission_to_end_with_its_verdicts() {
    let released = recorded(Kind::RunReleased, 12, |draft| {
        draft.fact("verdicts", [json!({
            "output": "delays", "route": "recomputed", "profile": "yunei", "decision": "release",
            "cells": 40, "cells_suppressed": 3,
        })])
    });
    assert_eq!(end(released.entry.kind()), Some("released"));
    assert_eq!(end(Kind::RunSealed), None);
    let span = told(&run(&place(Audience::Full), &released, "released"));
    assert!(
        span.contains("start: Timestamp(10000000)") && span.contains("end: Timestamp(12000000)"),
        "{span}"
    );
    for told in [
        "yunei.operator.id",
        "output-judged",
        "\"release\"",
        "Number(40)",
        "failed: false",
    ] {
        assert!(span.contains(told), "{told} in {span}");
    }
    let stopped = recorded(Kind::RunStopped, 12, |draft| draft);
    assert!(told(&run(&place(Audience::Full), &stopped, "stopped")).contains("failed: true"));
}

#[test]
fn a_stage_lasts_from_the_entry_before_and_links_to_its_own_request() {
    let other = "ffffffffffffffffffffffffffffffff";
    let stopped = recorded(Kind::RunStopped, 14, |draft| {
        draft
            .observed("trace_id", other)
            .observed("span_id", SPAN)
            .fact(
                "cause",
                json!({ "kind": "stop", "reason": "Alice asked for it" }),
            )
            .fact(yunei_ledger::TRACE_ROOT, Digest::of(b"calls").to_string())
    });
    let before = submitted().entry;
    let span = told(&stage(
        &place(Audience::Full),
        &stopped,
        Some(&before),
        Audience::Full,
    ));
    assert!(
        span.contains("start: Timestamp(10000000)") && span.contains("end: Timestamp(14000000)"),
        "{span}"
    );
    assert!(span.contains("link: Some(([255"), "{span}");
    assert!(
        span.contains("(\"yunei.run.end\", Text(\"stop\"))") && !span.contains("Alice"),
        "{span}"
    );
    assert!(span.contains("(\"yunei.trace.root\", Text("), "{span}");
    let redacted = told(&stage(
        &place(Audience::Redacted),
        &stopped,
        Some(&before),
        Audience::Redacted,
    ));
    assert!(redacted.contains("link: None"), "{redacted}");
}

#[test]
fn a_denied_call_says_which_clause() {
    let denied = Call {
        index: 3,
        kind: CallKind::Open,
        resource: Name::parse("flights").ok(),
        fields: vec![Name::parse("carrier").unwrap()],
        rows: 0,
        bytes: 0,
        decision: CallDecision::Denied,
        clause: Some("grant.resource".to_owned()),
        argument_digest: None,
        at: Timestamp::from_micros(11_000_000),
        duration_us: 5,
    };
    let span = told(&call(&place(Audience::Full), &denied));
    for told in [
        "data.open",
        "flights",
        "carrier",
        "decision-denied",
        "grant.resource",
        "Timestamp(11000005)",
    ] {
        assert!(span.contains(told), "{told} in {span}");
    }
}

#[test]
fn an_entry_about_no_run_is_a_span_below_its_request() {
    let denied = Recorded {
        entry: Entry::seal(
            Draft::new(Kind::DecisionDenied)
                .fact("action", "view-record")
                .fact("clauses", ["forbid.operators"])
                .observed("trace_id", TRACE)
                .observed("span_id", SPAN),
            "0197f0a0-0000-7000-8000-0000000000cd".parse().unwrap(),
            [1; 16],
            Timestamp::from_micros(1),
        )
        .unwrap(),
        ..submitted()
    };
    let full = told(&entry(&denied, Audience::Full));
    let parent = format!("parent: Some({:?})", hex::decode(SPAN).unwrap());
    assert!(full.contains(&parent), "{full}");
    assert!(
        full.contains("decision-denied") && full.contains("forbid.operators"),
        "{full}"
    );
    assert!(told(&entry(&denied, Audience::Redacted)).contains("parent: None"));
}
