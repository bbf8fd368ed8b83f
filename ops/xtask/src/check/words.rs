//! Nothing in the repository tells of a machine that it was written on, or of the hosts of package registries.

use std::path::Path;

use super::tree;

/// What must not stand in a file. Put together here, so that this file does not contain it either.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/ho", "me/"), "a path of somebody's machine"),
    (concat!("/ro", "ot/"), "a path of somebody's machine"),
    (concat!("/Us", "ers/"), "a path of somebody's machine"),
    (concat!("/wo", "rk/"), "a path of somebody's machine"),
    (concat!("/tmp/", "yunei"), "a path of somebody's machine"),
    (concat!("index.", "crates.io"), "the host of a registry"),
    (concat!("static.", "crates.io"), "the host of a registry"),
    (
        concat!("files.", "pythonhosted.org"),
        "the host of a registry",
    ),
    (concat!("pypi.org/", "simple"), "the host of a registry"),
    (concat!("registry.", "npmjs.org"), "the host of a registry"),
    (concat!("proxy.", "golang.org"), "the host of a registry"),
    (concat!("deb.", "debian.org"), "the host of a registry"),
    (concat!("archive.", "ubuntu.com"), "the host of a registry"),
];

/// Endings of files that are looked at beside the sources.
const ALSO: &[&str] = &["json", "csv", "lock", "txt", "snap", "cfg", "ini", "env"];

/// Where a forbidden word stands.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let endings: Vec<&str> = tree::SOURCE.iter().chain(ALSO).copied().collect();
    let mut found = Vec::new();
    for (path, text) in tree::texts(root, &endings)? {
        for (number, line) in text.lines().enumerate() {
            for (word, what) in FORBIDDEN.iter().filter(|(word, _)| stands(line, word)) {
                found.push(format!(
                    "{}:{}: `{word}` is {what}",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    Ok(found)
}

/// Whether `word` stands in `line`; a path only where it begins, so that the middle of a longer one is none.
fn stands(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let inside = |c: char| c.is_alphanumeric() || "._-}/".contains(c);
        !word.starts_with('/') || !before.is_some_and(inside)
    })
}

#[cfg(test)]
mod tests;
