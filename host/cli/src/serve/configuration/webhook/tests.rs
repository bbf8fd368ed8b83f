use cap_std::ambient_authority;
use cap_std::fs::{Dir, Permissions, PermissionsExt as _};

use crate::serve::configuration::{Configuration, FILE};

const GOOD: &str = "[[webhook]]\nname = \"bureau\"\nurl = \"https://a.example/hook\"\nsecret_file = \"hook.secret\"\n";

fn webhooks(text: &str, secret: &str, mode: u32) -> Result<usize, String> {
    let place = tempfile::tempdir().unwrap();
    let directory = Dir::open_ambient_dir(place.path(), ambient_authority()).unwrap();
    directory.write(FILE, text).unwrap();
    directory.write("hook.secret", secret).unwrap();
    let permissions = Permissions::from_mode(mode);
    directory
        .set_permissions("hook.secret", permissions)
        .unwrap();
    let read = Configuration::read(&directory);
    let webhooks = read.and_then(|read| read.webhooks(&directory));
    webhooks
        .map(|all| all.len())
        .map_err(|error| format!("{error:?}"))
}

#[test]
fn without_the_file_nothing_is_sent() {
    let place = tempfile::tempdir().unwrap();
    let directory = Dir::open_ambient_dir(place.path(), ambient_authority()).unwrap();
    let read = Configuration::read(&directory).unwrap();
    assert!(read.webhooks(&directory).unwrap().is_empty());
}

#[test]
fn a_secret_is_its_owners_alone_and_long_enough() {
    let secret = "a secret of sixteen bytes and more\n";
    assert_eq!(webhooks(GOOD, secret, 0o600), Ok(1));
    assert!(webhooks(GOOD, secret, 0o640).is_err());
    assert!(webhooks(GOOD, "short\n", 0o600).is_err());
}

#[test]
fn what_is_mistyped_is_refused() {
    let secret = "a secret of sixteen bytes and more";
    for wrong in [
        GOOD.replace("url", "address"),
        GOOD.replace("https", "ftp"),
        GOOD.replace("hook.secret", "../hook.secret"),
        GOOD.replace("hook.secret", "/etc/hostname"),
        format!("more = 1\n{GOOD}"),
    ] {
        assert!(webhooks(&wrong, secret, 0o600).is_err(), "{wrong}");
    }
}
