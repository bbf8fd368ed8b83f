//! Killed servers, killed rooms, ended grants: nothing acknowledged is lost, and nothing leaves.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{ROOMS, RUN_WAIT_MAX, World, guest, repository, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use yunei_tests::{Answer, Client, REVIEWERS};

/// An example whose module derives columns, row by row.
const PER_ROW: &str = "flight-distance";

/// A world in which a module spins, with its rooms up. Gives the run and the grant.
fn spinning() -> (World, String, String) {
    let mut world = World::start();
    let terms = repository().join("tests/guests");
    let (unit, module, grant) = world.admitted(&guest("hostile", "spin"), &terms);
    let request = json!({ "module": module, "grant": grant, "purpose": "transport-punctuality", "parameters": {} });
    let run = text(
        &world
            .story
            .submit_request(&unit, &request)
            .expect("an answer")
            .served()
            .expect("queued"),
        "id",
    );
    world
        .story
        .wait_state(&run, &["running"], RUN_WAIT_MAX)
        .expect("running");
    world.await_rooms(ROOMS);
    (world, run, grant)
}

#[test]
fn a_revoked_grant_kills_its_run() {
    let (world, run, grant) = spinning();
    let began = Instant::now();
    world.story.revoke(&grant, "drill").expect("revoked");
    world.await_rooms(0);
    println!(
        "revocation, asked to gone: {} ms",
        began.elapsed().as_millis()
    );
    let detail = world.story.detail(&run).expect("a detail");
    assert_eq!(detail["run"]["state"], json!("stopped"));
    assert_eq!(
        detail["run"]["end_cause"],
        json!({ "kind": "grant-ended", "state": "revoked" })
    );
    assert!(detail["releases"].as_array().expect("releases").is_empty());
    world.assert_record_holds();
}

#[test]
fn a_stopped_run_is_stopped_and_an_emergency_stops_everything() {
    let (world, run, _) = spinning();
    let stopped = world
        .bureau()
        .post("/emergency", &json!({ "reason": "drill" }))
        .expect("an answer");
    assert!(stopped.is_success(), "{}", stopped.json());
    world.await_rooms(0);
    let detail = world.story.detail(&run).expect("a detail");
    assert_eq!(detail["run"]["state"], json!("stopped"));
    let again = world
        .bureau()
        .post(&format!("/runs/{run}/stop"), &json!({ "reason": "again" }))
        .expect("an answer");
    assert_eq!(again.json()["code"], json!("wrong-state"));
    world.assert_record_holds();
}

#[test]
fn a_server_killed_in_the_middle_of_a_run_comes_back_whole() {
    let (mut world, run, grant) = spinning();
    for _ in 0..3 {
        world.server.kill_hard().expect("killed");
        world.server.restart().expect("restarted");
        world.story.move_to(&world.server);
    }
    let detail = world.story.detail(&run).expect("a detail");
    assert_eq!(
        detail["run"]["state"],
        json!("aborted"),
        "an intent without outcome is aborted"
    );
    let kept = world
        .bureau()
        .get(&format!("/grants/{grant}"))
        .expect("an answer")
        .served()
        .expect("the grant");
    assert_eq!(
        kept["state"],
        json!("active"),
        "what was acknowledged is there"
    );
    world.await_rooms(0);
    world.assert_record_holds();
}

#[test]
fn a_run_whose_room_is_killed_fails_and_releases_nothing() {
    for victim in ["feed", "cell", "gate"] {
        let (world, run, _) = spinning();
        let pid = world.await_child(&["room", victim]);
        kill_process(pid, Signal::KILL).expect("killed");
        if victim == "feed" {
            // Without its feed a spinning guest spins on; the bureau stops it.
            let stop = json!({ "reason": "its feed is gone" });
            let _already = world
                .bureau()
                .post(&format!("/runs/{run}/stop"), &stop)
                .expect("an answer");
        }
        let detail = world
            .story
            .wait_state(&run, &["failed", "stopped"], RUN_WAIT_MAX)
            .expect("an end");
        assert!(detail["releases"].as_array().expect("releases").is_empty());
        world.await_rooms(0);
        world.assert_record_holds();
    }
}

/// Submits an example that the gate computes while the module runs, and gives the run.
fn computed(world: &mut World) -> String {
    example(world, "transport-delays")
}

/// Submits an example, and gives the run.
fn example(world: &mut World, name: &str) -> String {
    let directory = repository().join("examples").join(name);
    let (unit, module, grant) = world.admitted(&guest("examples", name), &directory);
    let seen = unit.get(&format!("/modules/{module}")).expect("an answer");
    if name == PER_ROW && seen.json()["state"] == json!("admitted") {
        // A module that sees rows one by one runs after two people have approved it.
        world.story.approve_module(&module).expect("two approvals");
    }
    let answer = world.story.submit(&unit, &directory, &module, &grant);
    text(&answer.expect("an answer").served().expect("queued"), "id")
}

/// Lets a stopped gate go on in short slices until the run is sealed: it is at its figures then, and has not told them. Unless it was
/// through with them in one slice, which its run's end shows.
fn until_sealed(world: &World, gate: Pid, run: &str) {
    const SLICE: Duration = Duration::from_millis(2);
    const SLICE_MAX: Duration = Duration::from_millis(20);
    let began = Instant::now();
    let mut slice = SLICE;
    loop {
        let goes_on = kill_process(gate, Signal::CONT).is_ok();
        std::thread::sleep(slice);
        let stopped = kill_process(gate, Signal::STOP).is_ok();
        let looked = Instant::now();
        let detail = world
            .bureau()
            .get(&format!("/runs/{run}/detail"))
            .expect("an answer")
            .json();
        let before =
            ["queued", "running"].contains(&detail["run"]["state"].as_str().unwrap_or("queued"));
        if !goes_on || !stopped || !before {
            return;
        }
        assert!(began.elapsed() < RUN_WAIT_MAX, "waited for a sealed run");
        // Where a look takes long, so does what the gate has to do.
        slice = looked.elapsed().clamp(SLICE, SLICE_MAX);
    }
}

/// Runs of which one is caught at least before its gate has told its figures.
const CATCHES_MAX: usize = 10;

/// Kills the gate of a run, as soon as it is there or once the run is sealed, and before it tells its figures. Gives the run, and what
/// supervision sees of its end.
fn gate_lost(world: &mut World, sealed: bool) -> (String, Value) {
    // What depends on derived columns is computed once the output is sealed.
    let name = if sealed { PER_ROW } else { "transport-delays" };
    for _ in 0..CATCHES_MAX {
        let run = example(world, name);
        let gate = world.await_child(&["room", "gate"]);
        if kill_process(gate, Signal::STOP).is_ok() && sealed {
            until_sealed(world, gate, &run);
        }
        // It is gone already if it has told its figures.
        let _killed = kill_process(gate, Signal::KILL);
        let ends = ["failed", "released", "withheld", "in-review"];
        let ended = world.story.wait_state(&run, &ends, RUN_WAIT_MAX);
        let detail = ended.expect("an end");
        world.await_rooms(0);
        if detail["run"]["state"] == json!("failed") {
            return (run, detail);
        }
    }
    panic!("every gate had told its figures before it was killed");
}

#[test]
fn a_run_whose_gate_is_killed_fails_and_releases_nothing() {
    let mut world = World::start();
    for sealed in [false, true] {
        let (run, detail) = gate_lost(&mut world, sealed);
        let cause = &detail["run"]["end_cause"];
        assert_eq!(cause["kind"], json!("room-lost"), "{cause}");
        assert_eq!(cause["room"], json!("gate"), "{cause}");
        assert!(detail["releases"].as_array().expect("releases").is_empty());
        assert!(detail["verdicts"].as_array().expect("verdicts").is_empty());
        assert!(world.story.open_output(&run).is_err(), "nobody opens it");
    }
    world.assert_record_holds();
    // The next one goes its way.
    let run = computed(&mut world);
    world
        .story
        .wait_state(&run, &["released"], RUN_WAIT_MAX)
        .expect("released");
}

/// A run of the reviewed route that both reviewers opened; gives the run.
fn opened_by_both(world: &mut World) -> String {
    let directory = world.story.example("spending-model");
    let (unit, module, grant) = world.admitted(&guest("examples", "spending-model"), &directory);
    let answer = world.story.submit(&unit, &directory, &module, &grant);
    let run = text(&answer.expect("an answer").served().expect("queued"), "id");
    world
        .story
        .wait_state(&run, &["in-review"], RUN_WAIT_MAX)
        .expect("waits for people");
    world.story.both_open(&run).expect("opened");
    run
}

#[test]
fn what_two_people_let_out_leaves_though_the_server_was_killed_in_between() {
    let mut world = World::start();
    let run = opened_by_both(&mut world);
    let yes = json!({ "outcome": "approved", "reason": "statistics alone" });
    let review = |world: &World, reviewer: &str| {
        let client = world.story.person(reviewer).expect("a reviewer");
        let answer = client.post(&format!("/runs/{run}/reviews"), &yes);
        answer.expect("an answer").status
    };
    let come_back = |world: &mut World| {
        world.server.restart().expect("restarted");
        world.story.move_to(&world.server);
    };
    let [first, second] = REVIEWERS;
    assert_eq!(review(&world, first), 201);
    // One yes is one yes, killed server or not.
    world.server.kill_hard().expect("killed");
    come_back(&mut world);
    // Another run goes its whole way meanwhile: the start looked at what waits long ago.
    let other = computed(&mut world);
    let ended = world.story.wait_state(&other, &["released"], RUN_WAIT_MAX);
    ended.expect("released");
    let detail = world.story.detail(&run).expect("a detail");
    assert_eq!(detail["run"]["state"], json!("in-review"), "{detail:#}");

    // Without its file nothing can be released: the second yes is kept, and the release after it fails.
    let sealed = world.server.data().join("sealed");
    let file = sealed.join(format!("{run}.sealed"));
    let aside = sealed.join("aside");
    std::fs::rename(&file, &aside).expect("set aside");
    assert!(review(&world, second) >= 500);
    world.server.kill_hard().expect("killed");
    std::fs::rename(&aside, &file).expect("put back");
    come_back(&mut world);
    let detail = world
        .story
        .wait_state(&run, &["released"], RUN_WAIT_MAX)
        .expect("released, and nobody was asked again");
    assert_eq!(detail["reviews"].as_array().map(Vec::len), Some(2));
    let entries = world.story.entries(&run).expect("entries");
    let count = |kind: &str| {
        let of_kind = entries.iter().filter(|e| e["entry"]["kind"] == json!(kind));
        of_kind.count()
    };
    assert_eq!((count("release-reviewed"), count("run-released")), (2, 1));
    world.assert_record_holds();
}

/// Modules of which one is caught at least while it is compiled.
const COMPILED: [&str; 4] = ["spin", "memory-fill", "slow-host-caller", "spin-start"];

/// Uploads a module, and kills its compiler as soon as that is there.
fn upload_without_compiler(world: &World, unit: &Client, module: &Path) -> Answer {
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| world.story.upload(unit, module).expect("an answer"));
        while !upload.is_finished() {
            if let Some(compiler) = world.child(&["compile"]) {
                // It may have ended since.
                let _killed = kill_process(compiler, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        upload.join().expect("joined")
    })
}

#[test]
fn an_upload_whose_compiler_is_killed_leaves_nothing_and_may_come_again() {
    let world = World::start();
    let terms = repository().join("tests/guests");
    let unit = world.story.operator_of(&terms).expect("an operator");
    let unit = unit.clone();
    // A compiler that was through before it was seen has admitted its module.
    let mut admitted = 0;
    let caught = COMPILED.iter().find_map(|name| {
        let module = guest("hostile", name);
        let answer = upload_without_compiler(&world, &unit, &module);
        admitted += usize::from(answer.is_success());
        (!answer.is_success()).then_some((module, answer))
    });
    let (module, answer) = caught.expect("a compiler that was killed");
    assert_eq!(answer.status, 500, "{}", answer.json());
    assert_eq!(text(&answer.json(), "code"), "internal");
    let modules = unit.get("/modules").expect("an answer").json();
    let kept = modules["items"].as_array().map(Vec::len);
    assert_eq!(kept, Some(admitted), "nothing more was acknowledged");
    let again = world.story.upload(&unit, &module).expect("an answer");
    assert_eq!(
        text(&again.served().expect("admitted"), "state"),
        "admitted"
    );
    world.assert_record_holds();
}
