//! Killed servers, killed rooms, ended grants: nothing acknowledged is lost, and nothing leaves.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::time::{Duration, Instant};

use common::{ROOMS, RUN_WAIT_MAX, World, await_that, guest, repository, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use yunei_tests::REVIEWERS;

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
    if name == PER_ROW {
        // A module that sees rows one by one runs after two people have approved it.
        world.story.approve_module(&module).expect("two approvals");
    }
    let answer = world.story.submit(&unit, &directory, &module, &grant);
    text(&answer.expect("an answer").served().expect("queued"), "id")
}

/// Lets a stopped gate go on in short slices until the run is sealed: it is at its figures then, and has not told them.
fn until_sealed(world: &World, gate: Pid, run: &str) {
    const SLICE: Duration = Duration::from_millis(2);
    await_that("the run to be sealed", || {
        kill_process(gate, Signal::CONT).expect("goes on");
        std::thread::sleep(SLICE);
        kill_process(gate, Signal::STOP).expect("stopped");
        let detail = world
            .bureau()
            .get(&format!("/runs/{run}/detail"))
            .expect("an answer")
            .json();
        (detail["run"]["state"] == json!("sealed")).then_some(())
    });
}

#[test]
fn a_run_whose_gate_is_killed_fails_and_releases_nothing() {
    let mut world = World::start();
    for sealed in [false, true] {
        // What depends on derived columns is computed once the output is sealed.
        let name = if sealed {
            "flight-distance"
        } else {
            "transport-delays"
        };
        let run = example(&mut world, name);
        let gate = world.await_child(&["room", "gate"]);
        kill_process(gate, Signal::STOP).expect("stopped");
        if sealed {
            until_sealed(&world, gate, &run);
        }
        kill_process(gate, Signal::KILL).expect("killed");
        let detail = world
            .story
            .wait_state(&run, &["failed"], RUN_WAIT_MAX)
            .expect("an end");
        let cause = &detail["run"]["end_cause"];
        assert_eq!(cause["kind"], json!("room-lost"), "{cause}");
        assert_eq!(cause["room"], json!("gate"), "{cause}");
        assert!(detail["releases"].as_array().expect("releases").is_empty());
        assert!(detail["verdicts"].as_array().expect("verdicts").is_empty());
        world.await_rooms(0);
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

#[test]
fn an_upload_whose_compiler_is_killed_leaves_nothing_and_may_come_again() {
    let world = World::start();
    let unit = world
        .story
        .operator_of(&repository().join("tests/guests"))
        .expect("an operator")
        .clone();
    let module = guest("hostile", "spin");
    let answer = std::thread::scope(|scope| {
        let upload = scope.spawn(|| world.story.upload(&unit, &module).expect("an answer"));
        let compiler = world.await_child(&["compile"]);
        kill_process(compiler, Signal::KILL).expect("killed");
        upload.join().expect("joined")
    });
    assert_eq!(answer.status, 500, "{}", answer.json());
    assert_eq!(text(&answer.json(), "code"), "internal");
    let modules = unit.get("/modules").expect("an answer").json();
    assert_eq!(modules["items"], json!([]), "nothing was acknowledged");
    let again = world.story.upload(&unit, &module).expect("an answer");
    assert_eq!(
        text(&again.served().expect("admitted"), "state"),
        "admitted"
    );
    world.assert_record_holds();
}
