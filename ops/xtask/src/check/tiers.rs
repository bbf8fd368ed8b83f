//! The table of tiers: an arrow only ever points to a lower tier.

use crate::workspace::Package;

/// A crate and where it stands.
struct Place {
    name: &'static str,
    tier: u8,
    /// Crates of its own tier that it may depend on.
    beside: &'static [&'static str],
}

const fn place(name: &'static str, tier: u8, beside: &'static [&'static str]) -> Place {
    Place { name, tier, beside }
}

/// The table of `host/ARCHITECTURE.md`.
const TABLE: &[Place] = &[
    // Pure.
    place("yunei-model", 0, &[]),
    place("yunei-ledger", 0, &["yunei-model"]),
    place("yunei-authority", 0, &["yunei-model"]),
    place("yunei-disclosure", 0, &["yunei-model"]),
    place("yunei-privacy", 0, &["yunei-model"]),
    // One edge each.
    place("yunei-catalog", 1, &[]),
    place("yunei-sandbox", 1, &[]),
    place("yunei-store", 1, &[]),
    place("yunei-telemetry", 1, &[]),
    place("yunei-outbound", 1, &[]),
    place("yunei-listener", 1, &[]),
    place("yunei-module", 1, &[]),
    // Rooms, and the order of things.
    place("yunei-rooms", 2, &[]),
    place("yunei-lifecycle", 2, &["yunei-rooms"]),
    // Processes.
    place("yunei-server", 3, &[]),
    place("yunei-worker", 3, &[]),
    place("yunei-witness", 3, &[]),
    // Composition.
    place("yunei-cli", 4, &[]),
    // What is measured inside one process; shipped to nobody.
    place("yunei-benchmarks", 4, &[]),
    // What stands apart from the host depends on none of it.
    place("yunei-guest", 0, &[]),
    place("yunei-tests", 0, &[]),
    place("yunei-attacks", 0, &["yunei-tests"]),
    // A domain for tests, of which it needs the parts: above what is tested with it.
    place("yunei-town", 3, &[]),
    // The demo plays the story of the end-to-end tests.
    place("xtask", 0, &["yunei-tests"]),
];

/// Crates that stand in for what is above a test: tests of any tier depend on them, and nothing else does.
const FIXTURES: [&str; 1] = ["yunei-town"];
/// Families of crates that tier 0 must not depend on.
const IMPURE: [&str; 4] = ["tokio", "sqlx", "axum", "wasmtime"];
/// The only crates that may use `anyhow`.
const ANYHOW: [&str; 2] = ["yunei-cli", "xtask"];

/// The dependencies that break the table.
pub fn check(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(breaches).collect()
}

fn breaches(package: &Package) -> Vec<String> {
    let name = &package.name;
    let Some(own) = find(name) else {
        return vec![format!("`{name}` has no place in the table of tiers")];
    };
    let mut found = Vec::new();
    for declared in &package.dependencies {
        let dependency = declared.name.as_str();
        if FIXTURES.contains(&dependency) {
            if !declared.is_for_tests() {
                found.push(format!(
                    "`{name}` must not depend on `{dependency}`: it is for tests alone"
                ));
            }
        } else if let Some(other) = find(dependency) {
            let allowed = other.tier < own.tier || own.beside.contains(&dependency);
            if !allowed && dependency != name {
                found.push(format!(
                    "`{name}` (tier {}) must not depend on `{dependency}` (tier {})",
                    own.tier, other.tier
                ));
            }
        }
        if own.tier == 0 && IMPURE.iter().any(|family| belongs(dependency, family)) {
            found.push(format!(
                "`{name}` is of tier 0 and must not depend on `{dependency}`"
            ));
        }
        if dependency == "anyhow" && !ANYHOW.contains(&name.as_str()) {
            found.push(format!(
                "`{name}` must not use `anyhow`: errors are types outside of {}",
                ANYHOW.join(" and ")
            ));
        }
    }
    found
}

fn find(name: &str) -> Option<&'static Place> {
    TABLE.iter().find(|place| place.name == name)
}

/// Whether `name` is `family` itself or one of its parts, such as `tokio-util`.
fn belongs(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests;
