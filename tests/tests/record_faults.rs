//! A record that cannot be written: runs stop, changes are refused with their code, nothing acknowledged is lost.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{World, guest, repository, text};
use serde_json::{Value, json};

/// Longest wait for rooms to go away, and for a server to find its disk again.
const WAIT_MAX: Duration = Duration::from_secs(180);
/// Bytes of the small disk.
const DISK_BYTES: u64 = 96 << 20;

fn until(what: &str, mut look: impl FnMut() -> bool) {
    let began = Instant::now();
    while !look() {
        assert!(began.elapsed() < WAIT_MAX, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run whose module calls the host again and again, with its rooms up. Gives its id.
fn calling(world: &mut World) -> String {
    let terms = repository().join("tests/guests");
    let (unit, module, grant) = world.admitted(&guest("hostile", "slow-host-caller"), &terms);
    let request = json!({ "module": module, "grant": grant, "purpose": "transport-punctuality", "parameters": {} });
    let queued = world
        .story
        .submit_request(&unit, &request)
        .expect("an answer");
    let run = text(&queued.served().expect("queued"), "id");
    world
        .story
        .wait_state(&run, &["running"], WAIT_MAX)
        .expect("running");
    until("rooms", || world.rooms().len() >= 2);
    run
}

/// What the bureau is told when it tries to change something.
fn try_to_change(world: &World) -> (u16, Value) {
    let scenario = json!({
        "name": "a-scenario-of-faults",
        "title": { "zh": "试验", "en": "A trial" },
        "purposes": ["transport-punctuality"],
    });
    let answer = world
        .bureau()
        .post("/scenarios", &scenario)
        .expect("an answer");
    (answer.status, answer.json())
}

/// What holds afterwards, whatever the fault was: the run has ended for that reason, without a restart and without a release, and
/// the record verifies after a kill.
fn assert_whole(world: &mut World, run: &str) {
    until("the end of the run", || {
        let detail = world.story.detail(run).expect("a detail");
        detail["run"]["state"] != json!("running")
    });
    let detail = world.story.detail(run).expect("a detail");
    let cause = &detail["run"]["end_cause"]["kind"];
    assert_eq!(*cause, json!("record-failed"), "{}", detail["run"]);
    world.server.kill_hard().expect("killed");
    world.server.restart().expect("restarted");
    world.story.move_to(&world.server);
    let detail = world.story.detail(run).expect("a detail");
    let state = detail["run"]["state"].as_str().expect("a state");
    assert!(["failed", "aborted"].contains(&state), "{state}");
    assert!(detail["releases"].as_array().expect("releases").is_empty());
    world.assert_record_holds();
}

/// A disk of its own in memory; unmounted when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path) -> Self {
        std::fs::create_dir(place).expect("a directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(place)
            .status()
            .expect("mount");
        assert!(
            mounted.success(),
            "this test mounts a small tmpfs, for which it has to be root"
        );
        Self(place.to_owned())
    }

    /// Fills it to the last byte. Gives the file that does.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = File::create(&ballast).expect("a file");
        for size in [1 << 20, 4096, 1] {
            let block = vec![0_u8; size];
            while file.write_all(&block).is_ok() {}
        }
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_stops_runs_and_loses_nothing() {
    let place = tempfile::tempdir().expect("a directory");
    let disk = SmallDisk::mount(&place.path().join("disk"));
    let mut world = World::start_at(&disk.0.join("data"));
    let run = calling(&mut world);
    let ballast = disk.fill();

    until("the rooms to go away", || world.rooms().is_empty());
    let (status, told) = try_to_change(&world);
    assert_eq!(
        (status, told["code"].clone()),
        (503, json!("record-failed")),
        "{told}"
    );

    std::fs::remove_file(ballast).expect("room again");
    // Without a restart: what failed was the disk, not the server.
    until("a change to be served", || try_to_change(&world).0 == 201);
    assert_whole(&mut world, &run);
    drop(world);
}

/// Another process that holds the database for itself; lets go when this is dropped.
struct Holder(Child);

impl Holder {
    fn hold(database: &Path) -> Self {
        let program = "import sqlite3, sys\n\
             held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n\
             held.execute('BEGIN IMMEDIATE')\n\
             print('held', flush=True)\n\
             sys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", program])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut line = String::new();
        let output = child.stdout.take().expect("an output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        assert_eq!(line.trim(), "held");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn a_store_that_errors_stops_runs_and_loses_nothing() {
    let mut world = World::start();
    let run = calling(&mut world);
    let holder = Holder::hold(&world.server.data().join("yunei.db"));

    // Every write of the server now fails, once it has waited its while.
    until("the rooms to go away", || world.rooms().is_empty());
    let (status, told) = try_to_change(&world);
    assert_eq!(
        (status, told["code"].clone()),
        (503, json!("record-failed")),
        "{told}"
    );

    let log = std::fs::read_to_string(world.server.log()).expect("a log");
    assert!(log.contains("record-failed"), "{log}");

    drop(holder);
    until("a change to be served", || try_to_change(&world).0 == 201);
    assert_whole(&mut world, &run);
}
