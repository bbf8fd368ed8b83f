//! What the doctor says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Finding, State, look, words};

#[test]
fn what_is_missing_comes_with_what_to_do() {
    let findings = [
        Finding::ok("kernel", "Linux 6.12 on x86_64"),
        Finding::missing(
            "module tool-chain",
            "none",
            "rustup target add wasm32-unknown-unknown",
        )
        .optional(),
        Finding::missing(
            "landlock",
            "not in force in a probe",
            "put landlock into the kernel's `lsm=`",
        ),
    ];
    insta::assert_snapshot!(words(&findings, true));
}

#[test]
fn nothing_that_is_as_it_should_be_becomes_optional() {
    assert_eq!(Finding::ok("kernel", "").optional().state, State::Ok);
    assert_eq!(
        Finding::missing("kernel", "", "").optional().state,
        State::Optional
    );
}

#[test]
fn a_data_directory_that_others_can_enter_is_told_of() {
    let directory = tempfile::tempdir().unwrap();
    let state = |mode: u32| {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        look::data(directory.path())[0].state
    };
    assert_eq!(state(0o700), State::Ok);
    assert_eq!(state(0o755), State::Missing);
    let absent = look::data(&directory.path().join("not/there/yet"));
    assert_eq!(absent[0].state, State::Ok);
    assert_eq!(absent.len(), 2, "its disk is looked at where it will be");
}
