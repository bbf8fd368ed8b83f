//! Paths that lead nowhere, or where they must not.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use yunei_model::Code;

use crate::testing::{CSV, Desk, RIDES_CSV, rides};

#[test]
fn only_plain_relative_paths_are_opened() {
    let desk = Desk::new();
    desk.put("rides.csv", RIDES_CSV);
    let inside = desk.source.path();
    std::fs::create_dir_all(inside.join("a/b")).unwrap();
    desk.put("a/b/rides.csv", RIDES_CSV);
    desk.import("a/b/rides.csv", CSV, &rides()).unwrap();
    let absolute = inside.join("rides.csv");
    let deep = "a/".repeat(40) + "rides.csv";
    let long = "x".repeat(300);
    for path in [
        "",
        "/",
        ".",
        "..",
        "../rides.csv",
        "a/../rides.csv",
        "./rides.csv",
        "a//b/rides.csv",
        "rides.csv/",
        "a/b",
        "missing.csv",
        "rides.csv/x",
        "rides\0.csv",
        absolute.to_str().unwrap(),
        &deep,
        &long,
    ] {
        let error = desk.import(path, CSV, &rides()).expect_err(path);
        assert_eq!(error.code(), Code::ImportPath, "{path:?}: {error}");
    }
}

#[test]
fn links_are_refused_wherever_they_stand() {
    let desk = Desk::new();
    desk.put("rides.csv", RIDES_CSV);
    let inside = desk.source.path();
    std::fs::create_dir(inside.join("real")).unwrap();
    desk.put("real/rides.csv", RIDES_CSV);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("rides.csv"), RIDES_CSV).unwrap();
    symlink("rides.csv", inside.join("file-link")).unwrap();
    symlink("real", inside.join("directory-link")).unwrap();
    symlink(outside.path(), inside.join("way-out")).unwrap();
    for path in ["file-link", "directory-link/rides.csv", "way-out/rides.csv"] {
        let error = desk.import(path, CSV, &rides()).expect_err(path);
        assert_eq!(error.code(), Code::ImportPath, "{path}: {error}");
    }
    desk.import("real/rides.csv", CSV, &rides()).unwrap();
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let desk = Desk::new();
    let inside = desk.source.path();
    let pipe = inside.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let _socket = UnixListener::bind(inside.join("socket")).unwrap();
    for path in ["pipe", "socket"] {
        let error = desk.import(path, CSV, &rides()).expect_err(path);
        assert_eq!(error.code(), Code::ImportPath, "{path}: {error}");
    }
}
