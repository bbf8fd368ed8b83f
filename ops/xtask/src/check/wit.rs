//! The guest interface does not change without a new version.
//!
//! `guest-sdk/wit/VERSION.toml` lists every version with the digest of its text (comments and spacing do not count). The last one must be
//! that of the files, and what any commit has published must still be listed as it was.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::process::Call;

/// Where the interface lives.
const DIRECTORY: &str = "guest-sdk/wit";
/// The list, relative to the root of the repository.
const LIST: &str = "guest-sdk/wit/VERSION.toml";
/// The package whose version counts.
const PACKAGE: &str = "package yunei:guest@";
/// Most commits that are looked back at.
const COMMITS_MAX: &str = "256";
/// What stands above the list.
const PREAMBLE: &str = "# Every version of the guest interface, and the SHA-256 of its text without comments and spacing.\n# Written by `cargo xtask wit`; a published version never changes.\n\n";

/// Versions in the order of publication.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default, rename = "version")]
    versions: Vec<Version>,
}

/// A version and the digest of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    number: String,
    digest: String,
}

/// What is wrong with the list below `root`.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let present = present(root)?;
    let path = root.join(LIST);
    if !path.is_file() {
        return Ok(vec![format!("{LIST} is missing: run `cargo xtask wit`")]);
    }
    let list = parse(&fs::read_to_string(path)?)?;
    let mut found = list.unordered();
    for published in published(root)? {
        found.extend(list.changed_since(&published));
    }
    found.extend(list.differs_from(&present));
    found.dedup();
    Ok(found)
}

/// Writes the present version into the list; refuses to change a published one.
pub fn record(root: &Path) -> anyhow::Result<()> {
    let present = present(root)?;
    let path = root.join(LIST);
    let mut list = if path.is_file() {
        parse(&fs::read_to_string(&path)?)?
    } else {
        List::default()
    };
    list.versions
        .retain(|version| version.number != present.number);
    list.versions.push(present.clone());
    let mut found = list.unordered();
    for published in published(root)? {
        found.extend(list.changed_since(&published));
    }
    if let Some(finding) = found.first() {
        bail!("{finding}");
    }
    fs::write(&path, format!("{PREAMBLE}{}", toml::to_string(&list)?))?;
    println!("{LIST}: {} {}", present.number, present.digest);
    Ok(())
}

impl List {
    fn unordered(&self) -> Vec<String> {
        let numbers = self.versions.iter().map(|version| parts(&version.number));
        let follow = numbers
            .clone()
            .zip(numbers.clone().skip(1))
            .all(|(one, next)| one < next);
        if follow && numbers.clone().all(|parts| parts.is_some()) {
            Vec::new()
        } else {
            vec![format!(
                "the versions in {LIST} must be of the form 1.2.3, each greater than the one before"
            )]
        }
    }

    fn changed_since(&self, published: &Self) -> Vec<String> {
        let kept = |version: &&Version| self.versions.contains(version);
        let changed = published.versions.iter().filter(|version| !kept(version));
        changed
            .map(|version| {
                format!(
                    "version {} of the guest interface was published with digest {} and must stay so: raise the version in {DIRECTORY}, then run `cargo xtask wit`",
                    version.number, version.digest
                )
            })
            .collect()
    }

    fn differs_from(&self, present: &Version) -> Vec<String> {
        match self.versions.last() {
            Some(last) if last == present => Vec::new(),
            Some(last) if last.number == present.number => vec![format!(
                "the guest interface has changed without a new version: raise {} in {DIRECTORY}, then run `cargo xtask wit`",
                present.number
            )],
            _ => vec![format!(
                "version {} is not in {LIST}: run `cargo xtask wit`",
                present.number
            )],
        }
    }
}

fn parse(text: &str) -> anyhow::Result<List> {
    toml::from_str(text).with_context(|| format!("{LIST} is not understood"))
}

/// The three numbers of `1.2.3`.
fn parts(number: &str) -> Option<[u32; 3]> {
    let parts: Option<Vec<u32>> = number.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// The version that the files are.
fn present(root: &Path) -> anyhow::Result<Version> {
    let mut number = None;
    let mut digest = Sha256::new();
    for path in interface(root)? {
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let declared = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(PACKAGE));
        number = number.or_else(|| Some(declared?.trim_end_matches(';').trim().to_owned()));
        let name = path.strip_prefix(root.join(DIRECTORY)).unwrap_or(&path);
        digest.update(name.to_string_lossy().as_bytes());
        digest.update([0]);
        digest.update(tokens(&text).join(" ").as_bytes());
        digest.update([0]);
    }
    let mut hexadecimal = String::new();
    for byte in digest.finalize() {
        write!(hexadecimal, "{byte:02x}")?;
    }
    Ok(Version {
        number: number.with_context(|| format!("no file in {DIRECTORY} says `{PACKAGE}…`"))?,
        digest: hexadecimal,
    })
}

fn interface(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let directory = root.join(DIRECTORY);
    let files = super::tree::files(&directory)?;
    let wit = files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "wit"));
    Ok(wit.map(|path| directory.join(path)).collect())
}

/// The words and signs of a WIT text, without comments and spacing. WIT has no strings.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut depth = 0_usize;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        match (c, next) {
            ('/', Some('*')) => {
                depth += 1;
                rest.next();
            }
            ('*', Some('/')) if depth > 0 => {
                depth -= 1;
                rest.next();
            }
            _ if depth > 0 => {}
            ('/', Some('/')) => {
                found.extend(take(&mut word));
                while rest.next_if(|c| *c != '\n').is_some() {}
            }
            _ if c.is_alphanumeric() || "-_%".contains(c) => word.push(c),
            _ => {
                found.extend(take(&mut word));
                if !c.is_whitespace() {
                    found.push(c.to_string());
                }
            }
        }
    }
    found.extend(take(&mut word));
    found
}

fn take(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

/// The lists that commits of this repository have published; none in a copy without its history.
fn published(root: &Path) -> anyhow::Result<Vec<List>> {
    if !root.join(".git").exists() {
        return Ok(Vec::new());
    }
    let git = |arguments: &[&str]| Call::new("git").args(arguments).within(root).read();
    let commits = git(&["log", "--format=%H", "--max-count", COMMITS_MAX, "--", LIST])?;
    let mut lists = Vec::new();
    for commit in commits.lines() {
        // A commit that removed the list has none.
        if let Ok(text) = git(&["show", &format!("{commit}:./{LIST}")]) {
            lists.push(parse(&text)?);
        }
    }
    Ok(lists)
}

#[cfg(test)]
mod tests;
