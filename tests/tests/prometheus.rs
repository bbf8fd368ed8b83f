//! Metrics as Prometheus itself reads them, and the rules of `ops/telemetry/` as its own tools check them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{configure, program, repository, tool};
use serde_json::Value;
use yunei_tests::{Port, Server};

/// Longest wait for Prometheus to have scraped.
const SCRAPE_WAIT_MAX: Duration = Duration::from_secs(180);

fn rules() -> PathBuf {
    repository().join("ops/telemetry")
}

#[test]
fn configuration_and_rules_are_valid_and_every_alert_fires_when_it_should() {
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        let checked = Command::new(tool("prometheus/usr/bin/promtool"))
            .args(arguments)
            .current_dir(rules())
            .output();
        let checked = checked.expect("promtool");
        let told = [checked.stdout, checked.stderr].concat();
        assert!(
            checked.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&told)
        );
    }
    let text = |file| std::fs::read_to_string(rules().join(file)).expect("a file");
    let (alerts, tests) = (text("alerts.yml"), text("alerts.test.yml"));
    for alert in alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        for case in ["fires", "stays quiet"] {
            assert!(
                tests.contains(&format!("name: {alert} {case}")),
                "{alert} is not tested: {case}"
            );
        }
    }
}

/// Prometheus over a domain; ends when this is dropped.
struct Prometheus {
    child: Child,
    url: String,
    _port: Port,
}

impl Prometheus {
    fn start(place: &Path, scraped: &str) -> Self {
        let target = scraped
            .trim_start_matches("http://")
            .trim_end_matches("/metrics");
        let text =
            std::fs::read_to_string(rules().join("prometheus.yml")).expect("a configuration");
        let text = text.replace("127.0.0.1:8701", target).replace("15s", "1s");
        std::fs::write(place.join("prometheus.yml"), text).expect("written");
        std::fs::copy(rules().join("alerts.yml"), place.join("alerts.yml")).expect("copied");
        let port = Port::keep().expect("a free port");
        let address = port.address();
        let log = std::fs::File::create(place.join("log")).expect("a log");
        let child = Command::new(tool("prometheus/usr/bin/prometheus"))
            .arg(format!("--web.listen-address={address}"))
            .args([
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=series",
                "--log.level=warn",
            ])
            .current_dir(place)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus");
        Self {
            child,
            url: format!("http://{address}"),
            _port: port,
        }
    }

    /// What a query answers; nothing while Prometheus is not up.
    fn ask(&self, query: &str) -> Option<Vec<Value>> {
        let answer = ureq::get(format!("{}/api/v1/query", self.url))
            .query("query", query)
            .call();
        let answer: Value = answer.ok()?.body_mut().read_json().ok()?;
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().cloned()
    }

    fn until(&self, query: &str) -> Vec<Value> {
        let began = Instant::now();
        loop {
            match self.ask(query) {
                Some(found) if !found.is_empty() => return found,
                _ => {}
            }
            assert!(began.elapsed() < SCRAPE_WAIT_MAX, "waited for {query}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn prometheus_reads_every_metric_and_strangers_none() {
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    // A collector that is not there: its backlog shows.
    configure(
        &data,
        "[[collector]]\nname = \"operations\"\nurl = \"http://127.0.0.1:9\"\nkind = \"redacted\"\n",
    );
    let server = Server::start(&program(), &data, ["--metrics", "127.0.0.1:0"]).expect("a server");
    let health = server.client().get("/health").expect("an answer");
    assert!(health.is_success());
    let prometheus = Prometheus::start(place.path(), server.metrics_url().expect("metrics"));
    prometheus.until("up{job=\"yunei\"} == 1");
    prometheus.until("yunei_http_requests_total{route=\"/api/v1/health\",status=\"200\"} == 1");
    prometheus.until("yunei_outbox_entries{collector=\"operations\"} > 0");
    prometheus.until("yunei_build_info{version!=\"\"} == 1");
    for board in ["overview", "record", "runs"] {
        let text = std::fs::read_to_string(rules().join(format!("grafana/{board}.json")))
            .expect("a dashboard");
        let board: Value = serde_json::from_str(&text).expect("a dashboard");
        for panel in board["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().expect("targets") {
                // Understood; whether there is something to show depends on what happened.
                let expression = target["expr"].as_str().expect("an expression");
                assert!(prometheus.ask(expression).is_some(), "{expression}");
            }
        }
    }
    // Metrics are no part of the interface, whoever asks.
    let interface = ureq::get(format!("{}/metrics", server.url()))
        .config()
        .http_status_as_error(false)
        .build()
        .call();
    assert_eq!(interface.expect("an answer").status(), 404);
    let exposed = Command::new(program())
        .args(["serve", "--metrics", "0.0.0.0:0", "--data"])
        .arg(place.path().join("other"))
        .output();
    let exposed = exposed.expect("an answer");
    assert!(
        !exposed.status.success()
            && String::from_utf8_lossy(&exposed.stderr).contains("this machine alone")
    );
    assert!(!place.path().join("other").exists());
}
