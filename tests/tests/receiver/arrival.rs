//! What arrived at a receiver, and waiting for it.

use yunei_tests::Server;

pub use super::metric::{metric, until};
use super::{Receiver, Span};

pub fn collector(name: &str, url: &str, kind: &str) -> String {
    format!("[[collector]]\nname = \"{name}\"\nurl = \"{url}\"\nkind = \"{kind}\"\n")
}

/// Waits until every collector has every entry.
pub fn delivered(server: &Server) {
    until("everything to be delivered", || {
        let backlog = metric(server, "yunei_outbox_entries");
        !backlog.is_empty() && backlog.values().all(|entries| *entries == 0.0)
    });
}

/// What arrived, once the receiver has told of everything up to the entry before `entries`.
pub fn arrived(receiver: &Receiver, entries: u64) -> Vec<Span> {
    let has_last = |spans: &[Span]| {
        spans
            .iter()
            .any(|span| span.number("yunei.entry.index") == Some(entries - 1))
    };
    until("the receiver to tell of the last entry", || {
        has_last(&receiver.spans().0)
    });
    receiver.spans().0
}

pub fn entries_in_order(spans: &[Span], entries: u64, but: &[u64]) {
    let indices: Vec<u64> = spans
        .iter()
        .filter_map(|span| span.number("yunei.entry.index"))
        .collect();
    let wanted: Vec<u64> = (0..entries).filter(|index| !but.contains(index)).collect();
    let found: Vec<u64> = indices
        .into_iter()
        .filter(|index| *index < entries)
        .collect();
    assert_eq!(found, wanted, "every entry of the log, in its order");
}

/// A run at the receiver: its calls in order before what commits to them, all below one span.
pub fn run_arrived(spans: &[Span], run: &str, calls: u64, end: &str) -> Span {
    let of_run: Vec<&Span> = spans
        .iter()
        .filter(|span| span.text("yunei.run.id") == Some(run))
        .collect();
    let whole: Vec<&&Span> = of_run
        .iter()
        .filter(|span| span.name == "yunei.run")
        .collect();
    assert_eq!(whole.len(), 1, "one span for run {run}");
    let whole = (*whole[0]).clone();
    assert_eq!(whole.text("yunei.run.end"), Some(end));
    let indices: Vec<u64> = of_run
        .iter()
        .filter_map(|span| span.number("yunei.call.index"))
        .collect();
    assert_eq!(
        indices,
        (0..calls).collect::<Vec<_>>(),
        "calls of run {run}"
    );
    for span in of_run.iter().filter(|span| span.name != "yunei.run") {
        assert_eq!(
            (&span.trace, &span.parent),
            (&whole.trace, &whole.id),
            "{span:?}"
        );
        // What comes after the end is about the run, and not within it.
        let after = matches!(
            span.text("yunei.stage"),
            Some("sealed-output-destroyed" | "delivered")
        );
        let within = span.start >= whole.start && span.end <= whole.end;
        assert!(within || after, "{span:?} in {whole:?}");
    }
    whole
}
