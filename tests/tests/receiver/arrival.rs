//! What arrived at a receiver, and waiting for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use yunei_tests::Server;

use super::{Receiver, Span};

/// Longest wait for a collector to have everything.
const DELIVERY_WAIT_MAX: Duration = Duration::from_secs(60);

pub fn collector(name: &str, url: &str, kind: &str) -> String {
    format!("[[collector]]\nname = \"{name}\"\nurl = \"{url}\"\nkind = \"{kind}\"\n")
}

/// The series of a metric, by its labels as they are written.
pub fn metric(server: &Server, name: &str) -> BTreeMap<String, f64> {
    let url = server.metrics_url().expect("metrics");
    let text = ureq::get(url)
        .call()
        .expect("metrics")
        .body_mut()
        .read_to_string()
        .expect("text");
    let mut series = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (labelled, value) = line.rsplit_once(' ').expect("a series");
        let (found, labels) = labelled.split_once('{').unwrap_or((labelled, ""));
        if found == name {
            series.insert(
                labels.trim_end_matches('}').to_owned(),
                value.parse().expect("a number"),
            );
        }
    }
    series
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DELIVERY_WAIT_MAX, "waited for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
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
