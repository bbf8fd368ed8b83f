//! The live stream over the real program: fifty readers while runs go on, restarts, and what an operating unit is told.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::collections::BTreeSet;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{RUN_WAIT_MAX, World, guest, text};
use serde_json::{Value, json};
use yunei_tests::{Came, Client, Event, REGULATOR};

/// Readers at once.
const READERS: usize = 50;
/// Runs that go on meanwhile.
const RUNS: usize = 4;
/// Longest wait for a reader to come to the end.
const READER_WAIT_MAX: Duration = Duration::from_secs(900);
/// Longest wait for an event that must come: what a unit is told of a run that took more than a minute comes at the end of the fifth.
const EVENT_WAIT_MAX: Duration = Duration::from_secs(330);
/// The small job: one day of bus rides, counted by district and hour.
const QUESTION: &str = "bus-rides";

/// Reads on until the entry at `last`. Gives the numbers that came.
fn read_until(
    client: Client,
    begin: u64,
    last: std::sync::mpsc::Receiver<u64>,
) -> JoinHandle<Vec<u64>> {
    std::thread::spawn(move || {
        let mut events = client.events("/events", Some(begin)).expect("a stream");
        let (mut seen, mut until) = (Vec::new(), None);
        let began = Instant::now();
        loop {
            until = until.or_else(|| last.try_recv().ok());
            if until.is_some_and(|until| seen.last().is_some_and(|seen| *seen >= until)) {
                return seen;
            }
            assert!(began.elapsed() < READER_WAIT_MAX, "it comes to its end");
            let came = events.next_within(Duration::from_millis(200));
            if let Came::Event(Event { id, event, .. }) = came.expect("the stream stands")
                && event == "entry"
            {
                seen.push(id.expect("an entry has a number"));
            }
        }
    })
}

/// The position of the newest entry.
fn newest(client: &Client) -> u64 {
    let mut events = client.events("/events", None).expect("a stream");
    let begin = events.expect_within(EVENT_WAIT_MAX).expect("a beginning");
    begin.id.expect("a position")
}

fn submitted(world: &mut World, unit: &Client, module: &str, grant: &str) -> String {
    let directory = world.story.example(QUESTION);
    let run = world.story.submit(unit, &directory, module, grant);
    text(&run.expect("an answer").served().expect("queued"), "id")
}

#[test]
fn fifty_readers_miss_nothing_while_runs_go_on() {
    let mut world = World::start();
    let terms = world.story.example(QUESTION);
    let (unit, module, grant) = world.admitted(&guest("examples", QUESTION), &terms);
    let regulator = world.story.person(REGULATOR).expect("a regulator").clone();
    let begin = newest(&regulator);
    let mut readers = Vec::new();
    for number in 0..READERS {
        // Two accounts, so that neither has too many.
        let client = if number % 2 == 0 {
            &regulator
        } else {
            world.bureau()
        };
        let (tell, told) = std::sync::mpsc::channel();
        readers.push((tell, read_until(client.clone(), begin, told)));
    }
    let runs: Vec<String> = (0..RUNS)
        .map(|_| submitted(&mut world, &unit, &module, &grant))
        .collect();
    for run in &runs {
        world
            .story
            .wait_state(run, &["released"], RUN_WAIT_MAX)
            .expect("released");
    }
    let last = newest(&regulator);
    for (tell, _) in &readers {
        tell.send(last).expect("a reader");
    }
    let expected: Vec<u64> = (begin + 1..=last).collect();
    for (_, reader) in readers {
        let seen = reader.join().expect("a reader that ends");
        assert!(seen.len() >= expected.len());
        assert_eq!(
            seen[..expected.len()],
            expected,
            "each number once, in order"
        );
    }
    unit_is_told_its_own_runs_alone(&world, &unit, &runs);
    a_restart_leaves_no_gap(&mut world, begin);
    world.assert_record_holds();
}

/// The unit's numbers are 1, 2, 3 … whatever stands on the record between, and its events tell statuses alone.
fn unit_is_told_its_own_runs_alone(world: &World, unit: &Client, runs: &[String]) {
    let mut events = unit.events("/events?since=0", None).expect("a stream");
    let mut released = BTreeSet::new();
    let mut number = 0;
    while released.len() < runs.len() {
        let event = events.expect_within(EVENT_WAIT_MAX).expect("an event");
        if event.event == "begin" {
            assert_eq!(event.data, json!({ "position": 0 }));
            continue;
        }
        number += 1;
        assert_eq!((event.id, event.event.as_str()), (Some(number), "run"));
        let members = event.data.as_object().expect("an object");
        let names: BTreeSet<&str> = members.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["at", "run", "status"]));
        let run = text(&event.data, "run");
        assert!(runs.contains(&run));
        let seen = unit.get(&format!("/runs/{run}")).expect("an answer").json();
        let submitted = seen["submitted_at"].as_i64().expect("a time");
        let after = event.data["at"].as_i64().expect("a time") - submitted;
        match event.data["status"].as_str() {
            Some("in-progress") => assert_eq!(after, 0),
            Some("released") => {
                let buckets = [2, 5, 15, 60, 300].map(|seconds: i64| seconds * 1_000_000);
                assert!(buckets.contains(&after), "{after} is the end of a bucket");
                assert_eq!(seen["status"], "released", "not told before it is seen");
                released.insert(run);
            }
            other => panic!("{other:?} of a run that was released"),
        }
    }
    assert_eq!(number, 2 * runs.len() as u64);
    // Another unit is told nothing of it, and cannot tell that there is anything.
    let other = world
        .story
        .personas()
        .iter()
        .filter(|persona| persona.role == "operator")
        .filter_map(|persona| world.story.person(&persona.account).ok())
        .find(|client| client.token() != unit.token());
    let other = other.expect("another unit");
    let mut events = other.events("/events?since=0", None).expect("a stream");
    let begin = events.expect_within(EVENT_WAIT_MAX).expect("a beginning");
    assert_eq!(begin.data, json!({ "position": 0 }));
    let silent = events.next_within(Duration::from_millis(1500));
    assert_eq!(silent.expect("the stream stands"), Came::Nothing);
    // Resumed after its third event: the fourth is next.
    let mut again = unit.events("/events", Some(3)).expect("a stream");
    let ids: Vec<Option<u64>> = (0..2)
        .map(|_| again.expect_within(EVENT_WAIT_MAX).expect("an event").id)
        .collect();
    assert_eq!(ids, [Some(3), Some(4)]);
}

/// Killed in the middle: what a reader had, and what it gets afterwards from its last id on, is the record.
fn a_restart_leaves_no_gap(world: &mut World, begin: u64) {
    let mut events = world
        .bureau()
        .events("/events", Some(begin))
        .expect("a stream");
    let mut seen: Vec<(u64, Value)> = Vec::new();
    let take = |event: Event, seen: &mut Vec<(u64, Value)>| {
        if event.event == "entry" {
            seen.push((
                event.id.expect("a number"),
                event.data["entry"]["id"].clone(),
            ));
        }
    };
    for _ in 0..10 {
        take(
            events.expect_within(EVENT_WAIT_MAX).expect("an event"),
            &mut seen,
        );
    }
    world.server.kill_hard().expect("killed");
    while let Came::Event(event) = events.next_within(EVENT_WAIT_MAX).expect("an end") {
        take(event, &mut seen);
    }
    world.server.restart().expect("restarted");
    world.story.move_to(&world.server);
    let last = seen.last().expect("something was seen").0;
    let mut events = world
        .bureau()
        .events("/events", Some(last))
        .expect("a stream");
    let end = newest(world.bureau());
    while seen.last().expect("something was seen").0 < end {
        take(
            events.expect_within(EVENT_WAIT_MAX).expect("an event"),
            &mut seen,
        );
    }
    let ids: Vec<u64> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        ids,
        (begin + 1..=*ids.last().expect("some")).collect::<Vec<_>>()
    );
    let page = format!("/record?after={begin}&limit=1000");
    let page = world.bureau().get(&page).expect("an answer").json();
    let items = page["items"].as_array().expect("items");
    for (item, (position, id)) in items.iter().zip(&seen) {
        assert_eq!(
            (&item["position"], &item["entry"]["id"]),
            (&json!(position), id)
        );
    }
}
