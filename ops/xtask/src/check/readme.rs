//! README.md and README.zh.md show the same commands.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// The two files.
const FILES: [&str; 2] = ["README.md", "README.zh.md"];
/// How a command of ours begins.
const PROGRAMS: [&str; 2] = ["cargo xtask ", "yunei "];

/// Commands that one README shows and the other does not.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut shown = Vec::new();
    for file in FILES {
        let path = root.join(file);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        shown.push((file, commands(&text)));
    }
    let mut found = Vec::new();
    for (file, own) in &shown {
        for (other, theirs) in shown.iter().filter(|(other, _)| other != file) {
            for command in own.difference(theirs) {
                found.push(format!("{file} shows `{command}`, {other} does not"));
            }
        }
    }
    Ok(found)
}

/// The commands of ours in the fenced blocks of `text`, without their comments.
fn commands(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            let command = line.split(" #").next().unwrap_or(line).trim();
            if PROGRAMS.iter().any(|program| command.starts_with(program)) {
                found.insert(command.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
