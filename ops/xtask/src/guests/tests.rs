use std::fs;
use std::path::Path;

use super::find;

#[test]
fn crates_are_found_and_other_things_are_not() {
    let root = tempfile::tempdir().unwrap();
    for file in [
        "examples/delays/module/Cargo.toml",
        "examples/data/rebuild.py",
        "examples/README.md",
        "tests/guests/hostile/spin/Cargo.toml",
        "tests/guests/bench/sum/Cargo.toml",
        "tests/guests/hostile/notes/README.md",
    ] {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let guests = find(root.path()).unwrap();
    let modules: Vec<_> = guests.iter().map(|guest| guest.module.as_path()).collect();
    assert_eq!(
        modules,
        [
            Path::new("examples/delays.wasm"),
            Path::new("hostile/spin.wasm"),
            Path::new("bench/sum.wasm"),
        ]
    );
    assert!(guests[0].source.ends_with("examples/delays/module"));
}

#[test]
fn no_guests_are_no_error() {
    let root = tempfile::tempdir().unwrap();
    assert!(find(root.path()).unwrap().is_empty());
}
