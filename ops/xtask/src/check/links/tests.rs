use std::fs;

use super::{check, links};

const TEXT: &str =
    "[a](a.md), [top](#top), [b](../b.md#part)\n```\n[c](c.md)\n```\n[d](https://example.org/d)\n";

#[test]
fn links_are_those_within_the_repository() {
    assert_eq!(links(TEXT), [(1, "a.md"), (1, "#top"), (1, "../b.md#part")]);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, TEXT).unwrap();
    };
    write("docs/page.md");
    write("docs/a.md");
    assert_eq!(
        check(root.path()).unwrap(),
        [
            "docs/a.md:1: `../b.md#part` leads nowhere",
            "docs/page.md:1: `../b.md#part` leads nowhere",
        ]
    );
    write("b.md");
    assert_eq!(
        check(root.path()).unwrap(),
        [
            "b.md:1: `a.md` leads nowhere",
            "b.md:1: `../b.md#part` leads nowhere"
        ]
    );
}
