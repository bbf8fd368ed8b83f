//! Every directory of `examples/` is run, and what leaves is what its `expected/` says.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{RUN_WAIT_MAX, World, guest, repository, text};
use serde_json::Value;
use yunei_tests::Story;

/// Examples about rows that another example's table is about too: beside that one, whichever left first, they are for people to decide.
const ALONE: [&str; 1] = ["flight-distance"];

#[test]
fn every_example_ends_as_expected() {
    let mut world = World::start();
    let mut run = 0;
    for entry in std::fs::read_dir(repository().join("examples"))
        .expect("examples")
        .flatten()
    {
        let directory = entry.path();
        if directory.join("module.toml").exists() {
            if ALONE.iter().any(|name| directory.ends_with(name)) {
                let mut world = World::start();
                play(&mut world, &directory);
                world.assert_record_holds();
            } else {
                play(&mut world, &directory);
            }
            run += 1;
        }
    }
    assert!(run >= 7, "only {run} examples were found");
    world.assert_record_holds();
}

/// Plays one example to its end and compares.
fn play(world: &mut World, directory: &Path) {
    let name = directory
        .file_name()
        .and_then(|n| n.to_str())
        .expect("a name")
        .to_owned();
    let expected = expected(directory);
    let (unit, module, grant) = world.admitted(&guest("examples", &name), directory);
    let manifest = std::fs::read_to_string(directory.join("module.toml")).expect("a manifest");
    if manifest.contains("world = \"per-row\"") {
        world.story.approve_module(&module).expect("two approvals");
    }
    let answer = world
        .story
        .submit(&unit, directory, &module, &grant)
        .expect("an answer");
    if !answer.is_success() {
        let refusal = answer.json();
        assert_eq!(
            text(&refusal, "code"),
            expected["outcome"],
            "{name}: {refusal}"
        );
        assert_eq!(
            text(&refusal, "clause"),
            expected["clause"],
            "{name}: {refusal}"
        );
        return;
    }
    let run = text(&answer.json(), "id");
    let ends = ["released", "withheld", "in-review"];
    let detail = world
        .story
        .wait_state(&run, &ends, RUN_WAIT_MAX)
        .expect("an end");
    assert_eq!(
        text(&detail["run"], "state"),
        expected["outcome"],
        "{name}: {detail}"
    );
    if expected["outcome"] == "in-review" {
        let seen = unit.get(&format!("/runs/{run}")).expect("an answer").json();
        assert_eq!(
            text(&seen, "status"),
            "in-progress",
            "people take their time"
        );
        return;
    }
    if expected["outcome"] == "withheld" {
        let seen = world
            .story
            .wait_coarse(&unit, &run, RUN_WAIT_MAX)
            .expect("an end");
        assert_eq!(text(&seen, "status"), "not-released");
        assert!(
            !seen["hints"].as_array().expect("hints").is_empty(),
            "{seen}"
        );
        assert!(
            detail["verdicts"].to_string().contains("dominance"),
            "the authority sees the rule: {detail}"
        );
        return;
    }
    let seen = world
        .story
        .wait_coarse(&unit, &run, RUN_WAIT_MAX)
        .expect("released");
    compare(&world.story, &unit, &seen, directory);
}

/// The released tables against `expected/<output>.csv`.
fn compare(story: &Story, unit: &yunei_tests::Client, seen: &Value, directory: &Path) {
    for release in seen["releases"].as_array().expect("releases") {
        let id = release.as_str().expect("an id");
        let csv = unit
            .get(&format!("/releases/{id}/table?format=csv&titles=en"))
            .expect("a table");
        assert!(csv.is_success());
        let listed = unit.get("/releases").expect("a list").json();
        let listed = listed["items"].as_array().expect("items");
        let listed = listed.iter().find(|r| r["id"] == *release);
        let listed = listed.expect("the release is listed");
        // The id tells the end of a bucket, as the list does, and no other moment.
        let told = u64::from_str_radix(&id.replace('-', "")[..12], 16).expect("a UUID");
        let at = listed["at"].as_u64().expect("a time");
        assert_eq!(told, at / 1000);
        let output = text(listed, "output");
        let file = directory.join("expected").join(format!("{output}.csv"));
        let wanted = std::fs::read_to_string(&file).unwrap_or_default();
        let body = String::from_utf8(csv.body.clone()).expect("text");
        if std::env::var_os("YUNEI_ACCEPT").is_some() {
            std::fs::write(&file, &body).expect("written");
        } else {
            assert!(wanted == body, "{}: other than\n{body}", file.display());
        }
        assert!(story.table(unit, id).is_ok());
    }
}

/// `expected/outcome.toml`: the outcome, and the clause of a refusal.
fn expected(directory: &Path) -> BTreeMap<String, String> {
    let file = directory.join("expected/outcome.toml");
    let read =
        std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{} is missing", file.display()));
    toml::from_str(&read).expect("an outcome")
}
