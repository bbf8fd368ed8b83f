use super::logged;
use crate::{TraceParent, event, span};

const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_header_survives_reading_and_writing() {
    for header in [
        HEADER,
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    ] {
        let parent: TraceParent = header.parse().unwrap();
        assert_eq!(parent.to_string(), header);
    }
    // A later version may go on, and unknown flags are forgotten.
    let later: TraceParent = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0b-more-of-it"
        .parse()
        .unwrap();
    assert_eq!(later.to_string(), HEADER);
}

#[test]
fn a_malformed_header_is_refused() {
    let long = format!("cc{}-{}", &HEADER[2..], "x".repeat(256));
    for header in [
        "",
        "00",
        "00-0-0-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        long.as_str(),
    ] {
        assert!(header.parse::<TraceParent>().is_err(), "`{header}`");
    }
}

#[test]
fn a_request_goes_on_with_its_callers_trace() {
    let buffer = logged(|| {
        let span = span!(REQUEST);
        assert!(HEADER.parse::<TraceParent>().unwrap().adopt(&span));
        let _request = span.enter();
        let inner = span!(STAGE);
        let _stage = inner.enter();
        event!(INFO, REQUEST_ANSWERED, HTTP_STATUS = 200);
        let onwards = TraceParent::of(&inner).unwrap();
        assert_eq!(onwards.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_ne!(onwards.span_id(), "b7ad6b7169203331");
        assert!(onwards.to_string().ends_with("-01"));
    });
    assert_eq!(
        buffer.lines()[0]["trace_id"],
        "0af7651916cd43dd8448eb211c80319c"
    );
}

#[test]
fn ids_come_from_the_id_source() {
    let ids = || {
        let mut seen = Vec::new();
        let _log = logged(|| {
            for _ in 0..2 {
                seen.push(TraceParent::of(&span!(RUN)).unwrap().to_string());
            }
        });
        seen
    };
    assert_eq!(ids(), ids(), "a counting source repeats itself");
    assert_ne!(ids()[0], ids()[1]);
}

#[test]
fn without_a_tracer_there_is_no_place() {
    let span = span!(RUN);
    assert_eq!(TraceParent::of(&span), None);
    assert!(!HEADER.parse::<TraceParent>().unwrap().adopt(&span));
}

#[test]
fn what_is_sent_on_names_the_current_span() {
    let sent = std::sync::Mutex::new(None);
    let _buffer = logged(|| {
        assert_eq!(TraceParent::outbound(), None, "no span, no trace");
        let span = span!(REQUEST);
        assert!(HEADER.parse::<TraceParent>().unwrap().adopt(&span));
        let _entered = span.enter();
        *sent.lock().unwrap() = TraceParent::outbound();
    });
    let (name, value) = sent.into_inner().unwrap().unwrap();
    assert_eq!(name, "traceparent");
    assert!(
        value.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{value}"
    );
    assert_ne!(value, HEADER, "the caller's span is not the current one");
}
