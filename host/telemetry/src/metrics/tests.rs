use std::collections::BTreeSet;
use std::path::Path;

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

/// Names of metrics in a text, as it writes them.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("yunei_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn rules_and_dashboards_name_metrics_that_there_are() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops/telemetry");
    let mut told = BTreeSet::new();
    let mut look = |file: &Path| {
        let text = std::fs::read_to_string(file).expect("a file");
        if file.extension().is_some_and(|ending| ending == "json") {
            let board: serde_json::Value = serde_json::from_str(&text).expect("a dashboard");
            for panel in board["panels"].as_array().expect("panels") {
                for target in panel["targets"].as_array().expect("targets") {
                    let names = named(target["expr"].as_str().expect("an expression"));
                    assert!(!names.is_empty(), "{}: {panel}", file.display());
                    told.extend(names);
                }
            }
        } else {
            told.extend(named(&text));
        }
    };
    for file in [
        "alerts.yml",
        "alerts.test.yml",
        "grafana/overview.json",
        "grafana/record.json",
        "grafana/runs.json",
    ] {
        look(&place.join(file));
    }
    let known: BTreeSet<String> = NAMES
        .iter()
        .flat_map(|name| {
            ["", "_total", "_bucket", "_info"].map(|suffix| format!("{PREFIX}_{name}{suffix}"))
        })
        .collect();
    let unknown: Vec<_> = told.difference(&known).collect();
    assert!(unknown.is_empty(), "no such metrics: {unknown:?}");
    let seen = |name: &str| {
        told.iter()
            .any(|told| told.starts_with(&format!("{PREFIX}_{name}")))
    };
    let unseen: Vec<_> = NAMES.iter().filter(|name| !seen(name)).collect();
    assert!(
        unseen.is_empty(),
        "metrics that nobody looks at: {unseen:?}"
    );
}
