//! What makes no component, and says why.

use super::*;

fn reason(core_module: &[u8]) -> String {
    match componentize(core_module, "") {
        Err(BuildError::Component { reason }) => reason,
        other => panic!("no component was expected: {other:?}"),
    }
}

#[test]
fn a_module_that_imports_without_bindings_makes_no_component() {
    let core_module = wat::parse_str(r#"(module (import "env" "read_file" (func)))"#);
    let reason = reason(&core_module.expect("well-formed"));
    assert!(reason.contains("env"), "{reason}");
}

#[test]
fn bytes_that_are_no_module_make_no_component() {
    assert!(!reason(b"").is_empty());
    assert!(!reason(b"\0asm\x01\0\0\0\x05\xff").is_empty());
}

#[test]
fn only_descriptions_of_other_worlds_are_taken_out() {
    let core_module = wat::parse_str(
        r#"(module
            (func (export "run"))
            (@custom "component-type:wit-bindgen:1:yunei:guest@0.1.0:per-row-with-all-of-its-exports-removed:encoded world" "x")
            (@custom "component-type:wit-bindgen:1:hostile:wasi@0.1.0:w-with-all-of-its-exports-removed:encoded world" "y")
            (@custom "component-type:wit-bindgen:1:yunei:guest@0.1.0:per-row:imports and exports" "z"))"#,
    );
    let kept = without_other_worlds(&core_module.expect("well-formed")).expect("well-formed");
    let names: Vec<String> = Parser::new(0)
        .parse_all(&kept)
        .filter_map(|payload| match payload.expect("still well-formed") {
            Payload::CustomSection(section) => Some(section.name().to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names
            .iter()
            .all(|name| !name.contains("yunei:guest@0.1.0:per-row-with"))
    );
}
