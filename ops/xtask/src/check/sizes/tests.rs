use std::fs;

use super::check;

#[test]
fn a_file_of_five_hundred_lines_is_found_and_one_less_is_not() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("host/model/src");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("fits.rs"), "\n".repeat(499)).unwrap();
    fs::write(deep.join("long.rs"), "\n".repeat(500)).unwrap();
    fs::write(root.path().join("run"), "\n".repeat(501)).unwrap();
    assert_eq!(
        check(root.path()).unwrap(),
        [
            "host/model/src/long.rs: 500 lines, must stay under 500",
            "run: 501 lines, must stay under 500"
        ]
    );
}

#[test]
fn built_things_and_data_are_not_looked_at() {
    let root = tempfile::tempdir().unwrap();
    for file in [
        "target/long.rs",
        ".git/long.rs",
        "data/long.rs",
        "Cargo.lock",
        "table.csv",
        "x/target/long.rs",
    ] {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "\n".repeat(900)).unwrap();
    }
    assert!(check(root.path()).unwrap().is_empty());
    // A directory called data elsewhere is ours.
    let ours = root.path().join("examples/data");
    fs::create_dir_all(&ours).unwrap();
    fs::write(ours.join("rebuild.py"), "\n".repeat(900)).unwrap();
    assert_eq!(check(root.path()).unwrap().len(), 1);
}
