//! What is read from cargo's messages.

use super::*;

#[test]
fn the_core_module_of_a_cdylib_is_found() {
    let message = r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"kind":["cdylib"]},"filenames":["/t/release/a.wasm"]}"#;
    let expected = Artifact {
        crate_dir: "/w/a".into(),
        path: "/t/release/a.wasm".into(),
    };
    assert_eq!(artifact(message), Some(expected));
}

#[test]
fn other_messages_and_artifacts_are_passed_over() {
    for message in [
        "",
        "Compiling",
        r#"{"reason":"build-finished","success":true}"#,
        r#"{"reason":"compiler-artifact","manifest_path":"/w/b/Cargo.toml","filenames":["/t/release/libb.rlib"]}"#,
    ] {
        assert_eq!(artifact(message), None, "{message}");
    }
}
