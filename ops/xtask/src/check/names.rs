//! Spans and events get their names from `host/telemetry` alone: its macros take the place of tracing's, whose messages and
//! unlisted fields would be dropped by redaction.

use std::path::Path;

use super::tree;

/// The crates that are looked at.
const HOST: &str = "host";
/// The one crate that calls tracing's own macros.
const TELEMETRY: &str = "host/telemetry";
/// Tracing's macros.
const MACROS: [&str; 12] = [
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "event",
    "span",
    "trace_span",
    "debug_span",
    "info_span",
    "warn_span",
    "error_span",
];

/// Where tracing's own macros are used.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (path, text) in tree::texts(root, &["rs"])? {
        if !path.starts_with(HOST) || path.starts_with(TELEMETRY) {
            continue;
        }
        for (number, line) in text.lines().enumerate().filter(|(_, line)| bypasses(line)) {
            found.push(format!(
                "{}:{}: use `yunei_telemetry::event!` or `span!` instead of `{}`",
                path.display(),
                number + 1,
                line.trim()
            ));
        }
    }
    Ok(found)
}

/// Whether a line of code calls, imports or derives from a macro of tracing's.
fn bypasses(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("//") {
        return false;
    }
    let called = line.match_indices("tracing::").any(|(at, prefix)| {
        let rest = line.get(at + prefix.len()..).unwrap_or_default();
        let name = rest.split('!').next().unwrap_or_default();
        rest.len() > name.len() && MACROS.contains(&name)
    });
    let imported = line.strip_prefix("use tracing::").is_some_and(|names| {
        let mut names = names.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        names.any(|name| MACROS.contains(&name) || name == "instrument")
    });
    called
        || imported
        || line.starts_with("#[instrument")
        || line.starts_with("#[tracing::instrument")
}

#[cfg(test)]
mod tests;
