//! Runs are replayed by the real program: the same again, and a precise first difference where something was changed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use common::{RUN_WAIT_MAX, World, guest, program, repository, text};
use serde_json::{Value, json};
use yunei_tests::REGULATOR;

/// Examples whose runs come to the gate, and how often each is run.
const EXAMPLES: [&str; 5] = [
    "bus-rides",
    "hospital-spending",
    "income-by-education",
    "transport-delays",
    "weather-delays",
];
/// Borders of the bands of the example that has parameters.
const BANDS_KM: [(u64, u64); 12] = [
    (500, 1500),
    (550, 1600),
    (600, 1700),
    (650, 1800),
    (700, 1900),
    (750, 2000),
    (800, 2100),
    (850, 2200),
    (900, 2400),
    (1000, 2600),
    (1100, 2800),
    (1200, 3000),
];
/// Guests that end otherwise than well.
const HOSTILE: [&str; 9] = [
    "forged-handle",
    "handle-hoarder",
    "huge-names",
    "journal-flood",
    "memory-bomb",
    "output-flood",
    "row-encoder",
    "trap-on-data",
    "wrong-output",
];
const ENDS: [&str; 4] = ["released", "withheld", "in-review", "failed"];

/// Runs a guest under the terms of `directory` to its end at the gate, or before.
fn run(world: &mut World, kind: &str, name: &str, parameters: &[Value]) -> Vec<String> {
    let directory = match kind {
        "examples" => repository().join("examples").join(name),
        _ => repository().join("tests/guests"),
    };
    if kind == "hostile" {
        let unit = world.story.operator_of(&directory).expect("an operator");
        let answer = world.story.upload(unit, &guest(kind, name));
        if answer.expect("an answer").status == 422 {
            return Vec::new();
        }
    }
    let (unit, module, grant) = world.admitted(&guest(kind, name), &directory);
    let manifest = directory.join("module.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap_or_default();
    if manifest.contains("world = \"per-row\"") {
        world.story.approve_module(&module).expect("two approvals");
    }
    let purpose = manifest
        .lines()
        .find_map(|line| line.strip_prefix("purpose = "))
        .map_or("transport-punctuality", |purpose| purpose.trim_matches('"'))
        .to_owned();
    parameters
        .iter()
        .filter_map(|parameters| {
            let request = json!({
                "module": module, "grant": grant, "purpose": purpose, "parameters": parameters,
            });
            let story = &mut world.story;
            let answer = story.submit_request(&unit, &request).expect("an answer");
            if kind == "hostile" && answer.status == 403 {
                return None;
            }
            let run = text(&answer.served().expect("queued"), "id");
            story.wait_state(&run, &ENDS, RUN_WAIT_MAX).expect("an end");
            Some(run)
        })
        .collect()
}

/// `yunei replay`, as the regulator.
fn replay(world: &World, run: &str) -> (Option<i32>, Value) {
    let regulator = world.story.person(REGULATOR).expect("the regulator");
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program())
        .args(["--json", "--url", regulator.url(), "replay", run])
        .env("YUNEI_TOKEN", regulator.token().expect("a token"))
        .output()
        .expect("the program");
    let said = String::from_utf8_lossy(&stdout);
    let answer = serde_json::from_str(&said);
    let answer = answer.unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&stderr)));
    (status.code(), answer)
}

fn same(world: &World, run: &str) -> Value {
    let (code, found) = replay(world, run);
    assert_eq!(found["same"], json!(true), "{found}");
    assert_eq!(code, Some(0), "{found}");
    found
}

fn entries(world: &World, run: &str) -> Vec<Value> {
    let bureau = world.bureau();
    let path = format!("/record?run={run}&limit=100");
    let entries = bureau.get(&path).expect("an answer").json();
    entries["items"].as_array().expect("items").clone()
}

#[test]
fn more_than_twenty_different_runs_replay_to_the_same() {
    let mut world = World::start();
    let mut runs = Vec::new();
    for name in EXAMPLES {
        runs.extend(run(&mut world, "examples", name, &[json!({})]));
    }
    let bands =
        BANDS_KM.map(|(medium, long)| json!({ "medium_from_km": medium, "long_from_km": long }));
    runs.extend(run(&mut world, "examples", "flight-distance", &bands));
    for name in HOSTILE {
        runs.extend(run(&mut world, "hostile", name, &[json!({})]));
    }
    assert!(runs.len() > 20, "only {} runs", runs.len());
    let usage = usages(&world, &runs);
    let releases = releases(&world);
    let mut roots = BTreeSet::new();
    let mut decisions = BTreeSet::new();
    for run in &runs {
        let found = same(&world, run);
        let entries = entries(&world, run);
        let replayed = entries.last().expect("an entry");
        assert_eq!(
            replayed["entry"]["kind"],
            json!("run-replayed"),
            "{entries:?}"
        );
        assert_eq!(replayed["entry"]["facts"]["result"], json!("same"));
        let held = entries
            .iter()
            .find(|entry| entry["position"] == found["position"]);
        let kind = text(&held.expect("the decision")["entry"], "kind");
        assert!(kind.starts_with("run-"), "{kind}");
        let sealed = entries
            .iter()
            .find(|e| e["entry"]["kind"] == json!("run-sealed"));
        if let Some(sealed) = sealed {
            let facts = &sealed["entry"]["facts"];
            assert_eq!(facts["output_digest"], found["output_digest"]);
            assert_eq!(facts["trace_root"], found["trace_root"]);
        }
        roots.insert(found["trace_root"].to_string() + &found["output_digest"].to_string());
        decisions.insert(found["decision"].to_string());
    }
    assert!(
        roots.len() > 12,
        "the runs are too much alike: {}",
        roots.len()
    );
    assert_eq!(
        decisions.len(),
        4,
        "released, withheld, in review, and none: {decisions:?}"
    );
    assert_eq!(usages(&world, &runs), usage, "a replay took of the quota");
    assert_eq!(
        self::releases(&world),
        releases,
        "a replay released something"
    );
    world.assert_record_holds();
}

fn usages(world: &World, runs: &[String]) -> Vec<Value> {
    let bureau = world.bureau();
    let detail = |path: String| bureau.get(&path).expect("an answer").json();
    runs.iter()
        .map(|run| text(&detail(format!("/runs/{run}/detail"))["run"], "grant"))
        .map(|grant| detail(format!("/grants/{grant}/usage")))
        .collect()
}

fn releases(world: &World) -> Value {
    world
        .bureau()
        .get("/releases?limit=1000")
        .expect("an answer")
        .json()
}

#[test]
fn an_altered_part_of_a_snapshot_is_named() {
    let mut world = World::start();
    let run = run(&mut world, "examples", "transport-delays", &[json!({})]).remove(0);
    same(&world, &run);
    let detail = world.story.detail(&run).expect("the run");
    let snapshot = detail["run"]["snapshots"][0].clone();
    let listed = world.bureau().get("/resources/nyc-flights-2013/snapshots");
    let listed = listed.expect("an answer").json();
    let kept = listed["items"].as_array().expect("items");
    let kept = kept
        .iter()
        .find(|s| s["id"] == snapshot)
        .expect("the snapshot");
    let digest = text(&kept["parts"][0], "digest");
    let name = digest.strip_prefix("sha256:").expect("a digest");
    let file = world
        .server
        .data()
        .join("parts")
        .join(format!("{name}.parquet"));
    let mut bytes = std::fs::read(&file).expect("the part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("writable");
    std::fs::write(&file, &bytes).expect("altered");

    let (code, found) = replay(&world, &run);
    assert_eq!(code, Some(5), "{found}");
    let expected = json!([{
        "at": "snapshot-part", "snapshot": snapshot, "part": 0, "recorded": digest, "replayed": "altered",
    }]);
    assert_eq!(found["differences"], expected);
    let entries = entries(&world, &run);
    let last = &entries.last().expect("an entry")["entry"];
    assert_eq!(last["kind"], json!("run-replayed"));
    assert_eq!(last["facts"]["result"], json!("differs"));
    assert_eq!(
        last["facts"]["differences"][0]["at"],
        json!("snapshot-part")
    );
    world.assert_record_holds();
}

#[test]
fn changed_policies_are_told_and_those_of_then_decide() {
    let mut world = World::start();
    let run = run(&mut world, "examples", "weather-delays", &[json!({})]).remove(0);
    world.server.stop().expect("stopped");
    let policies = tempfile::tempdir().expect("a directory");
    copy(&repository().join("policies"), policies.path());
    let append = |file: &str, change: &dyn Fn(String) -> String| {
        let file = policies.path().join(file);
        let text = std::fs::read_to_string(&file).expect("a policy");
        let changed = change(text.clone());
        assert_ne!(text, changed, "{}", file.display());
        std::fs::write(&file, changed).expect("written");
    };
    append("use.cedar", &|text| {
        format!(
            "{text}\n@id(\"use.never\")\n@code(\"forbidden\")\n@advice(\"Nothing is used any more.\")\n\
            forbid(principal, action == Action::\"use-grant\", resource);\n"
        )
    });
    append("disclosure/yunei.toml", &|text| stricter(&text));
    world
        .server
        .restart_with(["--policies".as_ref(), policies.path().as_os_str()])
        .expect("restarted");
    world.story.move_to(&world.server);

    let found = same(&world, &run);
    assert_ne!(found["policies"]["recorded"], found["policies"]["present"]);
    assert_eq!(found["policies"]["under_recorded"], json!(true), "{found}");
    assert_eq!(found["policies"]["changed"], json!(["use.cedar"]));
    assert_ne!(found["profile"]["recorded"], found["profile"]["present"]);
    assert_eq!(found["profile"]["under_recorded"], json!(true), "{found}");
    let changed = found["profile"]["changed"].as_array().expect("changes");
    assert_eq!(changed.len(), 1, "{found}");
    world.assert_record_holds();
}

/// The profile with one number raised.
fn stricter(text: &str) -> String {
    let mut done = false;
    let lines = text.lines().map(|line| {
        let number = line.split_once(" = ").and_then(|(name, value)| {
            let value = value.split('#').next().unwrap_or_default().trim();
            value
                .parse::<u64>()
                .ok()
                .map(|value| (name.to_owned(), value))
        });
        match number {
            Some((name, value)) if !done && value > 1 => {
                done = true;
                format!("{name} = {}", value + 1)
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).expect("copied");
        }
    }
}

#[test]
fn who_may_not_replay_is_refused_and_nothing_runs() {
    let mut world = World::start();
    let run = run(&mut world, "examples", "transport-delays", &[json!({})]).remove(0);
    let unit = world
        .story
        .operator_of(&repository().join("examples/transport-delays"));
    let path = format!("/runs/{run}/replay");
    let answer = unit
        .expect("an operator")
        .post(&path, &json!({}))
        .expect("an answer");
    assert_eq!(answer.status, 403, "{}", answer.json());
    let bureau = world.bureau();
    bureau
        .post("/emergency", &json!({ "reason": "a drill" }))
        .expect("an answer")
        .served()
        .expect("stopped");
    let regulator = world.story.person(REGULATOR).expect("the regulator");
    let answer = regulator.post(&path, &json!({})).expect("an answer");
    assert_eq!(text(&answer.json(), "code"), "emergency-stop");
    let kinds = entries(&world, &run);
    assert!(
        kinds
            .iter()
            .all(|entry| entry["entry"]["kind"] != json!("run-replayed"))
    );
}
