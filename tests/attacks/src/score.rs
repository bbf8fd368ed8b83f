//! What came of each attack, and the table of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

/// What came of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The gate, or what stands before it, kept the secret in.
    Caught,
    /// The attacker learnt the secret.
    Missed,
    /// Software cannot hold it on this route: people decide, or the leak is bounded and not closed.
    OutOfReach,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Missed => "**missed**",
            Self::OutOfReach => "out of reach",
        }
    }
}

/// One attack on one route under one profile.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub attack: &'static str,
    pub route: &'static str,
    pub profile: String,
    pub outcome: Outcome,
    /// What was seen.
    pub note: String,
}

/// Attacks and routes in the order in which they were played.
fn played(lines: &[Line]) -> Vec<(&'static str, &'static str)> {
    let mut played = Vec::new();
    for line in lines {
        if !played.contains(&(line.attack, line.route)) {
            played.push((line.attack, line.route));
        }
    }
    played
}

/// The score as a table: a row for each attack and route, a column for each profile; then the notes.
pub fn markdown(lines: &[Line], profiles: &[String]) -> String {
    let mut text = String::new();
    let found: BTreeMap<_, _> = lines
        .iter()
        .map(|line| ((line.attack, line.route, line.profile.as_str()), line))
        .collect();
    let _written = writeln!(text, "| attack | route | {} |", profiles.join(" | "));
    let _written = writeln!(text, "|---|---|{}", "---|".repeat(profiles.len()));
    for (attack, route) in played(lines) {
        let cells: Vec<&str> = profiles
            .iter()
            .map(|profile| {
                found
                    .get(&(attack, route, profile.as_str()))
                    .map_or("–", |line| line.outcome.word())
            })
            .collect();
        let _written = writeln!(text, "| {attack} | {route} | {} |", cells.join(" | "));
    }
    text.push('\n');
    let _written = writeln!(text, "{}", totals(lines, profiles));
    text.push_str("\n## What was seen\n\n");
    for (attack, route) in played(lines) {
        let _written = writeln!(text, "- **{attack}**, {route}:");
        let mut notes: BTreeMap<(Outcome, &str), Vec<&str>> = BTreeMap::new();
        for line in lines {
            if line.attack == attack && line.route == route {
                notes
                    .entry((line.outcome, &line.note))
                    .or_default()
                    .push(&line.profile);
            }
        }
        for ((outcome, note), profiles) in notes {
            let _written = writeln!(
                text,
                "  - {} ({}): {note}",
                outcome.word(),
                profiles.join(", ")
            );
        }
    }
    text
}

/// Caught, missed and out of reach, for each route and profile.
pub fn totals(lines: &[Line], profiles: &[String]) -> String {
    let mut routes: Vec<&str> = Vec::new();
    for line in lines {
        if !routes.contains(&line.route) {
            routes.push(line.route);
        }
    }
    let mut text = format!(
        "| caught / missed / out of reach | {} |\n",
        routes.join(" | ")
    );
    let _written = writeln!(text, "|---|{}", "---|".repeat(routes.len()));
    for profile in profiles {
        let count = |route: &str, outcome| {
            lines
                .iter()
                .filter(|l| l.route == route && &l.profile == profile && l.outcome == outcome)
                .count()
        };
        let cells: Vec<String> = routes
            .iter()
            .map(|route| {
                format!(
                    "{} / {} / {}",
                    count(route, Outcome::Caught),
                    count(route, Outcome::Missed),
                    count(route, Outcome::OutOfReach)
                )
            })
            .collect();
        let _written = writeln!(text, "| {profile} | {} |", cells.join(" | "));
    }
    text
}

/// The whole document.
pub fn document(lines: &[Line], profiles: &[String]) -> String {
    format!(
        r"# Attacks on the release gate, and their score

Written by `cargo xtask attacks`, which carries out each of them against the real program: two hostile operating units, made-up people, one server for each profile.
What an attacker learnt is computed from what an operating unit is given (refusals, statuses, released tables, the public profile), with linear programmes of the attacker's own where figures are put together.

- **caught**: the gate, or what stands before it, kept the secret in.
- **missed**: the attacker learnt it. Profiles other than `yunei` reproduce rules of other bodies of practice: what they do not forbid is missed here, as it would be there.
- **out of reach**: software does not hold it on this route: two people decide, or the leak is bounded and not closed ([threat model](../THREATS.md)).

A value counts as learnt when what remains unknown is narrower than a fifth of it.

{}",
        markdown(lines, profiles)
    )
}
