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

#[test]
fn another_manifest_takes_the_place_of_the_old_one_and_nothing_else_changes() {
    // A custom section of that name inside a core module is the module's, and stays.
    let component = wat::parse_str(
        r#"(component
            (core module $inner (func (export "run")) (@custom "yunei:manifest" "inner"))
            (core instance (instantiate $inner)))"#,
    )
    .expect("well-formed");
    let dress = |component: &[u8], text: &str| with_manifest(component, text).expect("a component");
    let first = dress(&component, "first");
    assert_eq!(first.get(..component.len()), Some(component.as_slice()));
    let second = dress(&first, "second");
    assert_eq!(second, dress(&component, "second"));
    let manifests = crate::Surface::read(&second)
        .expect("a component")
        .manifests;
    assert_eq!(manifests, ["second"]);
    assert!(
        with_manifest(b"\0asm\x01\0\0\0", "").is_err(),
        "a core module"
    );
    assert!(
        with_manifest(first.get(..40).unwrap_or_default(), "").is_err(),
        "cut short"
    );
}
