//! Links of documents to files of the repository lead somewhere.

use std::path::Path;

use super::tree;

/// The links that lead nowhere.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (path, text) in tree::texts(root, &["md"])? {
        if path.extension().is_none() {
            continue;
        }
        let directory = root.join(&path);
        let directory = directory.parent().unwrap_or(root);
        for (number, target) in links(&text) {
            let file = target.split('#').next().unwrap_or_default();
            if !directory.join(file).exists() {
                found.push(format!(
                    "{}:{number}: `{target}` leads nowhere",
                    path.display()
                ));
            }
        }
    }
    Ok(found)
}

/// Targets within the repository, outside of fenced blocks, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let targets = line.split("](").skip(1);
            let targets = targets.filter_map(|rest| rest.split([')', ' ']).next());
            let within = targets.filter(|target| !target.contains("://"));
            found.extend(within.map(|target| (at + 1, target)));
        }
    }
    found
}

#[cfg(test)]
mod tests;
