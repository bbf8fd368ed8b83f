//! Every crate takes the workspace's lints, and those still ban ambient time, randomness and environment.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use toml::Table;

use crate::workspace::Workspace;

/// What `clippy.toml` must go on banning.
const BANNED: [&str; 4] = [
    "std::time::SystemTime::now",
    "uuid::Uuid::now_v7",
    "uuid::Uuid::new_v4",
    "std::env::var",
];
/// Lints that must be errors everywhere.
const DENIED: [&str; 6] = [
    "unwrap_used",
    "expect_used",
    "panic",
    "indexing_slicing",
    "disallowed_methods",
    "too_many_lines",
];
/// Longest function, in lines.
const FUNCTION_LINES_MAX: i64 = 70;
/// The one package that is exempt by nature: it is compiled for guests, around generated bindings.
const GUEST: &str = "yunei-guest";

/// The crates and tables that lack what they must have.
pub fn check(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        if package.name != GUEST && !inherits(&read(&package.manifest)?) {
            found.push(format!(
                "`{}` lacks `[lints] workspace = true`",
                package.name
            ));
        }
    }
    found.extend(denials(&read(&workspace.root.join("Cargo.toml"))?));
    found.extend(bans(&read(&workspace.root.join("clippy.toml"))?));
    Ok(found)
}

fn read(path: &Path) -> anyhow::Result<Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    text.parse()
        .with_context(|| format!("`{}` is no TOML", path.display()))
}

fn inherits(manifest: &Table) -> bool {
    let lints = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"));
    lints.and_then(toml::Value::as_bool) == Some(true)
}

fn denials(manifest: &Table) -> Vec<String> {
    let lints = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("lints")?.get("clippy"));
    let denied = |name: &str| {
        lints
            .and_then(|lints| lints.get(name)?.as_str())
            .is_some_and(|level| level == "deny" || level == "forbid")
    };
    DENIED
        .iter()
        .filter(|name| !denied(name))
        .map(|name| format!("the workspace must deny `clippy::{name}`"))
        .collect()
}

fn bans(clippy: &Table) -> Vec<String> {
    let methods = clippy
        .get("disallowed-methods")
        .and_then(toml::Value::as_array)
        .cloned()
        .unwrap_or_default();
    let banned = |wanted: &str| {
        methods.iter().any(|method| {
            let path = method.get("path").unwrap_or(method);
            path.as_str() == Some(wanted)
        })
    };
    let mut found: Vec<String> = BANNED
        .iter()
        .filter(|path| !banned(path))
        .map(|path| format!("clippy.toml must ban `{path}`"))
        .collect();
    let threshold = clippy
        .get("too-many-lines-threshold")
        .and_then(toml::Value::as_integer);
    if threshold.is_none_or(|lines| lines > FUNCTION_LINES_MAX) {
        found.push(format!(
            "clippy.toml must keep functions within {FUNCTION_LINES_MAX} lines"
        ));
    }
    found
}

#[cfg(test)]
mod tests;
