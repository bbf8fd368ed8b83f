use std::fs;
use std::path::Path;

use super::{LIST, check, parts, record, tokens};
use crate::process::Call;

const FIRST: &str = "/// What it is.\npackage yunei:guest@0.1.0;\ninterface inputs { parameter: func(name: string) -> option<s32>; }\n";

fn write(root: &Path, text: &str) {
    let directory = root.join("guest-sdk/wit");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("yunei.wit"), text).unwrap();
}

fn git(root: &Path, arguments: &[&str]) {
    let quiet = [
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.org",
        "-c",
        "commit.gpgsign=false",
    ];
    Call::new("git")
        .args(quiet)
        .args(arguments)
        .within(root)
        .read()
        .unwrap();
}

fn commit(root: &Path) {
    git(root, &["init", "--quiet"]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message", "Publish"]);
}

fn finding(root: &Path) -> String {
    let found = check(root).unwrap();
    assert!(!found.is_empty(), "something is to be found");
    found.join("\n")
}

#[test]
fn a_recorded_interface_is_fine_and_comments_may_change() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), FIRST);
    assert!(finding(root.path()).contains("is missing"));
    record(root.path()).unwrap();
    assert!(check(root.path()).unwrap().is_empty());
    write(
        root.path(),
        &FIRST
            .replace("What it is", "Said better")
            .replace("{ ", "{\n    /* more */ "),
    );
    assert!(check(root.path()).unwrap().is_empty());
}

#[test]
fn a_change_without_a_new_version_fails() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), FIRST);
    record(root.path()).unwrap();
    write(root.path(), &FIRST.replace("s32", "s64"));
    assert!(finding(root.path()).contains("changed without a new version"));
    // A file more is a change too.
    write(root.path(), FIRST);
    fs::write(
        root.path().join("guest-sdk/wit/more.wit"),
        "interface more {}",
    )
    .unwrap();
    assert!(finding(root.path()).contains("changed without a new version"));
}

#[test]
fn a_new_version_must_be_recorded() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), FIRST);
    record(root.path()).unwrap();
    write(
        root.path(),
        &FIRST.replace("s32", "s64").replace("0.1.0", "0.2.0"),
    );
    assert!(finding(root.path()).contains("0.2.0 is not in"));
    record(root.path()).unwrap();
    assert!(check(root.path()).unwrap().is_empty());
    let list = fs::read_to_string(root.path().join(LIST)).unwrap();
    assert_eq!(list.matches("number = ").count(), 2, "{list}");
}

#[test]
fn what_was_published_cannot_be_recorded_anew() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), FIRST);
    record(root.path()).unwrap();
    write(root.path(), &FIRST.replace("s32", "u32"));
    record(root.path()).unwrap();
    commit(root.path());
    write(root.path(), &FIRST.replace("s32", "s64"));
    assert!(
        record(root.path())
            .unwrap_err()
            .to_string()
            .contains("must stay so")
    );
    // Nor by hand, not even when the change is committed.
    fs::remove_dir_all(root.path().join(".git")).unwrap();
    record(root.path()).unwrap();
    let forged = fs::read(root.path().join(LIST)).unwrap();
    write(root.path(), FIRST);
    record(root.path()).unwrap();
    commit(root.path());
    write(root.path(), &FIRST.replace("s32", "s64"));
    fs::write(root.path().join(LIST), forged).unwrap();
    git(
        root.path(),
        &["commit", "--quiet", "--all", "--message", "Forge"],
    );
    assert!(finding(root.path()).contains("must stay so"));
}

#[test]
fn versions_only_grow() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), FIRST);
    record(root.path()).unwrap();
    write(root.path(), &FIRST.replace("0.1.0", "0.0.9"));
    assert!(
        record(root.path())
            .unwrap_err()
            .to_string()
            .contains("each greater")
    );
    assert_eq!(parts("1.20.3"), Some([1, 20, 3]));
    assert!(parts("1.20") < parts("1.3.0") && parts("1.3.0") < parts("1.20.0"));
    assert_eq!(parts("1.2.x"), None);
}

#[test]
fn tokens_leave_out_comments_and_spacing() {
    assert_eq!(
        tokens("a:func( x:s32 )->b; // end\n/* in /* deep */ out */c"),
        tokens("a : func(x : s32) -> b;\nc")
    );
    assert_ne!(tokens("ab"), tokens("a b"));
}
