//! The data directory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use yunei_ledger::SigningKey;

use super::{Directory, LOG_KEY_FILE};
use crate::exit::Exit;
use crate::failure::exit;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn key(name: &str, seed: u8) -> String {
    SigningKey::from_seed(name, &[seed; 32])
        .unwrap()
        .verifier()
        .to_string()
}

#[test]
fn a_directory_that_is_not_there_is_made_for_its_owner_alone() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("data");
    let directory = Directory::open(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    directory.keys().unwrap();
    assert_eq!(mode(&path.join("keys")), 0o700);
    Directory::open(&path).unwrap().keys().unwrap();
}

#[test]
fn an_empty_directory_is_closed_to_others_and_a_full_one_refused() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("data");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Directory::open(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    fs::write(path.join("yunei.db"), b"").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    let error = Directory::open(&path).unwrap_err();
    assert_eq!(exit(&error), Exit::Input);
    assert!(error.to_string().contains("chmod 700"), "{error}");
}

#[test]
fn what_cannot_be_a_directory_is_wrong_input() {
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("file");
    fs::write(&file, b"").unwrap();
    assert_eq!(exit(&Directory::open(&file).unwrap_err()), Exit::Input);
    assert_eq!(
        exit(&Directory::open(&above.path().join("no/where")).unwrap_err()),
        Exit::Input
    );
}

#[test]
fn a_log_keeps_its_name_and_its_key() {
    let above = tempfile::tempdir().unwrap();
    let directory = Directory::open(&above.path().join("data")).unwrap();
    assert_eq!(directory.log_name(None).unwrap(), "yunei.local/log");
    assert_eq!(
        directory.log_name(Some("wuxi.example/log")).unwrap(),
        "wuxi.example/log"
    );
    directory.keep_log_key(&key("wuxi.example/log", 1)).unwrap();
    directory.keep_log_key(&key("wuxi.example/log", 1)).unwrap();
    assert_eq!(directory.log_name(None).unwrap(), "wuxi.example/log");
    assert!(directory.log_name(Some("another.example/log")).is_err());
    assert!(directory.keep_log_key(&key("wuxi.example/log", 2)).is_err());
    let kept = fs::read_to_string(above.path().join("data").join(LOG_KEY_FILE)).unwrap();
    assert_eq!(kept.trim_end(), key("wuxi.example/log", 1));
}
