//! What is told of witnesses elsewhere: alerts, metrics, and the trace that a request carries on to them.

use std::path::Path;

use serde_json::json;
use yunei_tests::{Server, quorum_policy};

use crate::common::repository;
use crate::domain::{Domain, administrator};
use crate::liar::{Liar, Lie};
use crate::metric::{metric, until};

/// A trace that a client comes with.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// The policies, with a shorter bound of the lag.
fn policies(directory: &Path) -> std::path::PathBuf {
    let policies = directory.join("policies");
    copy(&repository().join("policies"), &policies);
    let rule = policies.join("alerts/witness-lag.toml");
    let text = std::fs::read_to_string(&rule).expect("a rule");
    assert!(text.contains("seconds = 300"), "{text}");
    std::fs::write(rule, text.replace("seconds = 300", "seconds = 15")).expect("written");
    policies
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).expect("copied");
        }
    }
}

/// Open alerts, by their rules.
fn rules(server: &Server) -> Vec<String> {
    let listed = administrator(server).get("/alerts?open=true&limit=100");
    let listed = listed.expect("an answer").served().expect("alerts");
    let items = listed["items"].as_array().expect("items");
    let rule = |alert: &serde_json::Value| alert["rule"].as_str().expect("a rule").to_owned();
    items.iter().map(rule).collect()
}

/// Required, cosigned, and the lag in seconds, as the metrics tell.
fn told(server: &Server) -> (f64, f64, f64) {
    let one = |name: &str| metric(server, name)[""];
    (
        one("yunei_witness_quorum_required"),
        one("yunei_witness_quorum_cosigned"),
        one("yunei_witness_lag_seconds"),
    )
}

/// Puts an entry onto the record in a request with a trace.
fn traced_entry(server: &Server) {
    let administrator = administrator(server);
    let organisation = json!({ "name": "traced", "title": { "zh": "某单位", "en": "Some unit" }, "kind": "operator" });
    let answer = ureq::post(format!("{}/api/v1/organisations", administrator.url()))
        .header(
            "authorization",
            format!("Bearer {}", administrator.token().expect("a token")),
        )
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .send_json(&organisation);
    assert_eq!(answer.expect("registered").status(), 201);
}

#[test]
fn alerts_and_metrics_tell_of_witnesses_and_requests_carry_their_trace() {
    let mut domain = Domain::without_policy(2);
    let liar = Liar::before(domain.witnesses[1].url());
    let policies = policies(domain.directory.path());
    let policies = policies.to_str().expect("a path").to_owned();
    let mut named = domain.named();
    named[1].address.clone_from(&liar.url);
    let quorum = quorum_policy(&named, 2, "");
    std::fs::write(domain.server.data().join("witnesses.toml"), quorum).expect("a policy");
    let arguments = ["--policies", &policies, "--metrics", "127.0.0.1:0"];
    domain.server.restart_with(arguments).expect("restarted");
    domain.until_cosigned(2);
    let (required, cosigned, _) = told(&domain.server);
    assert_eq!((required, cosigned), (2.0, 2.0));
    assert_eq!(rules(&domain.server), Vec::<String>::new());

    traced_entry(&domain.server);
    let ours = format!("00-{TRACE}-");
    until("a witness to hear of the trace", || {
        liar.traces().iter().any(|trace| trace.starts_with(&ours))
    });
    let heard = liar.traces();
    assert!(
        heard.iter().all(|trace| !trace.contains(CALLER)),
        "the host's own span is between: {heard:?}"
    );

    // One contradicts the log: no quorum, and each says so.
    liar.tell(Lie::Same(422, "text/plain", "no\n".to_owned()));
    domain.entry();
    until("the alert of a fault", || {
        rules(&domain.server).contains(&"witness-fault".to_owned())
    });
    until("the alert of the lag", || {
        rules(&domain.server).contains(&"witness-lag".to_owned())
    });
    until("metrics of a lag", || {
        let (_, cosigned, lag) = told(&domain.server);
        cosigned == 1.0 && lag > 3.0
    });
    // Both well again.
    liar.tell(Lie::Truth);
    domain.until_cosigned(2);
    until("metrics of a quorum", || {
        let (_, cosigned, lag) = told(&domain.server);
        cosigned == 2.0 && lag < 3.0
    });
    assert!(!rules(&domain.server).contains(&"witness-silent".to_owned()));
    domain.witnesses[0].kill_hard().expect("killed");
    domain.entry();
    until("the alert of a silence", || {
        rules(&domain.server).contains(&"witness-silent".to_owned())
    });
}
