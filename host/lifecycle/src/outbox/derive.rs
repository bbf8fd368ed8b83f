//! Spans out of entries and calls: the same ones every time.
//!
//! A run is one span, from its submission to its end, in the trace of the request that submitted it. Below it are one span for each
//! entry about it, which lasts from the entry before, and one for each host call. An entry about no run is a span of its own.
//! Ids are SHA-256 over what they stand for, so that a repeat has the same ones. For operations trace ids are derived, too: one that a
//! client chose could tell whose run it is.

use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use yunei_ledger::{Entry, Kind};
use yunei_model::{Call, CallDecision, RunId, Timestamp};
use yunei_store::Recorded;
use yunei_telemetry::names::{self, event, span};
use yunei_telemetry::otlp::{Audience, LIST_MAX, SpanId, SpanRecord, TraceId, Value};

/// What ids are hashed with, so that no other hash of the same things is one of them.
const DOMAIN: &[u8] = b"yunei span ids 1";

/// Facts that become attributes, by name.
const FACTS: [(&str, &str); 17] = [
    ("action", names::ACTION),
    ("calls", names::CALLS),
    ("cause", names::RUN_END),
    ("cells", names::CELLS),
    ("clause", names::CLAUSE),
    ("code", names::CODE),
    ("grant", names::GRANT_ID),
    ("grant_version", names::GRANT_VERSION),
    ("module", names::MODULE_ID),
    ("module_digest", names::MODULE_DIGEST),
    ("purpose", names::PURPOSE),
    ("route", names::RELEASE_ROUTE),
    ("rows_fed", names::ROWS),
    ("run", names::RUN_ID),
    ("scenario", names::SCENARIO_ID),
    ("snapshots", names::SNAPSHOT_ID),
    ("trace_root", names::TRACE_ROOT),
];

/// Facts that become attributes of the event of a decision.
const DECIDED: [(&str, &str); 5] = [
    ("action", names::ACTION),
    ("clauses", names::CLAUSE),
    ("use_clauses", names::CLAUSE),
    ("code", names::CODE),
    ("policy_set", names::POLICY_SET),
];

/// Members of a verdict that become attributes of its event.
const JUDGED: [(&str, &str); 6] = [
    ("output", names::OUTPUT),
    ("route", names::RELEASE_ROUTE),
    ("profile", names::PROFILE),
    ("decision", names::DECISION),
    ("cells", names::CELLS),
    ("cells_suppressed", names::CELLS_SUPPRESSED),
];

/// Where a run stands in a trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunPlace {
    run: RunId,
    trace: TraceId,
    span: SpanId,
    parent: Option<SpanId>,
    submitted_at: Timestamp,
}

impl RunPlace {
    /// The place of a run that `submitted` tells of.
    pub(super) fn of(run: RunId, submitted: &Entry, audience: Audience) -> Self {
        let told = request(submitted, audience);
        Self {
            run,
            trace: told.map_or_else(
                || identity("trace of run", &run.to_string(), 0),
                |(trace, _)| trace,
            ),
            span: identity("run", &run.to_string(), 0),
            parent: told.map(|(_, span)| span),
            submitted_at: submitted.at(),
        }
    }
}

/// How a run that an entry of that kind tells of ended; none when it goes on.
pub(crate) const fn end(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::RunReleased => "released",
        Kind::RunWithheld => "withheld",
        Kind::RunFailed => "failed",
        Kind::RunStopped => "stopped",
        Kind::RunAborted => "aborted",
        _ => return None,
    })
}

/// A host call.
pub(super) fn call(place: &RunPlace, call: &Call) -> SpanRecord {
    let id = identity("call", &place.run.to_string(), call.index);
    let duration = i64::try_from(call.duration_us).unwrap_or(0);
    let end = Timestamp::from_micros(call.at.as_micros().saturating_add(duration));
    let fields: Vec<String> = call.fields.iter().map(ToString::to_string).collect();
    let span = SpanRecord::new(span::HOST_CALL, place.trace, id, call.at, end)
        .below(place.span)
        .with(names::RUN_ID, place.run.to_string())
        .with(names::CALL_INDEX, call.index)
        .with(names::CALL_KIND, call.kind.as_str())
        .with(names::DECISION, call.decision.as_str())
        .with_any(
            names::RESOURCE,
            call.resource.as_ref().map(ToString::to_string),
        )
        .with(names::FIELDS, fields)
        .with(names::ROWS, call.rows)
        .with(names::BYTES, call.bytes)
        .with_any(names::CLAUSE, call.clause.clone());
    if call.decision == CallDecision::Allowed {
        return span;
    }
    let clause = call
        .clause
        .clone()
        .map(|clause| (names::CLAUSE, Value::from(clause)));
    span.event(event::DECISION_DENIED, call.at, clause)
}

/// An entry about a run: a stage, from the entry before it to its own time.
pub(super) fn stage(
    place: &RunPlace,
    recorded: &Recorded,
    before: Option<&Entry>,
    audience: Audience,
) -> SpanRecord {
    let entry = &recorded.entry;
    let id = identity("entry", &entry.id().to_string(), 0);
    let start = before.map_or_else(|| entry.at(), Entry::at);
    let mut span = SpanRecord::new(span::STAGE, place.trace, id, start, entry.at())
        .below(place.span)
        .with(names::STAGE, entry.kind().as_str());
    if let Some((trace, request)) =
        request(entry, audience).filter(|(trace, _)| *trace != place.trace)
    {
        span = span.linked(trace, request);
    }
    told(span, recorded)
}

/// An entry about no run.
pub(super) fn entry(recorded: &Recorded, audience: Audience) -> SpanRecord {
    let entry = &recorded.entry;
    let id = entry.id().to_string();
    let request = request(entry, audience);
    let trace = request.map_or_else(|| identity("trace of entry", &id, 0), |(trace, _)| trace);
    let span = SpanRecord::new(
        span::ENTRY,
        trace,
        identity("entry", &id, 0),
        entry.at(),
        entry.at(),
    );
    let span = match request {
        Some((_, parent)) => span.below(parent),
        None => span,
    };
    told(span, recorded)
}

/// A whole run, once `recorded` has ended it.
pub(super) fn run(place: &RunPlace, recorded: &Recorded, end: &'static str) -> SpanRecord {
    let entry = &recorded.entry;
    let span = SpanRecord::new(
        span::RUN,
        place.trace,
        place.span,
        place.submitted_at,
        entry.at(),
    );
    let span = match place.parent {
        Some(parent) => span.below(parent),
        None => span,
    };
    let mut span = span
        .failed(matches!(end, "failed" | "stopped" | "aborted"))
        .with(names::RUN_ID, place.run.to_string())
        .with(names::RUN_END, end)
        .with_any(
            names::OPERATOR_ID,
            entry.operator().map(|id| id.to_string()),
        );
    for (fact, name) in FACTS.into_iter().filter(|(fact, _)| {
        matches!(
            *fact,
            "grant" | "grant_version" | "module" | "module_digest"
        )
    }) {
        span = span.with_any(name, value(entry.facts(), fact));
    }
    decisions(span, entry)
}

/// The span with what the entry says of itself.
fn told(mut span: SpanRecord, recorded: &Recorded) -> SpanRecord {
    let entry = &recorded.entry;
    span = span
        .with(names::ENTRY_ID, entry.id().to_string())
        .with(names::ENTRY_KIND, entry.kind().as_str())
        .with_any(names::ENTRY_INDEX, recorded.index)
        .with_any(names::ACCOUNT_ID, entry.actor().map(|id| id.to_string()))
        .with_any(
            names::OPERATOR_ID,
            entry.operator().map(|id| id.to_string()),
        )
        .with_any(names::REQUEST_ID, value(entry.observed(), "request_id"));
    for (fact, name) in FACTS {
        span = span.with_any(name, value(entry.facts(), fact));
    }
    decisions(span, entry)
}

/// The span with an event for each decision that the entry tells of.
fn decisions(mut span: SpanRecord, entry: &Entry) -> SpanRecord {
    let facts = entry.facts();
    let denied = matches!(entry.kind(), Kind::DecisionDenied | Kind::RunRefused);
    if denied || facts.contains_key("clauses") || facts.contains_key("use_clauses") {
        let (name, decision) = if denied {
            (event::DECISION_DENIED, "denied")
        } else {
            (event::DECISION_ALLOWED, "allowed")
        };
        let attributes = DECIDED
            .into_iter()
            .filter_map(|(fact, name)| Some((name, value(facts, fact)?)));
        let decision = [(names::DECISION, Value::from(decision))];
        span = span.event(name, entry.at(), attributes.chain(decision));
    }
    let verdicts = facts.get("verdicts").and_then(Json::as_array);
    for verdict in verdicts.into_iter().flatten().filter_map(Json::as_object) {
        let attributes = JUDGED
            .into_iter()
            .filter_map(|(member, name)| Some((name, value(verdict, member)?)));
        span = span.event(event::OUTPUT_JUDGED, entry.at(), attributes);
    }
    span
}

/// The request that an entry was made in, as a client may have named it: for supervision alone.
fn request(entry: &Entry, audience: Audience) -> Option<(TraceId, SpanId)> {
    if audience == Audience::Redacted {
        return None;
    }
    let observed = |name| entry.observed().get(name)?.as_str();
    let trace: TraceId = hex::decode(observed("trace_id")?).ok()?.try_into().ok()?;
    let span: SpanId = hex::decode(observed("span_id")?).ok()?.try_into().ok()?;
    (trace != [0; 16] && span != [0; 8]).then_some((trace, span))
}

/// A fact as the value of an attribute. A number that is too large for JSON stands there as a text.
fn value(facts: &Map<String, Json>, name: &str) -> Option<Value> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    match facts.get(name)? {
        Json::Number(number) => number.as_u64().map(Value::from),
        // A digest names its algorithm; its attribute has the digits alone.
        Json::String(text) => Some(Value::from(text.strip_prefix("sha256:").unwrap_or(text))),
        Json::Array(several) => Some(Value::Texts(
            several.iter().take(LIST_MAX).filter_map(text).collect(),
        )),
        // A cause with its figures: its kind is what it is about.
        Json::Object(members) => members.get("kind").and_then(text).map(Value::Text),
        Json::Null | Json::Bool(_) => None,
    }
}

/// The id of something: the beginning of a hash, and never zero, which would be none.
fn identity<const N: usize>(kind: &str, id: &str, number: u64) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in [
        DOMAIN,
        kind.as_bytes(),
        id.as_bytes(),
        &number.to_be_bytes(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut identity = [0; N];
    for (byte, hashed) in identity.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    if identity == [0; N] {
        identity = [1; N];
    }
    identity
}

#[cfg(test)]
mod tests;
