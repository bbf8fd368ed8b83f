//! `yunei module check` over synthetic data: the author of a module sees what no author of a real run sees.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{guest, program, repository};
use serde_json::{Value, json};
use yunei_tests::with_manifest;

/// Checks a module of the examples over synthetic rows of a resource. Gives the exit code and the answer.
fn check(module: &str, resource: &str, more: &[&str]) -> (i32, Value) {
    check_at(&guest("examples", module), resource, more)
}

/// The same of a component in a file.
fn check_at(component: &Path, resource: &str, more: &[&str]) -> (i32, Value) {
    let entry = repository().join("examples/data").join(resource);
    let output = Command::new(program())
        .args(["--json", "module", "check"])
        .arg(component)
        .arg("--catalogue")
        .arg(entry.join("resource.toml"))
        .args(more)
        .output()
        .expect("the program");
    let errors = String::from_utf8_lossy(&output.stderr);
    let answer = serde_json::from_slice(&output.stdout);
    let answer = answer.unwrap_or_else(|error| panic!("{error}: {errors}"));
    (output.status.code().expect("an exit code"), answer)
}

#[test]
fn an_author_sees_each_rule_that_failed_and_hints_that_follow_from_the_manifest() {
    let resource = "rand-health-insurance";
    // Too few subjects for any cell.
    let of = |seed: &str| {
        let few = ["--rows", "30", "--subjects", "6", "--seed", seed];
        check("hospital-spending", resource, &few)
    };
    let mut hints = Vec::new();
    for seed in ["1", "2"] {
        let (exit, answer) = of(seed);
        assert_eq!(answer["admissible"], true, "{answer}");
        let rehearsal = &answer["rehearsals"][0];
        assert_eq!(rehearsal["profile"], "yunei");
        assert_eq!(
            (exit, &rehearsal["state"]),
            (3, &"withheld".into()),
            "{rehearsal}"
        );
        let verdict = &rehearsal["run"]["verdicts"][0];
        let cells = verdict["cells"].as_array().expect("cells");
        let failed = cells
            .iter()
            .flat_map(|cell| cell["failed"].as_array().expect("rules"));
        let failed: Vec<&Value> = failed.collect();
        assert!(!failed.is_empty(), "{verdict}");
        for figure in failed {
            assert!(
                figure["value"].is_number() && figure["bound"].is_number(),
                "{figure}"
            );
        }
        every_rule(rehearsal);
        let used = rehearsal["run"]["use_of_fields"]
            .as_array()
            .expect("fields");
        assert!(
            used.iter()
                .all(|field| field["declared"] == field["granted"]),
            "{used:?}"
        );
        // The guest writes study years, and the gate's table has phases.
        let written = &answer["written"]["outputs"][0];
        assert_eq!(written["agreement"], "differs", "{written}");
        assert!(written["surplus"]["count"].as_u64() > Some(0), "{written}");
        assert!(written["missing"]["count"].as_u64() > Some(0), "{written}");
        hints.push((rehearsal["hints"].clone(), verdict["cells"].clone()));
    }
    assert_ne!(hints[0].1, hints[1].1, "other data");
    assert_eq!(hints[0].0, hints[1].0, "and the same hints");
    assert_eq!(
        hints[0].0,
        serde_json::json!(["coarser-banding", "counts-alone"])
    );
}

/// Each cell is told with every rule that applies, those that it passes among them; the ones that failed are those of the verdict.
fn every_rule(rehearsal: &Value) {
    let checks = &rehearsal["checks"][0];
    let verdict = &rehearsal["run"]["verdicts"][0];
    assert_eq!(checks["output"], verdict["output"]);
    assert_eq!(checks["cells"], verdict["cells_total"]);
    let cells = checks["items"].as_array().expect("cells");
    assert_eq!(Some(cells.len() as u64), verdict["cells_total"].as_u64());
    let of = |status: &str| {
        let rules = cells
            .iter()
            .flat_map(|cell| cell["rules"].as_array().expect("rules"));
        rules.filter(|figure| figure["status"] == status).count()
    };
    assert!(of("pass") > 0, "rules that passed have figures: {checks}");
    let named = verdict["cells"].as_array().expect("cells").iter();
    let named = named.map(|cell| cell["failed"].as_array().expect("rules").len());
    // Cells that nobody is in are counted in the verdict and not named.
    assert!(of("fail") >= named.sum::<usize>(), "{checks}");
}

#[test]
fn a_module_of_each_data_subject_runs_within_a_budget_of_its_own() {
    let more = ["--rows", "1200", "--subjects", "300"];
    let (exit, answer) = check("doctor-visits", "rand-health-insurance", &more);
    let rehearsal = &answer["rehearsals"][0];
    assert_eq!(
        (exit, &rehearsal["state"]),
        (0, &"released".into()),
        "{rehearsal}"
    );
    let verdict = &rehearsal["run"]["verdicts"][0];
    assert_eq!(verdict["route"], "private", "{rehearsal}");
    assert_eq!(
        rehearsal["checks"],
        serde_json::json!([]),
        "no rule is held against noise"
    );
    assert_eq!(answer["written"], Value::Null, "the gate computes nothing");
    let table = &rehearsal["tables"][0][1];
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!(Some(rows.len() as u64), verdict["cells_total"].as_u64());
    assert!(table.to_string().contains("fewer visits"), "{table}");
}

#[test]
fn a_module_is_held_against_several_profiles_and_shows_what_would_leave() {
    let profiles = [
        "--rows",
        "4000",
        "--profile",
        "yunei",
        "--profile",
        "sdctable",
    ];
    let (_exit, answer) = check("bus-rides", "synthetic-wuxi-bus", &profiles);
    let rehearsals = answer["rehearsals"].as_array().expect("rehearsals");
    let named: Vec<&Value> = rehearsals.iter().map(|of| &of["profile"]).collect();
    assert_eq!(named, ["yunei", "sdctable"]);
    for rehearsal in rehearsals {
        let verdict = &rehearsal["run"]["verdicts"][0];
        assert_eq!(verdict["profile"], rehearsal["profile"]);
        if rehearsal["state"] == "released" {
            let rows = rehearsal["tables"][0][1]["rows"].as_array().expect("rows");
            assert_eq!(Some(rows.len() as u64), verdict["cells_total"].as_u64());
        }
    }
    // What the module writes itself is right, to the last subject, whatever a profile would blank of it.
    let written = &answer["written"]["outputs"][0];
    assert_eq!(written["agreement"], "agrees", "{}", answer["written"]);
    assert_eq!(written["columns_renamed"], json!([["hour", "boarded_at"]]));
    assert!(written["cells"].as_u64() > Some(20), "{written}");
}

#[test]
fn what_a_module_writes_wrong_or_not_at_all_is_told_figure_by_figure() {
    // It counts cards where the manifest says rides, and knows nothing of a second table.
    let manifest = repository().join("examples/bus-rides/module.toml");
    let manifest = std::fs::read_to_string(manifest).expect("a manifest");
    let other = manifest.replace("\"distinct-subjects\"", "\"count\"");
    assert_ne!(other, manifest);
    let second = "[[output]]\nname = \"all-rides\"\nresource = \"synthetic-wuxi-bus\"\n\
                  [[output.measure]]\nname = \"rides\"\naggregate = \"count\"\n";
    let component = std::fs::read(guest("examples", "bus-rides")).expect("a component");
    let dressed = with_manifest(&component, &format!("{other}\n{second}")).expect("a component");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("wrong.wasm");
    std::fs::write(&file, dressed).expect("a file");
    // Few subjects with many rides each.
    let few = ["--rows", "3000", "--subjects", "40"];
    let (_exit, answer) = check_at(&file, "synthetic-wuxi-bus", &few);
    assert_eq!(answer["written"]["state"], "compared", "{answer}");
    let [rides, all] = answer["written"]["outputs"]
        .as_array()
        .expect("outputs")
        .as_slice()
    else {
        panic!("{}", answer["written"]);
    };
    assert_eq!(rides["agreement"], "differs", "{rides}");
    assert_eq!(
        (&rides["missing"]["count"], &rides["surplus"]["count"]),
        (&json!(0), &json!(0))
    );
    assert!(rides["differing"].as_u64() > Some(10), "{rides}");
    for differing in rides["first"].as_array().expect("figures") {
        assert_eq!(differing["column"], "cards", "{differing}");
        let figure = |of: &str| differing[of].as_u64().expect("a count");
        assert!(figure("written") < figure("gate"), "{differing}");
        assert_eq!(
            differing["cell"].as_array().map(Vec::len),
            Some(2),
            "{differing}"
        );
    }
    assert_eq!(all["agreement"], "nothing-written", "{all}");
    assert_eq!(all["cells"], 1, "{all}");
    // The gate read nothing of it: what would leave is its own.
    let verdicts = answer["rehearsals"][0]["run"]["verdicts"]
        .as_array()
        .expect("verdicts");
    assert!(
        verdicts
            .iter()
            .all(|verdict| verdict["route"] == "recomputed"),
        "{verdicts:?}"
    );
}

#[test]
fn a_module_that_derives_columns_runs_once_its_algorithm_is_approved() {
    let (_exit, answer) = check("flight-distance", "nyc-flights-2013", &["--rows", "2000"]);
    let rehearsal = &answer["rehearsals"][0];
    let verdict = &rehearsal["run"]["verdicts"][0];
    assert_eq!(verdict["route"], "reviewed", "{rehearsal}");
    assert_eq!(
        answer["written"],
        Value::Null,
        "what it derives is no table"
    );
    assert!(
        rehearsal["run"]["run"]["calls"].as_u64() > Some(0),
        "{rehearsal}"
    );
}

#[test]
fn a_resource_without_its_entry_is_named() {
    let output = Command::new(program())
        .args(["module", "check"])
        .arg(guest("examples", "bus-rides"))
        .args(["--catalogue"])
        .arg(repository().join("examples/data/rand-health-insurance/resource.toml"))
        .args(["--rows", "10"])
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("`synthetic-wuxi-bus`"), "{errors}");
}
