//! A dressed module writes as before, and what came of it is told in both languages.

use serde_json::json;
use yunei_disclosure::Profile;
use yunei_model::{Figures, OpenedTable};
use yunei_sandbox::inspect;

use super::*;

/// A component of nothing but a manifest: nothing of it runs here.
const NOTHING: &[u8] = b"\0asm\x0d\0\x01\0";

fn manifest(example: &str) -> Manifest {
    let path = format!(
        "{}/../../examples/{example}/module.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    Manifest::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn outputs_are_the_modules_own_and_those_of_the_gate_stand_beside_them() {
    for example in ["bus-rides", "income-by-education", "rain-delays"] {
        let manifest = manifest(example);
        let dressed = Dressed::of(&manifest, NOTHING).unwrap().unwrap();
        let inspected = inspect(&dressed.component, &yunei_model::Limits::default());
        assert_eq!(
            inspected.manifest.as_ref(),
            Some(&dressed.manifest),
            "{example}"
        );
        let [own, computed] = dressed.manifest.outputs.as_slice() else {
            panic!("{:?}", dressed.manifest.outputs);
        };
        assert_eq!(own.name, manifest.outputs[0].name);
        assert!(own.measures.is_empty() && own.dimensions.is_empty());
        assert_eq!(computed.measures, manifest.outputs[0].measures);
        assert_eq!(dressed.pairs, [(own.name.clone(), computed.name.clone())]);
        assert_eq!(dressed.manifest.resources, manifest.resources);
    }
    for nothing_computed in ["flight-distance", "doctor-visits", "weather-delays"] {
        let manifest = manifest(nothing_computed);
        let dressed = Dressed::of(&manifest, NOTHING).unwrap();
        assert!(dressed.is_none(), "{nothing_computed}");
    }
}

#[test]
fn names_of_the_gates_outputs_are_nobodys() {
    let mut manifest = manifest("bus-rides");
    let output = manifest.outputs[0].clone();
    for name in ["computed-0", "computed-3", "computed-4"] {
        let name = Name::parse(name).unwrap();
        manifest.outputs.push(Output {
            name,
            ..output.clone()
        });
    }
    let dressed = Dressed::of(&manifest, NOTHING).unwrap().unwrap();
    let mut names: Vec<&Name> = dressed.manifest.outputs.iter().map(|o| &o.name).collect();
    assert_eq!(names.len(), 8);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 8, "{names:?}");
}

#[test]
fn the_profile_without_rules_has_none() {
    let profile = Profile::parse(PROFILE).unwrap();
    assert_eq!(profile.name().as_str(), PROFILE_NAME);
    let settings = profile.settings();
    assert!(settings.rounding.is_none() && settings.dominance.is_none());
    assert!(
        crate::serve::policies::built_in(profile.name()).is_err(),
        "built in nowhere"
    );
}

fn table(name: &str, figures: Figures, rows: [(&str, i64); 2]) -> OpenedTable {
    let table = json!({ "columns": [
        { "name": "study_year", "title": null, "values": rows.map(|row| row.0) },
        { "name": "person_years", "title": null, "values": rows.map(|row| row.1) },
        { "name": "inpatient_dollars", "title": null, "values": [1.5, 2.5] },
    ], "rows": 2 });
    OpenedTable {
        output: Name::parse(name).unwrap(),
        figures,
        table: serde_json::from_value(table).unwrap(),
    }
}

fn held(written: Option<[(&str, i64); 2]>) -> Held {
    let manifest = manifest("hospital-spending");
    let dressed = Dressed::of(&manifest, NOTHING).unwrap().unwrap();
    let computed = dressed.pairs[0].1.to_string();
    let gate = [("years 1 to 3", 40), ("years 4 and 5", 9)];
    let mut tables = vec![table(&computed, Figures::Gate, gate)];
    tables.extend(written.map(|rows| table("spending", Figures::Module, rows)));
    let opened = OpenedOutput {
        tables,
        notes: Vec::new(),
    };
    dressed.held(&manifest, Ok(Ok(opened))).unwrap()
}

#[test]
fn the_story_is_told_in_both_languages() {
    let right = held(Some([("years 1 to 3", 40), ("years 4 and 5", 9)]));
    let english = right.words(Language::En);
    assert!(
        english.contains("spending: agrees with the gate's table (2 cells)"),
        "{english}"
    );
    assert!(
        english.contains("In a real run the gate reads nothing"),
        "{english}"
    );
    assert!(
        right
            .words(Language::Zh)
            .contains("与闸的表一致（2 个单元）")
    );
    let wrong = held(Some([("years 1 to 3", 41), ("4", 9)]));
    let english = wrong.words(Language::En);
    for part in [
        "differs",
        "cells missing: 1 (years 4 and 5)",
        "does not have: 1 (4)",
        "41",
        "40",
    ] {
        assert!(english.contains(part), "{part}: {english}");
    }
    let chinese = wrong.words(Language::Zh);
    for part in ["不一致", "缺少的单元: 1", "闸算的"] {
        assert!(chinese.contains(part), "{part}: {chinese}");
    }
    let nothing = held(None);
    assert!(
        nothing
            .words(Language::En)
            .contains("nothing need be written")
    );
    assert!(nothing.words(Language::Zh).contains("无须写"));
    let told = json!(wrong);
    assert_eq!(told["state"], "compared");
    assert_eq!(told["outputs"][0]["agreement"], "differs");
    assert_eq!(
        told["outputs"][0]["first"][0],
        json!({ "cell": ["years 1 to 3"], "column": "person_years", "written": 41, "gate": 40 })
    );
}

#[test]
fn a_run_that_did_not_come_to_it_says_how_it_ended() {
    let manifest = manifest("bus-rides");
    let dressed = Dressed::of(&manifest, NOTHING).unwrap().unwrap();
    let failed = dressed
        .held(&manifest, Ok(Err("failed".to_owned())))
        .unwrap();
    assert!(
        failed
            .words(Language::En)
            .contains("nothing to compare: the run ended as failed")
    );
    let refused = Answered {
        code: "forbidden".to_owned(),
        message: "Not permitted.".to_owned(),
        ..Answered::default()
    };
    let refused = dressed.held(&manifest, Err(refused.into())).unwrap();
    assert_eq!(json!(refused)["why"], "Not permitted. (forbidden)");
    let broken = dressed.held(&manifest, Err(anyhow::anyhow!("no domain")));
    assert!(
        broken.is_err(),
        "what went wrong here is no part of the story"
    );
}
