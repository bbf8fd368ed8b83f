//! `yunei module` as a process of its own.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests say at once what is wrong"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn yunei(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yunei"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Where every guest is built, so that the standard library is compiled for their target once.
fn shared_target() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_yunei"))
        .ancestors()
        .nth(2)
        .unwrap();
    target.join("guests/target")
}

#[test]
fn a_new_module_of_every_world_that_runs_is_built_and_would_be_admitted() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk/rust");
    let into = tempfile::tempdir().unwrap();
    for world in ["analysis", "per-row", "per-subject"] {
        let (sdk, into) = (sdk.to_str().unwrap(), into.path().to_str().unwrap());
        let made = yunei(&[
            "module", "new", world, "--world", world, "--sdk", sdk, "--into", into,
        ]);
        assert!(made.status.success(), "{made:?}");
        let directory = format!("{into}/{world}");
        // The versions that this workspace has are there already; nothing is looked for elsewhere.
        std::fs::copy(
            Path::new(sdk).join("../../examples/Cargo.lock"),
            format!("{directory}/Cargo.lock"),
        )
        .unwrap();
        let out = format!("{into}/{world}.wasm");
        let built = yunei(&[
            "module",
            "build",
            &directory,
            "--out",
            &out,
            "--target-dir",
            shared_target().to_str().unwrap(),
        ]);
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let checked = yunei(&["module", "check", &out]);
        assert!(
            checked.status.success(),
            "{}",
            String::from_utf8_lossy(&checked.stdout)
        );
        assert!(
            String::from_utf8_lossy(&checked.stdout).contains("Admission would take it"),
            "{checked:?}"
        );
    }
}

#[test]
fn what_is_no_component_is_refused_by_the_exit_code() {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let checked = yunei(&["module", "check", text.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(3), "{checked:?}");
    let absent = yunei(&["module", "check", "no-such-file.wasm"]);
    assert_eq!(absent.status.code(), Some(2), "{absent:?}");
}

#[test]
fn a_crate_without_a_manifest_is_wrong_input() {
    let directory = tempfile::tempdir().unwrap();
    let built = yunei(&["module", "build", directory.path().to_str().unwrap()]);
    assert_eq!(built.status.code(), Some(2), "{built:?}");
    assert!(
        String::from_utf8_lossy(&built.stderr).contains("module.toml"),
        "{built:?}"
    );
}
