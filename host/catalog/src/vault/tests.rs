//! The vault.

use std::io::Write;

use yunei_model::{CountingIds, Digest, Part};

use super::VaultError;
use crate::testing::{Desk, RIDES_CSV};

#[test]
fn a_part_is_named_by_its_digest_and_owned_by_nobodys_pen() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let part = &snapshot.parts[0];
    let expected = format!("{}.parquet", part.digest.to_hex());
    assert_eq!(desk.files(), std::slice::from_ref(&expected));
    let path = desk.kept.path().join(expected);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(Digest::of(&bytes), part.digest);
    assert_eq!(bytes.len() as u64, part.bytes);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o400
    );
}

#[test]
fn parts_that_are_missing_changed_or_links_are_not_opened() {
    let desk = Desk::new();
    let mut snapshot = desk.csv(RIDES_CSV).unwrap();
    let part = snapshot.parts[0].clone();
    let path = desk.kept.path().join(&desk.files()[0]);
    let other = Part {
        digest: Digest::of(b"other"),
        ..part.clone()
    };
    assert!(matches!(
        desk.vault.open_part(&other),
        Err(VaultError::Missing { .. })
    ));
    let bytes = std::fs::read(&path).unwrap();
    let replace = |bytes: &[u8]| {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
    };
    replace(&bytes[1..]);
    assert!(matches!(
        desk.vault.open_part(&part),
        Err(VaultError::Corrupt { .. })
    ));
    let mut flipped = bytes.clone();
    flipped[10] ^= 1;
    replace(&flipped);
    desk.vault.open_part(&part).unwrap();
    assert!(matches!(
        desk.vault.verify(&snapshot),
        Err(VaultError::Corrupt { .. })
    ));
    replace(&bytes);
    desk.vault.verify(&snapshot).unwrap();
    snapshot.parts[0].rows += 1;
    assert!(matches!(
        desk.vault.verify(&snapshot),
        Err(VaultError::Corrupt { .. })
    ));
    desk.put("elsewhere", &bytes);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(desk.source.path().join("elsewhere"), &path).unwrap();
    assert!(desk.vault.open_part(&part).is_err());
}

#[test]
fn an_unfinished_part_leaves_nothing() {
    let desk = Desk::new();
    let ids = CountingIds::default();
    let mut part = desk.vault.begin(&ids).unwrap();
    part.sink().write_all(b"half").unwrap();
    assert_eq!(desk.files().len(), 1);
    drop(part);
    assert!(desk.files().is_empty());
}

#[test]
fn what_a_killed_import_left_is_swept() {
    let desk = Desk::new();
    let ids = CountingIds::default();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    std::mem::forget(desk.vault.begin(&ids).unwrap());
    std::mem::forget(desk.vault.begin(&ids).unwrap());
    assert_eq!(desk.files().len(), 3);
    assert_eq!(desk.vault.discard_unfinished().unwrap(), 2);
    desk.vault.verify(&snapshot).unwrap();
}
