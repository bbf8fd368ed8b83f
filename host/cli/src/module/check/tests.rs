//! What admission would say.

use yunei_model::{Finding, Limits, Manifest};
use yunei_sandbox::inspect;

use super::{advice, findings, manifest_facts, told};

#[test]
fn a_core_module_is_refused_with_what_mends_it() {
    let inspection = inspect(b"\0asm\x01\0\0\0", &Limits::default());
    let told = told(&inspection, 8, false);
    assert!(
        told.contains("core-module") && told.contains("yunei module build"),
        "{told}"
    );
    assert!(told.ends_with("Admission would refuse it."), "{told}");
}

#[test]
fn outputs_tell_what_becomes_of_them() {
    let fate = |example: &str| {
        let path = format!(
            "{}/../../examples/{example}/module.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        let manifest = Manifest::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        manifest_facts(&manifest).text(None)
    };
    assert!(fate("transport-delays").contains("the gate computes it itself"));
    assert!(fate("flight-distance").contains("once two people have approved the algorithm"));
    assert!(fate("weather-delays").contains("two people decide about each run"));
}

#[test]
fn findings_of_every_kind_come_with_advice() {
    let checks = [
        "not-wasm",
        "core-module",
        "malformed",
        "invalid",
        "too-large",
        "too-many-imports",
        "wasi-import",
        "import-not-allowed",
        "export-not-allowed",
        "world-missing",
        "world-ambiguous",
        "world-mismatch",
        "manifest-missing",
        "manifest-twice",
        "manifest-malformed",
        "manifest-rule",
        "manifest-too-large",
        "manifest-world",
        "manifest-resources",
        "manifest-outputs",
        "interface-unreadable",
    ];
    for check in checks {
        assert!(!advice(check).is_empty(), "{check}");
    }
    let unknown = Finding {
        check: "from-a-later-version".to_owned(),
        detail: "found".to_owned(),
    };
    assert!(
        findings(&[unknown])
            .text(None)
            .contains("from-a-later-version")
    );
}
