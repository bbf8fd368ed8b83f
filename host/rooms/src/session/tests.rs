//! What a cell that was taken over may say: a session over two real processes and two sockets whose other ends the tests hold.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::process::Command;
use yunei_model::{CallDecision, Limits, SystemClock, World};

use super::*;
use crate::protocol::{CellEnd, Did, Read, ToFeed};
use crate::room::Process;
use crate::{RoomLimits, wire};

/// Seconds for which the processes would live; each is killed with its session.
const LIVES_S: &str = "600";
const CALLS_MAX: u64 = 8;
/// How long a flood waits until it is sure that nothing more is taken.
const FLOOD_WAIT_MAX: Duration = Duration::from_secs(5);
/// What rows would look like in a name.
const ROWS: &str = "mfzgkidjom_geztcmrt";

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn layers() -> Vec<Layer> {
    let mut layers = lockdown::REQUIRED_LAYERS.to_vec();
    layers.push(Layer::Landlock);
    layers
}

fn talk() -> Talk {
    let kind = yunei_model::FieldType::Int64;
    Talk {
        cell: CellPlan {
            world: World::Analysis,
            tables: vec![crate::TablePlan {
                name: name("rides"),
                fields: vec![(name("fare"), kind, false)],
            }],
            sql: true,
            outputs: vec![name("by-zone"), name("by-hour")],
            derived: Vec::new(),
            contribution: None,
            parameters: std::collections::BTreeMap::new(),
            guest: Limits {
                calls_max: CALLS_MAX,
                ..Limits::default()
            },
            limits: RoomLimits {
                address_space_bytes_max: 1,
                file_bytes_max: 1,
                cpu_seconds_max: 1,
            },
        },
        subjects: false,
        argument_key: [7; 32],
        rows_max: 100,
    }
}

/// A process, and what speaks for it.
fn room(room: &'static str, speaks: impl FnOnce(&UnixStream) + Send + 'static) -> Room {
    let (ours, theirs) = UnixStream::pair().unwrap();
    thread::spawn(move || speaks(&theirs));
    let mut command = Command::new("sleep");
    command.arg(LIVES_S).stdin(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().unwrap();
    ours.set_nonblocking(true).unwrap();
    let stream = tokio::net::UnixStream::from_std(ours).unwrap();
    Room::over(Process::of(room, &child).unwrap(), child, stream)
}

/// A feed that is locked, and opens what it is told to as `reads` of the plan.
fn feed(reads: Vec<Read>) -> impl FnOnce(&UnixStream) + Send + 'static {
    move |stream| {
        wire::send(stream, &FeedSays::Locked { layers: layers() }).unwrap();
        let order: Result<Option<ToFeed>, _> = wire::receive(stream);
        if let Ok(Some(ToFeed::Scan { reader, .. })) = order {
            let outcome = Ok(reads);
            wire::send(stream, &FeedSays::Opened { reader, outcome }).unwrap();
        }
        // It stays until the session is gone.
        let _end: Result<Option<ToFeed>, _> = wire::receive(stream);
    }
}

/// A session with a cell that is locked and then says what `says` writes; the socket stays open.
async fn session(
    reads: Vec<Read>,
    says: impl FnOnce(&UnixStream) + Send + 'static,
) -> (Session<'static>, RunningRooms) {
    let cell = room("cell", move |stream| {
        wire::send(stream, &CellSays::Locked { layers: layers() }).unwrap();
        says(stream);
        let _end: Result<Option<ToCell>, _> = wire::receive(stream);
        let _end: Result<Option<ToCell>, _> = wire::receive(stream);
    });
    let rooms = [room("feed", feed(reads)), cell];
    let output = memfd_create(
        "yunei-output",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )
    .unwrap();
    let now = SystemClock.now();
    Session::over(rooms, [now, now], talk(), output, &SystemClock)
        .await
        .unwrap()
}

fn saying(message: CellSays) -> impl FnOnce(&UnixStream) + Send + 'static {
    move |stream| wire::send(stream, &message).unwrap()
}

fn did(did: Did) -> CellSays {
    CellSays::Did {
        did,
        duration_us: 1,
    }
}

fn raw(text: String) -> impl FnOnce(&UnixStream) + Send + 'static {
    move |mut stream| {
        let length = u32::try_from(text.len()).unwrap();
        stream.write_all(&length.to_le_bytes()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
    }
}

/// The calls that the session makes of what a cell says, or how it breaks the protocol.
async fn calls(says: impl FnOnce(&UnixStream) + Send + 'static) -> Result<Vec<Call>, RoomError> {
    let (mut session, rooms) = session(Vec::new(), says).await;
    let event = session.next().await;
    rooms.kill();
    match event? {
        Event::Calls(calls) => Ok(calls),
        Event::Ended(ending) => unreachable!("{ending:?}"),
    }
}

/// It breaks the protocol, and nothing of what it said is told of that.
fn assert_broken<T: std::fmt::Debug>(outcome: Result<T, RoomError>, what: &str) {
    let error = outcome.expect_err(what);
    assert!(
        matches!(error, RoomError::Protocol { .. }),
        "{what}: {error}"
    );
    let told = format!("{error} {error:?}");
    assert!(!told.contains(ROWS), "{what}: {told}");
}

#[tokio::test]
async fn only_names_of_the_plan_go_onto_the_record() {
    let output = |output| did(Did::OutputCreate { output });
    let known = calls(saying(output(Some(1)))).await.unwrap();
    assert_eq!(known[0].fields, [name("by-hour")]);
    assert_eq!(known[0].decision, CallDecision::Allowed);
    let refused = calls(saying(output(None))).await.unwrap();
    assert_eq!(refused[0].clause.as_deref(), Some("manifest.outputs"));
    assert!(refused[0].fields.is_empty());
    assert_broken(calls(saying(output(Some(2)))).await, "another output");
    let append = did(Did::OutputAppend {
        output: Some(7),
        rows: 1,
        bytes: 1,
    });
    assert_broken(calls(saying(append)).await, "rows to another output");

    let scan = Ask::Scan {
        reader: 0,
        table: name(ROWS),
        columns: vec![0],
    };
    let open = Ask::Open {
        name: ROWS.to_owned(),
    };
    for ask in [scan, open] {
        let asked = calls(saying(CellSays::Ask(ask))).await.unwrap();
        let told = serde_json::to_string(&asked).unwrap();
        assert!(!told.contains(ROWS), "{told}");
        assert_eq!(asked[0].clause.as_deref(), Some("grant.resources"));
    }
}

#[tokio::test]
async fn a_cell_that_says_words_of_its_own_breaks_the_protocol() {
    for said in [
        format!(r#"{{"Did":{{"did":{{"OutputCreate":{{"output":"{ROWS}"}}}},"duration_us":1}}}}"#),
        format!(
            r#"{{"Did":{{"did":{{"OutputCreate":{{"name":"{ROWS}","clause":"{ROWS}"}}}},"duration_us":"{ROWS}"}}}}"#
        ),
        format!(r#"{{"{ROWS}":1}}"#),
        format!(r#"{{"Ended":{{"Err":{{"Trap":"{ROWS}"}}}}}}"#),
        format!(r#"{{"Ended":{{"Err":{{"{ROWS}":1}}}}}}"#),
        ROWS.to_owned(),
    ] {
        assert_broken(calls(raw(said.clone())).await, &said);
    }
    let detail = ROWS.to_owned();
    let late = CellSays::Failed { detail };
    assert_broken(calls(saying(late)).await, "a failure before the lock");
}

#[tokio::test]
async fn a_clause_beside_an_output_is_not_heard() {
    let said = format!(
        r#"{{"Did":{{"did":{{"OutputCreate":{{"output":0,"clause":"{ROWS}"}}}},"duration_us":1}}}}"#
    );
    let heard = calls(raw(said)).await.unwrap();
    assert_eq!(heard[0].fields, [name("by-zone")]);
    assert_eq!(heard[0].clause, None);
}

#[tokio::test]
async fn an_end_is_of_a_fixed_list_and_its_message_is_set_apart() {
    let ended = |end: CellEnd| async {
        let says = saying(CellSays::Ended(Err(end)));
        let (mut session, rooms) = session(Vec::new(), says).await;
        let event = session.next().await;
        rooms.kill();
        event
    };
    let limit = |name: &str| {
        CellEnd::Limit(yunei_model::LimitExceeded {
            name: name.to_owned(),
            limit: 1,
            current: 1,
            requested: 1,
        })
    };
    assert_broken(ended(limit(ROWS)).await, "a limit");
    let denied = CellEnd::Denied(ROWS.to_owned());
    assert_broken(ended(denied).await, "an interface");
    let long = CellEnd::Error("x".repeat(yunei_sandbox::MESSAGE_BYTES_MAX + 1));
    assert_broken(ended(long).await, "a long message");

    let ending = |event| match event {
        Ok(Event::Ended(ending)) => ending,
        other => unreachable!("{other:?}"),
    };
    let known = ending(ended(limit("handles_max")).await);
    assert!(matches!(known.cause, Some(EndCause::Limit { .. })));
    let denied = CellEnd::Denied(yunei_sandbox::wit::QUERY.to_owned());
    let denied = ending(ended(denied).await);
    assert!(matches!(denied.cause, Some(EndCause::Denied { .. })));

    let error = ending(ended(CellEnd::Error(ROWS.to_owned())).await);
    assert!(!format!("{error:?}").contains(ROWS), "{error:?}");
    let Some(EndCause::GuestError {
        digest: Some(first),
    }) = error.cause
    else {
        unreachable!("{error:?}");
    };
    assert!(error.message.is_some());
    let other = ending(ended(CellEnd::Error("other".to_owned())).await);
    let digest = Some(first);
    assert_ne!(other.cause, Some(EndCause::GuestError { digest }));
}

#[tokio::test]
async fn a_frame_too_long_is_refused_before_it_is_read() {
    let length = u32::try_from(talk().hearing().frame_bytes_max + 1).unwrap();
    let says = move |mut stream: &UnixStream| stream.write_all(&length.to_le_bytes()).unwrap();
    assert_broken(calls(says).await, "a frame of which the length alone came");
    // What a guest may ask for at most still fits: every byte of a query escaped.
    let longest = usize::try_from(Limits::default().string_bytes_max).unwrap();
    let text = "\u{1}".repeat(longest);
    let asked = CellSays::Ask(Ask::Sql { reader: 0, text });
    let asked = calls(saying(asked)).await.unwrap();
    assert_eq!(asked[0].bytes, longest as u64);
}

#[tokio::test]
async fn a_flood_waits_in_the_cell_and_not_in_the_server() {
    let (told, written) = mpsc::channel();
    let text = "x".repeat(usize::try_from(Limits::default().string_bytes_max).unwrap());
    let says = move |stream: &UnixStream| {
        stream.set_write_timeout(Some(FLOOD_WAIT_MAX)).unwrap();
        let mut bytes = 0;
        // Nobody hears any of it: at some point nothing more is taken.
        for reader in 0..MESSAGES_WAITING_MAX {
            let reader = u32::try_from(reader).unwrap();
            let text = text.clone();
            if wire::send(stream, &CellSays::Ask(Ask::Sql { reader, text })).is_err() {
                break;
            }
            bytes += usize::try_from(Limits::default().string_bytes_max).unwrap();
        }
        told.send(bytes).unwrap();
    };
    let (session, rooms) = session(Vec::new(), says).await;
    let bytes = tokio::task::spawn_blocking(move || written.recv().unwrap());
    let bytes = bytes.await.unwrap();
    rooms.kill();
    drop(session);
    // What waits, and what the kernel's own buffers take.
    assert!(bytes <= 2 * BYTES_WAITING_MAX, "{bytes}");
    assert!(bytes > BYTES_WAITING_MAX / 2, "{bytes}");
}

#[tokio::test]
async fn a_cell_tells_of_no_more_calls_than_a_run_may_make() {
    let says = |stream: &UnixStream| {
        for _ in 0..=CALLS_MAX {
            wire::send(stream, &did(Did::Parameter)).unwrap();
        }
    };
    let (mut session, rooms) = session(Vec::new(), says).await;
    let mut heard = 0;
    let broken = loop {
        match session.next().await {
            Ok(Event::Calls(calls)) => heard += calls.len() as u64,
            Ok(Event::Ended(ending)) => unreachable!("{ending:?}"),
            Err(error) => break error,
        }
        session.go_on().await.unwrap();
    };
    rooms.kill();
    assert!(heard <= CALLS_MAX, "{heard}");
    assert!(matches!(broken, RoomError::Protocol { .. }), "{broken}");
}

#[tokio::test]
async fn a_feed_reads_what_the_plan_names() {
    let scan = || {
        saying(CellSays::Ask(Ask::Scan {
            reader: 0,
            table: name("rides"),
            columns: vec![0],
        }))
    };
    let read = |table: &str, field: &str| Read {
        table: name(table),
        fields: vec![name(field)],
    };
    for (reads, known) in [
        (read("rides", "fare"), true),
        (read(ROWS, "fare"), false),
        (read("rides", ROWS), false),
    ] {
        let (mut session, rooms) = session(vec![reads], scan()).await;
        assert!(matches!(session.next().await, Ok(Event::Calls(_))));
        let opened = session.go_on().await;
        rooms.kill();
        if known {
            assert!(opened.unwrap().is_some());
        } else {
            assert_broken(opened, "another name");
        }
    }
}
