use std::fs;

use super::{FORBIDDEN, check};

#[test]
fn every_forbidden_word_is_found_where_it_stands() {
    for (word, what) in FORBIDDEN {
        let root = tempfile::tempdir().unwrap();
        fs::write(
            root.path().join("notes.md"),
            format!("first\nsee {word}somewhere\n"),
        )
        .unwrap();
        assert_eq!(
            check(root.path()).unwrap(),
            [format!("notes.md:2: `{word}` is {what}")]
        );
    }
}

#[test]
fn a_path_of_our_own_is_none() {
    let root = tempfile::tempdir().unwrap();
    let text = format!(
        "a{0}b ./c{0}d ${{X}}{0}e https://docs.example{0}f\n",
        concat!("/wo", "rk/")
    );
    fs::write(root.path().join("fine.rs"), text).unwrap();
    assert!(check(root.path()).unwrap().is_empty());
}

#[test]
fn the_check_itself_is_clean() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(check(here).unwrap(), Vec::<String>::new());
}
