//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// What git keeps for itself: a directory, and in a further working tree a file.
const GIT: &str = ".git";
/// Directories that hold nothing of ours, wherever they are.
const SKIPPED: [&str; 4] = ["target", "node_modules", ".venv", "__pycache__"];
/// A data directory of a running server, at the root alone.
const SKIPPED_AT_ROOT: &str = "data";

/// Every regular file below `root`, relative to it, sorted. Links are not followed.
pub fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        let place = root.join(&directory);
        let entries =
            fs::read_dir(&place).with_context(|| format!("cannot read `{}`", place.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let path = directory.join(&name);
            let kind = entry.file_type()?;
            if name == GIT {
                continue;
            }
            if kind.is_dir() {
                let skipped = SKIPPED.iter().any(|skipped| name == *skipped)
                    || path == Path::new(SKIPPED_AT_ROOT);
                if !skipped {
                    waiting.push(path);
                }
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The files whose name ends in one of `endings`, or that have no ending, with their text. What is not UTF-8 is no text.
pub fn texts(root: &Path, endings: &[&str]) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut texts = Vec::new();
    for path in files(root)? {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_none_or(|ending| endings.contains(&ending)) {
            let bytes = fs::read(root.join(&path))
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            if let Ok(text) = String::from_utf8(bytes) {
                texts.push((path, text));
            }
        }
    }
    Ok(texts)
}

/// Endings of what people write. Data, snapshots and lock files are none of it.
pub const SOURCE: &[&str] = &[
    "rs",
    "wit",
    "cedar",
    "cedarschema",
    "sql",
    "toml",
    "py",
    "js",
    "ts",
    "tsx",
    "css",
    "html",
    "sh",
    "md",
    "yml",
    "yaml",
];
