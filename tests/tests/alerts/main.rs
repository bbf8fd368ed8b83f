//! Rules of alerts, by making what they watch for happen to the real program; its webhook, down for a while; and who takes notice.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
mod watched;
mod webhook;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use common::{guest, program, repository, text};
use serde_json::{Value, json};
use watched::{Watched, copy};
use webhook::{Got, receive};
use yunei_tests::{BUREAU, Client, Port, REGULATOR};

/// A trace that a client comes with, and its place in it.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
/// Longest wait for an alert, on a busy machine.
const ALERT_WAIT_MAX: Duration = Duration::from_secs(180);
/// Some of the people in the data of the census, as if their source unit had put them there.
const DECOYS: std::ops::Range<u32> = 1..65;

#[test]
fn rules_raise_their_alerts_and_the_webhook_hears_of_it() {
    // Nobody listens there yet.
    let port = Port::keep().expect("a free port");
    let mut watched = Watched::start(&port, &repository());
    let terms = repository().join("tests/guests");

    for _ in 0..3 {
        let wrong = watched.server.client().sign_in(BUREAU, "not the password");
        assert!(wrong.is_err(), "signed in with a wrong password");
    }
    let alert = watched.raised("sign-in-failures");
    assert_eq!(alert["subject"], json!({ "kind": "sign-in" }));

    // The webhook comes up only now, and fails twice more.
    let listener = TcpListener::bind(port.address()).expect("the same port");
    let got = receive(listener, vec![503, 500]);

    let unit = watched
        .story
        .operator_of(&terms)
        .expect("an operator")
        .clone();
    for _ in 0..2 {
        let answer = unit.get("/record").expect("an answer");
        assert_eq!(answer.status, 403);
    }
    traced_refusal(&unit);
    let alert = watched.raised("denied-decisions");
    assert_eq!(alert["subject"]["kind"], json!("account"));
    assert_eq!(alert["figures"], json!({ "denied": 3, "bound": 3 }));

    let transport = "transport-punctuality";
    let (grant, run) = watched.run("hostile", "forged-handle", &terms, transport);
    let alert = watched.raised("run-hours");
    assert_eq!(alert["subject"], json!({ "kind": "grant", "id": grant }));
    let alert = watched.raised("containment");
    assert_eq!(alert["run"], json!(run));
    assert_eq!(alert["resources"], json!(["nyc-flights-2013"]));

    let traced_run = denied_calls(&mut watched, &terms);
    volume(&mut watched, &terms);
    quota(&mut watched);
    watched_by_remit(&watched, &unit);
    acknowledged(&watched);

    let messages = heard(&watched, &got);
    carry_traces(
        &messages,
        [("denied-decisions", TRACE), ("denied-calls", &traced_run)],
    );
}

/// Every alert was told once, signed, in the order of the record, and after them the acknowledgement of one.
fn heard(watched: &Watched, got: &Receiver<Got>) -> Vec<Got> {
    let raised: Vec<Value> = watched.alerts(watched.bureau());
    let expected = raised.len() + 1;
    let mut messages = Vec::new();
    while messages.len() < expected {
        messages.push(got.recv_timeout(ALERT_WAIT_MAX).expect("a message"));
    }
    messages.iter().for_each(Got::check);
    let numbers: Vec<u64> = messages.iter().map(|got| got.number).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let told: Vec<Value> = messages
        .iter()
        .map(Got::json)
        .filter(|message| message["event"] == json!("alert-raised"))
        .map(|message| message["alert"]["id"].clone())
        .collect();
    let ids: BTreeSet<String> = raised.iter().map(|alert| text(alert, "id")).collect();
    assert_eq!(ids.len(), told.len());
    assert!(
        told.iter()
            .all(|id| ids.contains(id.as_str().expect("an id")))
    );
    let on_record = on_record(watched);
    assert_eq!(
        told, on_record,
        "each once, in the order in which they were raised"
    );
    assert_eq!(
        messages.last().expect("one").json()["event"],
        json!("alert-acknowledged")
    );
    let first = watched.alerts(watched.bureau())[0]["messages"][0].clone();
    assert_eq!(first["state"], json!("delivered"));
    assert!(
        first["attempts"].as_u64() > Some(2),
        "{first}: it was down for a while"
    );
    messages
}

/// Messages about these rules belong to the traces of what raised them.
fn carry_traces(messages: &[Got], traces: [(&str, &str); 2]) {
    for (rule, trace) in traces {
        let message = messages
            .iter()
            .find(|got| got.json()["alert"]["rule"] == json!(rule))
            .expect("a message");
        let told = &message.trace;
        assert!(
            told.starts_with(&format!("00-{trace}-")),
            "{rule}: `{told}`"
        );
        assert!(!told.contains(CALLER), "the host's own span: `{told}`");
    }
}

/// A request that is refused, with a trace of the client's.
fn traced_refusal(unit: &Client) {
    let answer = ureq::get(format!("{}/api/v1/record", unit.url()))
        .header(
            "authorization",
            format!("Bearer {}", unit.token().expect("a token")),
        )
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .call();
    assert!(
        matches!(answer, Err(ureq::Error::StatusCode(403))),
        "{answer:?}"
    );
}

/// A guest that asks for what its grant does not give: each refused call is on the trace, and many of them raise an alert.
/// Gives the trace that its submission is in.
fn denied_calls(watched: &mut Watched, terms: &Path) -> String {
    let (_, run) = watched.run("hostile", "denied-caller", terms, "transport-punctuality");
    let alert = watched.raised("denied-calls");
    assert_eq!(alert["subject"]["kind"], json!("operator"), "{alert}");
    assert_eq!(alert["figures"], json!({ "denied": 12, "bound": 10 }));
    assert_eq!(alert["run"], json!(run));
    let bureau = watched.bureau();
    let path = format!("/runs/{run}/calls?limit=1000");
    let calls = bureau.get(&path).expect("an answer").json();
    let calls = calls["items"].as_array().expect("calls");
    let denied: Vec<&Value> = calls
        .iter()
        .filter(|call| call["decision"] == json!("denied"))
        .collect();
    assert_eq!(denied.len(), 12, "{calls:?}");
    for call in denied {
        assert_eq!(call["kind"], json!("data.open"), "{call}");
        assert_eq!(call["clause"], json!("grant.resources"), "{call}");
    }
    let path = format!("/record?kind=run-submitted&run={run}");
    let submitted = bureau.get(&path).expect("an answer").json();
    let entry = &submitted["items"][0]["entry"];
    text(&entry["observed"], "trace_id")
}

/// A run that reads everything after one that read next to nothing, under one grant.
fn volume(watched: &mut Watched, terms: &Path) {
    let unit = watched
        .story
        .operator_of(terms)
        .expect("an operator")
        .clone();
    let grant = text(&watched.story.grant(terms).expect("a grant"), "id");
    for name in ["forged-handle", "row-encoder"] {
        let module = watched
            .story
            .upload(&unit, &guest("hostile", name))
            .expect("an answer");
        let module = text(&module.served().expect("admitted"), "id");
        watched.run_under(&unit, &module, &grant, "transport-punctuality");
    }
    let alert = watched.raised("volume");
    assert_eq!(alert["subject"], json!({ "kind": "grant", "id": grant }));
    assert!(
        alert["figures"]["rows"].as_u64() > alert["figures"]["mean"].as_u64(),
        "{alert}"
    );
}

/// One of two runs that a grant gives.
fn quota(watched: &mut Watched) {
    let place = tempfile::tempdir().expect("a directory");
    let example = repository().join("examples/transport-delays");
    let terms = std::fs::read_to_string(example.join("grant.toml")).expect("terms");
    let runs = terms
        .lines()
        .find(|line| line.starts_with("runs"))
        .expect("a quota");
    std::fs::write(
        place.path().join("grant.toml"),
        terms.replace(runs, "runs = 2"),
    )
    .expect("terms");
    let (grant, _) = watched.run(
        "examples",
        "transport-delays",
        place.path(),
        "transport-punctuality",
    );
    let alert = watched.raised("quota");
    assert_eq!(alert["subject"], json!({ "kind": "grant", "id": grant }));
    assert_eq!(alert["figures"]["percent"], json!(50), "{alert}");
}

/// A regulator for everything sees all of them, and that it looked is on the record; an operating unit sees none.
fn watched_by_remit(watched: &Watched, unit: &Client) {
    let regulator = watched.story.person(REGULATOR).expect("the regulator");
    // Their messages are on the way meanwhile.
    let without_messages = |client: &Client| {
        let mut alerts = watched.alerts(client);
        for alert in &mut alerts {
            alert["messages"] = Value::Null;
        }
        alerts
    };
    // So may an alert be that the last run raised.
    let began = Instant::now();
    loop {
        let (seen, raised) = (
            without_messages(regulator),
            without_messages(watched.bureau()),
        );
        if seen == raised {
            break;
        }
        assert!(began.elapsed() < ALERT_WAIT_MAX, "{seen:?}, {raised:?}");
    }
    assert_eq!(unit.get("/alerts").expect("an answer").status, 403);
    let bureau = watched.bureau();
    let queried = bureau
        .get("/record?kind=queried&limit=1000")
        .expect("an answer")
        .json();
    let queried = queried["items"].as_array().expect("items");
    let about_alerts = |entry: &Value| entry["entry"]["facts"]["action"] == json!("view-alert");
    assert!(
        queried.iter().any(about_alerts),
        "a regulator's look leaves an entry"
    );
}

/// The command line: a list, and an acknowledgement with a reason.
fn acknowledged(watched: &Watched) {
    let bureau = watched.bureau();
    let alert = text(&watched.raised("sign-in-failures"), "id");
    let yunei = |arguments: &[&str]| {
        let output = Command::new(program())
            .args(["--json", "--url", bureau.url(), "alert"])
            .args(arguments)
            .env("YUNEI_TOKEN", bureau.token().expect("a token"))
            .output()
            .expect("the program");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{failed}");
        serde_json::from_str::<Value>(&said).expect("JSON")
    };
    let open = |listed: Value| {
        let items = listed["items"].as_array().expect("items").clone();
        items.iter().any(|shown| shown["id"] == json!(alert))
    };
    assert!(open(yunei(&["list", "--open"])));
    let closed = yunei(&["acknowledge", &alert, "--reason", "a colleague mistyped"]);
    assert_eq!(
        closed["acknowledged"]["reason"],
        json!("a colleague mistyped")
    );
    assert!(!open(yunei(&["list", "--open"])));
    assert!(open(yunei(&["list"])));
}

/// What was raised and acknowledged is on the record, which holds. Gives the alerts as they were raised.
fn on_record(watched: &Watched) -> Vec<Value> {
    let bureau = watched.bureau();
    let of = |kind: &str| {
        let path = format!("/record?kind={kind}&limit=1000");
        let listed = bureau.get(&path).expect("an answer").json();
        let items = listed["items"].as_array().expect("items").clone();
        items
            .into_iter()
            .map(|item| item["entry"].clone())
            .collect::<Vec<Value>>()
    };
    let raised: Vec<Value> = of("alert-raised")
        .iter()
        .map(|e| e["facts"]["alert"].clone())
        .collect();
    let acknowledged = of("alert-acknowledged");
    assert_eq!(acknowledged.len(), 1);
    assert_eq!(
        acknowledged[0]["facts"]["reason"],
        json!("a colleague mistyped")
    );
    let report = watched.story.verify_record().expect("a report");
    assert_eq!(report["holds"], json!(true), "{report}");
    raised
}

#[test]
fn a_record_that_was_altered_while_the_server_was_down_raises_an_alert() {
    let port = Port::keep().expect("a free port");
    let mut watched = Watched::start(&port, &repository());
    watched.server.stop().expect("stopped");
    let file = watched.server.data().join("yunei.db");
    let mut bytes = std::fs::read(&file).expect("the database");
    // A digit of the nonce of some entry.
    let mark = b"\"nonce\":\"";
    let at = bytes
        .windows(mark.len())
        .rposition(|window| window == mark)
        .expect("an entry");
    let digit = &mut bytes[at + mark.len()];
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    std::fs::write(&file, bytes).expect("altered");
    watched.server.restart().expect("restarted");
    watched.story.move_to(&watched.server);
    let alert = watched.raised("verification");
    assert_eq!(alert["subject"], json!({ "kind": "record" }));
    assert_eq!(alert["level"], json!("critical"));
    assert!(alert["figures"]["findings"].as_u64() >= Some(1), "{alert}");
}

#[test]
fn a_decoy_in_a_named_cell_raises_an_alert_and_nobody_sees_which() {
    // The examples, with somebody of the data declared a decoy.
    let place = tempfile::tempdir().expect("a directory");
    let examples = place.path().join("examples");
    std::fs::create_dir(&examples).expect("a directory");
    let original = repository().join("examples");
    for entry in std::fs::read_dir(&original).expect("examples").flatten() {
        let name = entry.file_name();
        if name != "data" {
            std::os::unix::fs::symlink(entry.path(), examples.join(name)).expect("a link");
        }
    }
    copy(&original.join("data"), &examples.join("data"));
    let entry = examples.join("data/census-income-1994/resource.toml");
    let catalogue = std::fs::read_to_string(&entry).expect("an entry");
    let decoys: Vec<String> = DECOYS.map(|person| person.to_string()).collect();
    std::fs::write(&entry, format!("decoy = {decoys:?}\n{catalogue}")).expect("decoys");

    let port = Port::keep().expect("a free port");
    let mut watched = Watched::start(&port, place.path());
    let listed = watched
        .bureau()
        .get("/resources/census-income-1994")
        .expect("an answer");
    assert!(
        !listed.json().to_string().contains("decoy"),
        "the catalogue tells of decoys"
    );
    let directory = repository().join("examples/income-by-education");
    let (_, run) = watched.run(
        "examples",
        "income-by-education",
        &directory,
        "income-statistics",
    );
    let alert = watched.raised("decoy");
    assert_eq!(alert["subject"], json!({ "kind": "run", "id": run }));
    assert_eq!(alert["level"], json!("critical"));

    let other = repository().join("examples/transport-delays");
    let (_, other) = watched.run(
        "examples",
        "transport-delays",
        &other,
        "transport-punctuality",
    );
    let decoys: Vec<Value> = watched
        .alerts(watched.bureau())
        .into_iter()
        .filter(|alert| alert["rule"] == json!("decoy"))
        .collect();
    assert_eq!(decoys.len(), 1, "run {other} has none: {decoys:?}");
}
