//! Admission: every reason to refuse, each by its name.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

mod support;

use support::guests::{copying, doubling, module};
use support::{component, foreign_component, manifest, with_manifest, with_section};
use yunei_model::{Limits, World};
use yunei_sandbox::admission::{DETAIL_BYTES_MAX, FINDINGS_MAX, MANIFEST_SECTION};
use yunei_sandbox::{Inspection, inspect};

fn checks(inspection: &Inspection) -> Vec<&str> {
    inspection
        .findings
        .iter()
        .map(|finding| finding.check.as_str())
        .collect()
}

fn refused(bytes: &[u8]) -> Vec<String> {
    let inspection = inspect(bytes, &Limits::default());
    checks(&inspection).into_iter().map(str::to_owned).collect()
}

fn analysis() -> Vec<u8> {
    with_manifest(component("analysis", &copying()), "analysis")
}

fn per_row() -> Vec<u8> {
    with_manifest(component("per-row", &doubling()), "per-row")
}

const CLOCKS: &str = "package wasi:clocks@0.2.0; interface wall-clock { now: func() -> u64; }";

#[test]
fn good_modules_have_no_findings() {
    let inspection = inspect(&analysis(), &Limits::default());
    assert_eq!(inspection.findings, []);
    let admissible = inspection.admissible().unwrap();
    assert_eq!(admissible.world, World::Analysis);
    assert_eq!(admissible.manifest.name.as_str(), "test-module");
    let interfaces: Vec<&str> = admissible
        .imports
        .iter()
        .map(String::as_str)
        .filter(|name| name.contains(':'))
        .collect();
    assert!(interfaces.contains(&"yunei:guest/data@0.1.0"));
    assert!(interfaces.contains(&"yunei:guest/output@0.1.0"));
    assert!(!interfaces.contains(&"yunei:guest/query@0.1.0"));
    let inspection = inspect(&per_row(), &Limits::default());
    assert_eq!(inspection.findings, []);
    assert_eq!(inspection.world, Some(World::PerRow));
    let wat = module(
        "",
        r#"(func (export "contribute") (param i32 i32) (result i32) unreachable)"#,
    );
    let per_subject = with_manifest(component("per-subject", &wat), "per-subject");
    assert_eq!(inspect(&per_subject, &Limits::default()).findings, []);
}

#[test]
fn memory_of_an_instance_for_one_subject_is_limited_before_it_is_compiled() {
    let wat = module(
        "",
        r#"(func (export "contribute") (param i32 i32) (result i32) unreachable)"#,
    );
    let bytes = with_manifest(component("per-subject", &wat), "per-subject");
    let under = |subject_memory_bytes_max| {
        let limits = Limits {
            subject_memory_bytes_max,
            ..Limits::default()
        };
        let found = inspect(&bytes, &limits);
        checks(&found)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    // Two pages.
    assert!(under(131_072).is_empty());
    assert_eq!(under(131_071), ["too-many-subject-memory-bytes"]);
    assert!(
        inspect(
            &analysis(),
            &Limits {
                subject_memory_bytes_max: 0,
                ..Limits::default()
            }
        )
        .findings
        .is_empty()
    );
}

#[test]
fn what_is_no_component_is_refused() {
    assert_eq!(refused(b""), ["not-wasm"]);
    assert_eq!(refused(b"\x7fELF and so on"), ["not-wasm"]);
    assert_eq!(refused(b"\0asm"), ["not-wasm"]);
    assert_eq!(refused(b"\0asm\x07\0\x01\0"), ["not-wasm"]);
    assert_eq!(
        refused(&wat::parse_str("(module)").unwrap()),
        ["core-module"]
    );
}

#[test]
fn wherever_a_component_is_cut_it_is_refused() {
    let whole = analysis();
    let step = whole.len() / 97;
    for length in (0..whole.len()).step_by(step) {
        let findings = refused(&whole[..length]);
        assert!(!findings.is_empty(), "cut to {length} bytes");
    }
}

#[test]
fn whatever_byte_is_changed_nothing_panics() {
    let whole = per_row();
    for place in (0..whole.len()).step_by(2) {
        let mut changed = whole.clone();
        changed[place] = changed[place].wrapping_add(0x55);
        let _ = inspect(&changed, &Limits::default());
    }
}

#[test]
fn size_is_limited() {
    let bytes = analysis();
    let at = Limits {
        component_bytes_max: bytes.len() as u64,
        ..Limits::default()
    };
    assert_eq!(inspect(&bytes, &at).findings, []);
    let past = Limits {
        component_bytes_max: bytes.len() as u64 - 1,
        ..Limits::default()
    };
    assert_eq!(checks(&inspect(&bytes, &past)), ["too-large"]);
}

#[test]
fn wasi_is_refused_by_name() {
    let world = "package evil:module; world evil { include yunei:guest/analysis@0.1.0; import wasi:clocks/wall-clock@0.2.0; }";
    let wat = copying().replacen(
        "(module",
        r#"(module (import "wasi:clocks/wall-clock@0.2.0" "now" (func (result i64)))"#,
        1,
    );
    let bytes = with_manifest(
        foreign_component(&[CLOCKS, world], "evil", &wat),
        "analysis",
    );
    let inspection = inspect(&bytes, &Limits::default());
    assert_eq!(checks(&inspection), ["wasi-import"]);
    assert!(
        inspection.findings[0]
            .detail
            .contains("`wasi:clocks/wall-clock@0.2.0`")
    );
}

#[test]
fn imports_and_exports_of_other_worlds_are_refused() {
    let world = "package evil:module; world evil { include yunei:guest/per-row@0.1.0; import yunei:guest/journal@0.1.0; export spill: func(); }";
    let wat = doubling()
        .replacen(
            "(module",
            r#"(module (import "yunei:guest/journal@0.1.0" "note" (func (param i32 i32 i32)))"#,
            1,
        )
        .replacen("(memory", r#"(func (export "spill")) (memory"#, 1);
    let bytes = with_manifest(foreign_component(&[world], "evil", &wat), "per-row");
    assert_eq!(
        refused(&bytes),
        ["import-not-allowed", "export-not-allowed"]
    );
}

#[test]
fn a_component_lives_in_exactly_one_world() {
    let both = "package evil:module; world evil { include yunei:guest/per-row@0.1.0; include yunei:guest/analysis@0.1.0; }";
    let wat = doubling().replacen(
        "(memory",
        r#"(func (export "run") (result i32) unreachable) (memory"#,
        1,
    );
    let bytes = with_manifest(foreign_component(&[both], "evil", &wat), "per-row");
    assert_eq!(refused(&bytes), ["world-ambiguous"]);
    let none = "package evil:module; world evil { export spill: func(); }";
    let wat = module("", r#"(func (export "spill"))"#);
    let bytes = with_manifest(foreign_component(&[none], "evil", &wat), "analysis");
    assert_eq!(refused(&bytes), ["world-missing"]);
}

#[test]
fn a_function_of_another_type_is_refused() {
    let world = "package evil:module; world evil { export run: func() -> u64; }";
    let wat = module("", r#"(func (export "run") (result i64) (i64.const 1))"#);
    let bytes = with_manifest(foreign_component(&[world], "evil", &wat), "analysis");
    let found = refused(&bytes);
    assert!(found.contains(&"manifest-outputs".to_owned()), "{found:?}");
    assert!(found.contains(&"world-mismatch".to_owned()), "{found:?}");
}

#[test]
fn the_manifest_belongs_inside_once_and_readable() {
    let bare = component("analysis", &copying());
    let with = |data: &[u8]| with_section(bare.clone(), MANIFEST_SECTION, data);
    assert_eq!(refused(&bare), ["manifest-missing"]);
    assert_eq!(
        refused(&with_manifest(analysis(), "analysis")),
        ["manifest-twice"]
    );
    assert_eq!(refused(&with(b"name = \xff")), ["manifest-malformed"]);
    assert_eq!(refused(&with(b"name = ")), ["manifest-malformed"]);
    let twice_wrong = manifest("analysis").replace("resource = \"trips\"", "resource = \"others\"").replace("fields = [\"fare\"]", "fields = [\"fare\"]\n[[derived]]\nname = \"x\"\ntype = \"number\"\nmin = 0.0\nmax = 1.0\n");
    assert_eq!(
        refused(&with(twice_wrong.as_bytes())),
        ["manifest-rule", "manifest-rule"]
    );
    let text = manifest("analysis");
    let at = Limits {
        manifest_bytes_max: text.len() as u64,
        ..Limits::default()
    };
    assert_eq!(inspect(&with(text.as_bytes()), &at).findings, []);
    let past = Limits {
        manifest_bytes_max: text.len() as u64 - 1,
        ..Limits::default()
    };
    assert_eq!(
        checks(&inspect(&with(text.as_bytes()), &past)),
        ["manifest-too-large"]
    );
}

#[test]
fn the_manifest_says_what_the_component_is() {
    let bytes = with_manifest(component("analysis", &copying()), "per-row");
    assert_eq!(refused(&bytes), ["manifest-world"]);
    let idle = module("", r#"(func (export "run") (result i32) unreachable)"#);
    let bytes = with_manifest(component("analysis", &idle), "analysis");
    assert_eq!(refused(&bytes), ["manifest-resources", "manifest-outputs"]);
}

/// Components inside components.
fn nested(depth: usize) -> Vec<u8> {
    let mut component = wasm_encoder::Component::new();
    for _ in 0..depth {
        let mut outer = wasm_encoder::Component::new();
        outer.section(&wasm_encoder::NestedComponentSection(&component));
        component = outer;
    }
    component.finish()
}

#[test]
fn nesting_is_limited() {
    assert!(
        !refused(&nested(4))
            .iter()
            .any(|check| check == "too-many-nesting-depth")
    );
    assert!(
        refused(&nested(5))
            .iter()
            .any(|check| check == "too-many-nesting-depth")
    );
    assert!(
        refused(&nested(5_000))
            .iter()
            .any(|check| check == "too-many-nesting-depth")
    );
}

#[test]
fn structure_is_limited_with_every_excess_told() {
    let functions = "(func)".repeat(20);
    let text = format!(
        "(component (core module {functions} (memory 1) (memory 1) (table 70 funcref) (table 30 funcref)) (core module) (core module))"
    );
    let bytes = wat::parse_str(text).unwrap();
    let at = Limits {
        functions_max: 20,
        memories_max: 2,
        tables_max: 2,
        table_elements_max: 100,
        core_modules_max: 3,
        ..Limits::default()
    };
    let found = inspect(&bytes, &at);
    assert!(
        !checks(&found)
            .iter()
            .any(|check| check.starts_with("too-many")),
        "{found:?}"
    );
    let past = Limits {
        functions_max: 19,
        memories_max: 1,
        tables_max: 1,
        table_elements_max: 99,
        core_modules_max: 2,
        ..Limits::default()
    };
    let found = inspect(&bytes, &past);
    for check in [
        "functions",
        "memories",
        "tables",
        "table-elements",
        "core-modules",
    ] {
        assert!(
            checks(&found).contains(&format!("too-many-{check}").as_str()),
            "{check}: {found:?}"
        );
    }
}

#[test]
fn function_bodies_instances_and_imports_are_limited() {
    let bytes = analysis();
    for (limits, check) in [
        (
            Limits {
                function_bytes_max: 32,
                ..Limits::default()
            },
            "too-many-function-bytes",
        ),
        (
            Limits {
                instances_max: 1,
                ..Limits::default()
            },
            "too-many-instances",
        ),
        (
            Limits {
                imports_max: 1,
                ..Limits::default()
            },
            "too-many-imports",
        ),
    ] {
        let inspection = inspect(&bytes, &limits);
        assert_eq!(checks(&inspection), [check]);
    }
}

#[test]
fn proposals_that_are_off_are_refused() {
    for body in [
        "(core module (memory 1 1 shared))",
        "(core module (memory i64 1))",
        "(core module (memory 1) (memory 1))",
        "(core module (tag))",
        "(core module (type (struct)))",
        "(core module (func (result v128) v128.const i32x4 0 0 0 0 v128.const i32x4 0 0 0 0 i8x16.relaxed_swizzle))",
        "(core module (func return_call 0))",
    ] {
        let bytes = wat::parse_str(format!("(component {body})")).unwrap();
        let found = refused(&bytes);
        assert!(
            found
                .iter()
                .any(|check| check == "invalid" || check == "malformed"),
            "{body}: {found:?}"
        );
    }
}

#[test]
fn every_reason_comes_at_once_escaped_and_capped() {
    let imports: String = (0..80)
        .map(|index| format!("(import \"wasi:evil{index}/x@0.2.0\" (instance))"))
        .collect();
    let bytes = wat::parse_str(format!(
        "(component {imports} (core module (memory i64 1)))"
    ))
    .unwrap();
    let limits = Limits {
        imports_max: 100,
        ..Limits::default()
    };
    let inspection = inspect(&bytes, &limits);
    let found = checks(&inspection);
    assert_eq!(found.len(), FINDINGS_MAX + 1);
    for check in [
        "manifest-missing",
        "invalid",
        "world-missing",
        "wasi-import",
        "more-findings",
    ] {
        assert!(found.contains(&check), "{check}");
    }
    assert!(
        inspection
            .findings
            .iter()
            .all(|finding| finding.detail.len() <= DETAIL_BYTES_MAX)
    );
    assert!(inspection.admissible().is_err());
}
