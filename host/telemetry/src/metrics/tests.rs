use super::{Metrics, NAMES, OutboxStanding, PREFIX};

#[test]
fn the_text_has_every_metric_that_was_set() {
    let metrics = Metrics::default();
    metrics.answered("GET", "/api/v1/health", 200, 1500);
    metrics.run_ended("released", Some(20_000));
    metrics.judged("release", "recomputed", "yunei", ["threshold"]);
    metrics.entry("run-released");
    metrics.outbox(
        "supervision",
        OutboxStanding {
            backlog: 3,
            lag_us: 2_500_000,
            ..OutboxStanding::default()
        },
    );
    let text = metrics.text().expect("text");
    for line in [
        "yunei_http_requests_total{method=\"GET\",route=\"/api/v1/health\",status=\"200\"} 1",
        "yunei_http_request_duration_seconds_bucket{le=\"0.0025\",method=\"GET\",route=\"/api/v1/health\"} 1",
        "yunei_runs_ended_total{state=\"released\"} 1",
        "yunei_gate_verdicts_total{decision=\"release\",profile=\"yunei\",route=\"recomputed\"} 1",
        "yunei_gate_rules_failed_total{profile=\"yunei\",rule=\"threshold\"} 1",
        "yunei_entries_total{kind=\"run-released\"} 1",
        "yunei_outbox_entries{collector=\"supervision\"} 3",
        "yunei_outbox_lag_seconds{collector=\"supervision\"} 2.5",
        "yunei_record_holds -1",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
    }
    assert!(text.contains("yunei_build_info{version="), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn names_follow_the_conventions() {
    for name in NAMES {
        assert!(
            name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "{name}"
        );
        assert!(
            !name.starts_with(PREFIX) && !name.ends_with("_total"),
            "{name}"
        );
    }
}

#[test]
fn a_clock_that_stepped_back_is_no_lag() {
    let metrics = Metrics::default();
    metrics.outbox(
        "operations",
        OutboxStanding {
            lag_us: -5,
            ..OutboxStanding::default()
        },
    );
    let text = metrics.text().expect("text");
    assert!(
        text.contains("yunei_outbox_lag_seconds{collector=\"operations\"} 0.0"),
        "{text}"
    );
}
