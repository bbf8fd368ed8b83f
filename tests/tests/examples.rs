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
use serde_json::{Value, json};
use yunei_tests::Story;

/// Examples about rows that another example's table is about too: beside that one, whichever left first, they are for people to decide.
const ALONE: [&str; 2] = ["flight-distance", "rain-delays"];

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
    assert!(run >= 8, "only {run} examples were found");
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
    let private = prepare(world, &module, directory);
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
    let seen = world
        .story
        .wait_coarse(&unit, &run, RUN_WAIT_MAX)
        .expect("an end");
    if expected["outcome"] == "withheld" {
        assert_withheld(&seen, &detail);
    } else if private {
        compare_private(&world.story, &unit, &seen, directory);
    } else {
        compare(&world.story, &unit, &seen, directory);
    }
}

/// What a module needs beside its grant: approvals, or a privacy budget. Gives whether it has the latter.
fn prepare(world: &World, module: &str, directory: &Path) -> bool {
    let manifest = std::fs::read_to_string(directory.join("module.toml")).expect("a manifest");
    if manifest.contains("world = \"per-row\"") {
        world.story.approve_module(module).expect("two approvals");
    }
    let private = manifest.contains("world = \"per-subject\"");
    if private {
        let population = population(directory);
        let budget = json!({ "population": population, "epsilon": 1.0, "reason": "the examples" });
        let set = world.bureau().post("/privacy/budgets", &budget);
        set.expect("an answer").served().expect("in force");
    }
    private
}

/// The unit sees hints, the authority the rule.
fn assert_withheld(seen: &Value, detail: &Value) {
    assert_eq!(text(seen, "status"), "not-released");
    assert!(
        !seen["hints"].as_array().expect("hints").is_empty(),
        "{seen}"
    );
    assert!(
        detail["verdicts"].to_string().contains("dominance"),
        "the authority sees the rule: {detail}"
    );
}

/// The population of the first resource that the grant names.
fn population(directory: &Path) -> String {
    let read = |path: &Path| -> toml::Table {
        let text = std::fs::read_to_string(path).expect("a file");
        toml::from_str(&text).expect("a table")
    };
    let grant = read(&directory.join("grant.toml"));
    let resource = grant["resource"][0]["name"].as_str().expect("a name");
    let entry = repository().join("examples/data").join(resource);
    let entry = read(&entry.join("resource.toml"));
    let name = entry["population"]["name"].as_str();
    name.expect("a population").to_owned()
}

/// Persons of the data, of whom each is in one cell of the example.
const PERSONS: f64 = 5_912.0;
/// So far off is a sum of eight figures with the example's noise once in more than 10⁹ runs.
const PERSONS_ERROR: f64 = 400.0;

/// The released table against `expected/contribution.json`, in which `~` stands for a figure with noise.
fn compare_private(story: &Story, unit: &yunei_tests::Client, seen: &Value, directory: &Path) {
    let releases = seen["releases"].as_array().expect("releases");
    let [release] = releases.as_slice() else {
        panic!("one release, not {releases:?}");
    };
    let table = story.table(unit, release.as_str().expect("an id"));
    let mut table = table.expect("a table");
    let columns = table["columns"].as_array().expect("columns").iter();
    let names: Vec<String> = columns.map(|c| text(c, "name")).collect();
    let noisy: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| names.contains(&format!("{name}_noise_scale")))
        .map(|(column, _)| column)
        .collect();
    let mut persons = 0.0;
    for row in table["rows"].as_array_mut().expect("rows") {
        persons += row[noisy[0]].as_f64().expect("a figure");
        for column in &noisy {
            assert!(row[*column].is_number(), "{row}");
            row[*column] = json!("~");
        }
    }
    assert!((persons - PERSONS).abs() < PERSONS_ERROR, "{persons}");
    let told = json!({ "columns": names, "rows": table["rows"] });
    let told = format!("{told:#}\n");
    let file = directory.join("expected/contribution.json");
    if std::env::var_os("YUNEI_ACCEPT").is_some() {
        std::fs::write(&file, &told).expect("written");
        return;
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(wanted == told, "{}: other than\n{told}", file.display());
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
