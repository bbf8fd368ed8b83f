//! Traces at a receiver that we did not write: nothing is lost, order is kept, operations see nobody.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;
mod receiver;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{RUN_WAIT_MAX, World, configure, guest, program, repository, text};
use receiver::arrival::{
    arrived, collector, delivered, entries_in_order, metric, run_arrived, until,
};
use receiver::line::{Fate, Line};
use receiver::{Receiver, Span};
use serde_json::{Value, json};
use yunei_tests::{Client, Server};

/// A trace that a client comes with.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// Time that a domain waits at least when it is asked to wait two seconds.
const RETRY_AFTER_MIN: Duration = Duration::from_millis(1500);

/// Submits an example and waits for its end; gives the run and its calls.
fn ran(world: &mut World, name: &str, end: &str) -> (String, u64) {
    let directory = repository().join("examples").join(name);
    let (unit, module, grant) = world.admitted(&guest("examples", name), &directory);
    let answer = world
        .story
        .submit(&unit, &directory, &module, &grant)
        .expect("an answer");
    ended(world, &text(&answer.served().expect("queued"), "id"), end)
}

fn ended(world: &World, run: &str, end: &str) -> (String, u64) {
    let detail = world
        .story
        .wait_state(run, &[end], RUN_WAIT_MAX)
        .expect("an end");
    (
        run.to_owned(),
        detail["run"]["calls"].as_u64().expect("calls"),
    )
}

/// How many entries the record has now.
fn entries(world: &World) -> u64 {
    let entries = metric(&world.server, "yunei_record_entries");
    entries
        .values()
        .next()
        .map(|number| format!("{number:.0}").parse().expect("a count"))
        .expect("entries")
}

#[test]
fn every_call_of_every_run_arrives_and_operations_see_nobody() {
    let place = tempfile::tempdir().expect("a directory");
    let full = Receiver::start(&place.path().join("full"));
    let redacted = Receiver::start(&place.path().join("redacted"));
    let configuration = collector("supervision", &full.url(), "full")
        + &collector("operations", &redacted.url(), "redacted");
    let mut world = World::configured(&configuration, &["--metrics", "127.0.0.1:0"]);

    // Released, under the caller's own trace.
    let directory = repository().join("examples/transport-delays");
    let (unit, module, grant) = world.admitted(&guest("examples", "transport-delays"), &directory);
    let request = yunei_tests::request(&directory, &module, &grant).expect("a request");
    let run = traced(&unit, &request);
    let (released, calls) = ended(&world, &run, "released");
    // Withheld, and stopped by somebody else than who submitted it.
    let (withheld, withheld_calls) = ran(&mut world, "hospital-spending", "withheld");
    let (stopped, stopped_calls) = stopped(&mut world);
    assert!(
        calls > 3 && withheld_calls > 3,
        "{calls} and {withheld_calls} calls"
    );

    let recorded = entries(&world);
    delivered(&world.server);
    let spans = arrived(&full, recorded);
    entries_in_order(&spans, recorded, &[]);
    let whole = run_arrived(&spans, &released, calls, "released");
    assert_eq!(
        (whole.trace.as_str(), whole.parent.is_empty()),
        (TRACE, false),
        "the caller's trace goes on"
    );
    assert_ne!(
        whole.parent, CALLER,
        "the request is between the caller and the run"
    );
    assert!(
        whole.events.contains(&"output-judged".to_owned()),
        "{whole:?}"
    );
    told_in_full(&spans);
    run_arrived(&spans, &withheld, withheld_calls, "withheld");
    run_arrived(&spans, &stopped, stopped_calls, "stopped");

    let seen = arrived(&redacted, recorded);
    entries_in_order(&seen, recorded, &[]);
    assert_eq!(
        ids(&seen, recorded),
        ids(&spans, recorded),
        "the same spans in the same order"
    );
    let operator = whole.text("yunei.operator.id").expect("a unit");
    nobody_told(
        &redacted,
        &[&released, &withheld, &module, &grant, operator],
    );
    assert!(!metric(&world.server, "yunei_outbox_lag_seconds").is_empty());
    world.assert_record_holds();
}

/// Operations see how things go, and neither these nor any name.
fn nobody_told(redacted: &Receiver, ids: &[&str]) {
    let told = redacted.told();
    let names = [
        "nyc-flights-2013",
        "rand-health",
        TRACE,
        CALLER,
        "transport-punctuality",
    ];
    for telling in ids.iter().chain(&names) {
        assert!(!told.contains(telling), "operations see `{telling}`");
    }
    assert!(told.contains("data.scan") && told.contains("run-released"));
}

/// A run that spins until the bureau stops it; gives it and its calls.
fn stopped(world: &mut World) -> (String, u64) {
    let terms = repository().join("tests/guests");
    let (hostile, spinning, its_grant) = world.admitted(&guest("hostile", "spin"), &terms);
    let request = json!({ "module": spinning, "grant": its_grant, "purpose": "transport-punctuality", "parameters": {} });
    let answer = world
        .story
        .submit_request(&hostile, &request)
        .expect("an answer")
        .served()
        .expect("queued");
    let spinning = text(&answer, "id");
    world
        .story
        .wait_state(&spinning, &["running"], RUN_WAIT_MAX)
        .expect("running");
    until("its rooms to be up", || {
        metric(&world.server, "yunei_rooms")["room=\"cell\""] == 1.0
    });
    let stop = json!({ "reason": "enough" });
    assert!(
        world
            .bureau()
            .post(&format!("/runs/{spinning}/stop"), &stop)
            .expect("an answer")
            .is_success()
    );
    ended(world, &spinning, "stopped")
}

/// Names and digests that supervision sees.
fn told_in_full(spans: &[Span]) {
    let scanned = spans
        .iter()
        .find(|span| span.text("yunei.call.kind") == Some("data.scan"))
        .expect("a scan");
    assert_eq!(scanned.text("yunei.resource"), Some("nyc-flights-2013"));
    for digest in ["yunei.module.digest", "yunei.trace.root"] {
        assert!(
            spans.iter().any(|span| span.text(digest).is_some()),
            "{digest}"
        );
    }
}

/// Ids of the spans up to that of the last of `entries`.
fn ids(spans: &[Span], entries: u64) -> Vec<&str> {
    let last = spans
        .iter()
        .position(|span| span.number("yunei.entry.index") == Some(entries - 1))
        .expect("the last entry");
    spans[..=last].iter().map(|span| span.id.as_str()).collect()
}

/// Submits a run under a trace of the caller's; gives its id.
fn traced(unit: &Client, request: &Value) -> String {
    let mut answer = ureq::post(format!("{}/api/v1/runs", unit.url()))
        .header(
            "authorization",
            format!("Bearer {}", unit.token().expect("a token")),
        )
        .header("idempotency-key", "traced")
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .send_json(request)
        .expect("queued");
    for header in ["traceparent", "traceresponse"] {
        let told = answer.headers()[header].to_str().expect("text").to_owned();
        assert!(
            told.starts_with(&format!("00-{TRACE}-")) && !told.contains(CALLER),
            "{header}: {told}"
        );
    }
    text(
        &answer.body_mut().read_json::<Value>().expect("a run"),
        "id",
    )
}

#[test]
fn nothing_is_lost_while_the_receiver_is_down_or_the_server_is_killed() {
    let place = tempfile::tempdir().expect("a directory");
    let mut receiver = Receiver::start(&place.path().join("full"));
    let configuration = collector("supervision", &receiver.url(), "full");
    let mut world = World::configured(&configuration, &["--metrics", "127.0.0.1:0"]);
    let mut runs = vec![ran(&mut world, "transport-delays", "released")];
    delivered(&world.server);
    // What it has acknowledged it has told, so that what it loses by its death is not ours.
    arrived(&receiver, entries(&world) - 1);
    receiver.kill();

    runs.push(ran(&mut world, "income-by-education", "released"));
    until("failures to show", || {
        let failures = metric(&world.server, "yunei_outbox_failed_attempts");
        failures.values().all(|attempts| *attempts >= 1.0)
    });
    assert!(
        metric(&world.server, "yunei_outbox_entries")
            .values()
            .all(|entries| *entries > 3.0)
    );
    assert!(
        metric(&world.server, "yunei_outbox_lag_seconds")
            .values()
            .all(|seconds| *seconds > 0.0)
    );
    for _ in 0..2 {
        world.server.kill_hard().expect("killed");
        world.server.restart().expect("restarted");
        world.story.move_to(&world.server);
    }
    runs.push(ran(&mut world, "bus-rides", "released"));
    receiver.restart();
    // Killed while it delivers: what it had not noted as delivered comes again.
    world.server.kill_hard().expect("killed");
    world.server.restart().expect("restarted");
    world.story.move_to(&world.server);
    delivered(&world.server);
    let recorded = entries(&world);
    let spans = arrived(&receiver, recorded);
    entries_in_order(&spans, recorded, &[]);
    for (run, calls) in &runs {
        run_arrived(&spans, run, *calls, "released");
    }
    world.assert_record_holds();
}

#[test]
fn a_bad_line_repeats_and_what_is_refused_is_on_the_record() {
    let place = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start(&place.path().join("full"));
    let line = Line::to(receiver.port(), |number, body| match number {
        0 => Fate::Answer(503, 2),
        1 => Fate::Answer(401, 0),
        2 => Fate::LoseAnswer,
        _ if holds(body, "sign-in-failed") => Fate::Answer(400, 0),
        _ => Fate::Pass,
    });
    let data = place.path().join("data");
    configure(
        &data,
        &(collector("supervision", &line.url(), "full") + "headers_file = \"headers\"\n"),
    );
    std::fs::write(data.join("headers"), "x-collector: of-supervision\n").expect("headers");
    let mut server =
        Server::start(&program(), &data, ["--metrics", "127.0.0.1:0"]).expect("a server");
    until("the next attempt", || line.requests().len() > 1);
    let came = line.requests();
    let pause = came[1].duration_since(came[0]);
    assert!(pause > RETRY_AFTER_MIN, "`retry-after` is honoured");
    until("the line to work", || line.requests().len() > 3);
    // Two that will be refused among those that will not.
    for _ in 0..2 {
        let asked = json!({ "account": "nobody", "password": "wrong" });
        let answer = server
            .client()
            .post("/sessions", &asked)
            .expect("an answer");
        assert_eq!(answer.status, 401);
    }
    until("both refusals to show", || {
        metric(&server, "yunei_outbox_parked_spans")
            .values()
            .all(|spans| *spans == 2.0)
    });
    delivered(&server);
    let recorded = metric(&server, "yunei_entries_total");
    assert_eq!(recorded["kind=\"collector-refused\""], 2.0);
    server.stop().expect("stopped");
    let lacking = doctor(&data);
    assert!(
        lacking.contains("lacks 1 entries and refused 2 spans"),
        "the entry of the stop is on its way: {lacking}"
    );
    server.restart().expect("restarted");
    delivered(&server);

    // Acknowledged, and told a little later.
    let stop_arrived = || {
        let (spans, _) = receiver.spans();
        spans
            .iter()
            .any(|span| span.text("yunei.entry.kind") == Some("system-stopped"))
    };
    until("the entry of the stop to arrive", stop_arrived);
    all_but_refused(&receiver);
}

/// Everything arrived but the two failed sign-ins and the two entries that say so.
fn all_but_refused(receiver: &Receiver) {
    let (spans, count) = receiver.spans();
    assert!(count > spans.len(), "lost answers made repeats");
    assert!(
        spans
            .iter()
            .all(|span| span.text("yunei.entry.kind") != Some("sign-in-failed"))
    );
    assert!(
        spans
            .iter()
            .any(|span| span.text("yunei.entry.kind") == Some("system-stopped"))
    );
    let last = spans
        .iter()
        .filter_map(|span| span.number("yunei.entry.index"))
        .max()
        .expect("entries");
    let indices: Vec<u64> = spans
        .iter()
        .filter_map(|span| span.number("yunei.entry.index"))
        .collect();
    let missing: Vec<u64> = (0..=last)
        .filter(|index| !indices.contains(index))
        .collect();
    assert!(
        missing.len() == 4,
        "two that were refused and two that say so: {missing:?}"
    );
    entries_in_order(&spans, last + 1, &missing);
}

#[test]
fn a_collector_that_refuses_everything_is_waited_for() {
    let place = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start(&place.path().join("full"));
    let refusing = Arc::new(AtomicBool::new(true));
    let line = Line::to(receiver.port(), {
        let refusing = Arc::clone(&refusing);
        move |_, _| {
            if refusing.load(Ordering::Relaxed) {
                Fate::Answer(400, 0)
            } else {
                Fate::Pass
            }
        }
    });
    let data = place.path().join("data");
    configure(&data, &collector("supervision", &line.url(), "full"));
    let server = Server::start(&program(), &data, ["--metrics", "127.0.0.1:0"]).expect("a server");
    for number in 0..10 {
        let asked = json!({ "account": format!("nobody{number}"), "password": "wrong" });
        assert_eq!(
            server
                .client()
                .post("/sessions", &asked)
                .expect("an answer")
                .status,
            401
        );
    }
    let one = |name: &str| metric(&server, name).values().sum::<f64>();
    until("it to be waited for", || {
        one("yunei_outbox_failed_attempts") >= 2.0
    });
    assert_eq!(
        one("yunei_outbox_parked_spans"),
        8.0,
        "a few are set aside, and no more"
    );
    assert!(one("yunei_outbox_entries") > 0.0);
    refusing.store(false, Ordering::Relaxed);
    delivered(&server);
    assert_eq!(one("yunei_outbox_parked_spans"), 8.0);
    assert_eq!(one("yunei_outbox_failed_attempts"), 0.0);
    until("the rest to arrive", || {
        receiver.spans().0.len() as f64 == one("yunei_outbox_delivered_spans")
    });
}

fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// What `yunei doctor` says of a data directory.
fn doctor(data: &Path) -> String {
    let output = std::process::Command::new(program())
        .arg("doctor")
        .arg("--data")
        .arg(data)
        .output();
    String::from_utf8(output.expect("a doctor").stdout).expect("text")
}
