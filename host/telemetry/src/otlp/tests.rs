use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use yunei_model::Timestamp;

use super::{
    Answer, Audience, BATCH_BYTES_MAX, BATCH_SPANS_MAX, Batch, LIST_MAX, SpanRecord, answered,
};
use crate::names;

const AT: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

fn span(number: u64) -> SpanRecord {
    SpanRecord::new(
        names::span::HOST_CALL,
        [7; 16],
        number.to_be_bytes(),
        AT,
        AT,
    )
}

fn sent(audience: Audience, span: &SpanRecord) -> Span {
    let mut batch = Batch::new(audience, 1);
    assert!(batch.push(span));
    let request =
        ExportTraceServiceRequest::decode(batch.into_body().as_slice()).expect("a request");
    request.resource_spans[0].scope_spans[0].spans[0].clone()
}

fn telling() -> SpanRecord {
    span(1)
        .linked([1; 16], [2; 8])
        .with(names::CALL_KIND, "data.scan")
        .with(names::CALL_INDEX, 3_u64)
        .with(names::RESOURCE, "flights")
        .with(names::OPERATOR_ID, "0197f0a0-0000-7000-8000-000000000001")
        .with(
            names::FIELDS,
            vec![
                "carrier".to_owned(),
                "王小明".to_owned(),
                "delay".to_owned(),
            ],
        )
        .with(names::ROWS, 5_u64)
        .event(
            names::event::DECISION_DENIED,
            AT,
            [
                (names::CLAUSE, "grant.fields".into()),
                (names::DECISION, "denied".into()),
            ],
        )
}

#[test]
fn supervision_sees_all_and_operations_nobody() {
    let full = sent(Audience::Full, &telling());
    let keys = |span: &Span| {
        span.attributes
            .iter()
            .map(|kv| kv.key.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&full).len(), 6, "{:?}", keys(&full));
    assert_eq!(full.links.len(), 1);
    assert!(
        !format!("{full:?}").contains("王小明"),
        "a value of another shape stays out"
    );
    assert!(format!("{full:?}").contains("delay"));

    let redacted = sent(Audience::Redacted, &telling());
    assert_eq!(keys(&redacted), [names::CALL_KIND, names::CALL_INDEX]);
    assert!(redacted.links.is_empty());
    let event = &redacted.events[0];
    assert_eq!(event.name, names::event::DECISION_DENIED);
    assert_eq!(event.attributes.len(), 1);
    assert_eq!(
        (redacted.span_id, redacted.start_time_unix_nano),
        (full.span_id, full.start_time_unix_nano)
    );
}

#[test]
fn values_of_another_shape_are_left_out() {
    let span = span(1)
        .with(names::RESOURCE, "a sentence about Alice")
        .with(names::ROWS, "5")
        .with(names::CALL_KIND, 5_u64)
        .with("yunei.subject", "alice")
        .with(names::CAUSE, "cannot read `Alice`");
    let sent = sent(Audience::Full, &span);
    assert_eq!(sent.attributes.len(), 1);
    assert!(!format!("{sent:?}").contains("Alice"));
}

#[test]
fn a_batch_is_bounded_by_spans_and_by_bytes() {
    let mut batch = Batch::new(Audience::Full, usize::MAX);
    let taken = (0..)
        .take_while(|number| batch.push(&span(*number)))
        .count();
    assert_eq!((taken, batch.len()), (BATCH_SPANS_MAX, BATCH_SPANS_MAX));

    let long = vec!["x".repeat(names::WORD_BYTES_MAX); LIST_MAX];
    let mut batch = Batch::new(Audience::Full, usize::MAX);
    let taken = (0..)
        .take_while(|number| batch.push(&span(*number).with(names::FIELDS, long.clone())))
        .count();
    assert!(taken > 1 && taken < BATCH_SPANS_MAX, "{taken}");
    assert!(batch.into_body().len() < BATCH_BYTES_MAX + 1024);
}

#[test]
fn answers_say_what_to_do_next() {
    let partial = |rejected_spans| ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans,
            error_message: "no".to_owned(),
        }),
    };
    assert_eq!(answered(200, b""), Answer::Taken);
    assert_eq!(answered(200, b"{\"partialSuccess\":null}"), Answer::Taken);
    assert_eq!(answered(200, &partial(0).encode_to_vec()), Answer::Taken);
    assert_eq!(
        answered(200, &partial(2).encode_to_vec()),
        Answer::TakenInPart { refused: 2 }
    );
    for refused in [400, 413, 415, 422] {
        assert_eq!(answered(refused, b""), Answer::Refused);
    }
    for later in [301, 401, 403, 404, 408, 429, 500, 502, 503, 504] {
        assert_eq!(answered(later, b""), Answer::Later, "{later}");
    }
}
