//! Surfaces of components written by hand.

use super::*;

fn read(text: &str) -> Surface {
    let component = wat::parse_str(text).expect("the test's component is well-formed");
    Surface::read(&component).expect("it is a component")
}

#[test]
fn imports_and_exports_of_the_outermost_level_are_read() {
    let surface = read(
        r#"(component
            (import "yunei:guest/data@0.1.0" (instance))
            (import "wasi:io/poll@0.2.0" (instance))
            (import "batch" (type (sub resource)))
            (component (import "hidden" (func)))
            (core module (import "deep" "down" (func)))
            (instance $nothing)
            (export "run" (instance $nothing)))"#,
    );
    assert_eq!(
        surface.imports,
        ["yunei:guest/data@0.1.0", "wasi:io/poll@0.2.0"]
    );
    assert_eq!(surface.exports, ["run"]);
    assert_eq!(
        surface.foreign_imports().collect::<Vec<_>>(),
        ["wasi:io/poll@0.2.0"]
    );
    assert_eq!(surface.world(), Some(World::Analysis));
}

#[test]
fn one_entry_point_makes_a_world_and_two_make_none() {
    let exports = |names: &[&str]| Surface {
        imports: Vec::new(),
        exports: names.iter().map(|n| (*n).to_owned()).collect(),
        manifests: Vec::new(),
    };
    assert_eq!(exports(&["derive"]).world(), Some(World::PerRow));
    assert_eq!(exports(&["contribute"]).world(), Some(World::PerSubject));
    assert_eq!(exports(&["other"]).world(), None);
    assert_eq!(exports(&["run", "derive"]).world(), None);
}

#[test]
fn manifests_inside_nested_components_do_not_count() {
    let surface = read(
        r#"(component
            (component (@custom "yunei:manifest" "forged"))
            (@custom "yunei:manifest" "real"))"#,
    );
    assert_eq!(surface.manifests, ["real"]);
}

#[test]
fn what_is_no_component_is_refused() {
    let core_module = wat::parse_str("(module)").expect("well-formed");
    let component = wat::parse_str(r#"(component (@custom "yunei:manifest" "cut here"))"#);
    let cut = component.expect("well-formed");
    let cut = &cut[..cut.len() - 1];
    for bytes in [b"".as_slice(), b"not wasm", &core_module, cut] {
        assert!(Surface::read(bytes).is_err(), "{bytes:?}");
    }
}
