use std::fs;

use super::{check, commands};

const ENGLISH: &str = "Run `cargo xtask nothing`:\n```sh\n$ cargo xtask demo --once   # plays\ncargo xtask test\nls\n```\n";

#[test]
fn commands_are_those_in_fenced_blocks() {
    let found: Vec<_> = commands(ENGLISH).into_iter().collect();
    assert_eq!(found, ["cargo xtask demo --once", "cargo xtask test"]);
}

#[test]
fn a_command_that_one_readme_lacks_is_found() {
    let root = tempfile::tempdir().unwrap();
    assert!(check(root.path()).is_err(), "both must be there");
    fs::write(root.path().join("README.md"), ENGLISH).unwrap();
    fs::write(
        root.path().join("README.zh.md"),
        "```\ncargo xtask demo --once # 演示\nyunei serve\n```\n",
    )
    .unwrap();
    assert_eq!(
        check(root.path()).unwrap(),
        [
            "README.md shows `cargo xtask test`, README.zh.md does not",
            "README.zh.md shows `yunei serve`, README.md does not"
        ]
    );
    fs::write(root.path().join("README.zh.md"), ENGLISH).unwrap();
    assert!(check(root.path()).unwrap().is_empty());
}
