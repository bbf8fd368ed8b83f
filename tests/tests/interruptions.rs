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

use common::{RUN_WAIT_MAX, World, guest, repository, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// Longest wait for rooms to come up or go away.
const ROOMS_WAIT_MAX: Duration = Duration::from_secs(30);

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
    await_rooms(&world, 2);
    (world, run, grant)
}

fn await_rooms(world: &World, count: usize) {
    let began = Instant::now();
    while world.rooms().len() != count {
        assert!(
            began.elapsed() < ROOMS_WAIT_MAX,
            "{:?} instead of {count} rooms",
            world.rooms()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_revoked_grant_kills_its_run() {
    let (world, run, grant) = spinning();
    let began = Instant::now();
    world.story.revoke(&grant, "drill").expect("revoked");
    await_rooms(&world, 0);
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
    await_rooms(&world, 0);
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
    await_rooms(&world, 0);
    world.assert_record_holds();
}

#[test]
fn a_run_whose_room_is_killed_fails_and_releases_nothing() {
    for victim in 0..2 {
        let (world, run, _) = spinning();
        let rooms = world.rooms();
        let pid = Pid::from_raw(i32::try_from(rooms[victim]).expect("a pid")).expect("a pid");
        kill_process(pid, Signal::KILL).expect("killed");
        if victim == 0 {
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
        await_rooms(&world, 0);
        world.assert_record_holds();
    }
}
