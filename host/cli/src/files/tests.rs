//! Files that a command is given.

use std::os::unix::fs::PermissionsExt as _;

use super::{Aside, TEXT_BYTES_MAX, open, read, text, write, write_secret};

#[test]
fn a_file_past_its_limit_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    std::fs::write(&path, b"12345").unwrap();
    assert_eq!(read(&path, 5).unwrap(), b"12345");
    assert!(
        read(&path, 4)
            .unwrap_err()
            .to_string()
            .contains("larger than 4 bytes")
    );
    std::fs::write(&path, vec![b'a'; TEXT_BYTES_MAX as usize + 1]).unwrap();
    assert!(text(&path).is_err());
}

#[test]
fn what_is_no_file_or_no_text_is_said() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        open(directory.path())
            .unwrap_err()
            .to_string()
            .contains("is no file")
    );
    let path = directory.path().join("gb18030.toml");
    std::fs::write(&path, b"\xce\xde\xce\xfd").unwrap();
    assert!(
        text(&path)
            .unwrap_err()
            .to_string()
            .contains("is not UTF-8")
    );
}

#[test]
fn a_secret_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    write(&path, b"old, and readable by all").unwrap();
    write_secret(&path, "yunei_00").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"yunei_00");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_file_that_was_not_finished_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    drop(Aside::begin(&directory.path().join("table.csv")).unwrap());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
