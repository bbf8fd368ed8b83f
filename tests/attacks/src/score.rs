//! What came of each attack, and the table of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use yunei_tests::{StoryError, Told};

/// A route out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    Recomputed,
    Reviewed,
    Private,
}

impl Route {
    pub const ALL: [Self; 3] = [Self::Recomputed, Self::Reviewed, Self::Private];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Recomputed => "recomputed",
            Self::Reviewed => "reviewed",
            Self::Private => "private",
        }
    }
}

/// Why software does not hold an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing leaves by itself: two people look at it and decide.
    PeopleDecide,
    /// It leaves by itself, because two people approved the algorithm that carries it.
    AlgorithmApproved,
    /// It leaks, by a bounded number of bits.
    Bounded,
}

/// What came of an attack, the better outcome first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The gate, or what stands before it, kept the secret in.
    Caught,
    /// The gate computed the figures, found that it must not release them by itself, and asks two people, with the reason.
    Asked,
    /// Software cannot hold it on this route.
    OutOfReach(Reach),
    /// The attacker learnt the secret.
    Missed,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Asked => "caught: people asked",
            Self::OutOfReach(Reach::PeopleDecide) => "out of reach: people decide",
            Self::OutOfReach(Reach::AlgorithmApproved) => "out of reach: algorithm approved",
            Self::OutOfReach(Reach::Bounded) => "out of reach: bounded",
            Self::Missed => "**missed**",
        }
    }
}

/// One attack on one route under one profile.
#[derive(Debug, Clone)]
pub struct Line {
    pub attack: &'static str,
    pub route: Route,
    pub profile: String,
    pub outcome: Outcome,
    /// What was seen.
    pub note: String,
}

/// Why an attack, by how its name begins, has no meaning on a route.
const MEANINGLESS: [(&str, Route, &str); 34] = [
    (
        "a row filter",
        Route::Private,
        "as subtraction from margins; one row less is N against N − 1 rows",
    ),
    (
        "complement of a mask",
        Route::Reviewed,
        "a number that a module derives beside another column waits for two people; see 0/1 mask × column",
    ),
    (
        "complement of a mask",
        Route::Private,
        "as subtraction from margins",
    ),
    (
        "absent denominator",
        Route::Reviewed,
        "a ratio of derived numbers waits for two people; of fields it is the recomputed route's",
    ),
    (
        "absent denominator",
        Route::Private,
        "there are sums and counts alone",
    ),
    ("two columns", Route::Private, "as subtraction from margins"),
    (
        "one module under two parameters",
        Route::Recomputed,
        "a module's bytes are not used, so that its parameters change nothing",
    ),
    (
        "one module under two parameters",
        Route::Private,
        "each run is charged, whatever its parameters",
    ),
    (
        "sensitive field copied",
        Route::Recomputed,
        "nothing is derived",
    ),
    ("sensitive field copied", Route::Private, "as 0 or 100 %"),
    ("a model with", Route::Recomputed, "there are no models"),
    ("a model with", Route::Private, "there are no models"),
    ("derived values", Route::Recomputed, "nothing is derived"),
    (
        "derived values",
        Route::Private,
        "contributions are clamped and rounded to whole steps; see one subject's secret",
    ),
    (
        "state kept",
        Route::Reviewed,
        "a module sees all rows and may keep what it likes; what it makes of them is what two people approved its algorithm for",
    ),
    (
        "a trap for",
        Route::Recomputed,
        "a run that fails releases nothing; see timing and status",
    ),
    (
        "a trap for",
        Route::Reviewed,
        "a run that fails releases nothing; see timing and status",
    ),
    (
        "join",
        Route::Reviewed,
        "a `per-row` module reads one resource, and what a module joins itself waits for two people as a whole",
    ),
    (
        "join",
        Route::Private,
        "a module is given the rows of one data subject, and its contribution is bounded and noisy whatever it makes of them",
    ),
    (
        "minimum and maximum",
        Route::Private,
        "there are sums and counts alone",
    ),
    (
        "duplicated rows",
        Route::Private,
        "a data subject is called once, with all its rows",
    ),
    (
        "subtraction from margins",
        Route::Private,
        "nothing is exact, so nothing is subtracted; what all tables tell together is the budget's",
    ),
    (
        "any linear combination",
        Route::Private,
        "as subtraction from margins",
    ),
    (
        "linked tables",
        Route::Private,
        "as subtraction from margins",
    ),
    (
        "0 or 100 %",
        Route::Private,
        "that a whole group is alike does not follow from any one data subject; noise keeps the one in, not the group",
    ),
    (
        "0/1 mask",
        Route::Private,
        "what is counted is the module's own; see one subject's secret under full support",
    ),
    (
        "one subject's secret",
        Route::Recomputed,
        "a module's bytes are not used; see a module that lies about its counts",
    ),
    (
        "state kept",
        Route::Recomputed,
        "a module's bytes are not used; what it computes for all rows, it may keep",
    ),
    (
        "over-parameterised",
        Route::Recomputed,
        "there are no models",
    ),
    ("over-parameterised", Route::Private, "there are no models"),
    (
        "waiting for a budget",
        Route::Recomputed,
        "no budget is charged; see N against N − 1 rows for another snapshot",
    ),
    (
        "waiting for a budget",
        Route::Reviewed,
        "no budget is charged; see N against N − 1 rows for another snapshot",
    ),
    (
        "timing and status",
        Route::Private,
        "see a trap for one subject: no call's end reaches the run",
    ),
    (
        "input copied",
        Route::Private,
        "a module writes nothing but contributions, which are clamped; low bits and the choice of cells are left, and are played",
    ),
];

/// Attacks and routes: attacks in the order in which they were played first.
fn played(lines: &[Line]) -> Vec<(&'static str, Route)> {
    let mut attacks = Vec::new();
    for line in lines {
        if !attacks.contains(&line.attack) {
            attacks.push(line.attack);
        }
    }
    let pairs = attacks
        .into_iter()
        .flat_map(|attack| Route::ALL.map(|route| (attack, route)));
    pairs
        .filter(|(attack, route)| {
            lines
                .iter()
                .any(|line| line.attack == *attack && line.route == *route)
        })
        .collect()
}

/// The score as a table: a row for each attack and route, a column for each profile; then the notes.
fn markdown(lines: &[Line], profiles: &[String]) -> String {
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
        let _written = writeln!(
            text,
            "| {attack} | {} | {} |",
            route.word(),
            cells.join(" | ")
        );
    }
    text.push('\n');
    let _written = writeln!(text, "{}", totals(lines, profiles));
    text.push_str("\n## What was seen\n\n");
    for (attack, route) in played(lines) {
        let _written = writeln!(text, "- **{attack}**, {}:", route.word());
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
    text.push_str("\n## Where an attack has no meaning\n\n");
    for (attack, route, why) in MEANINGLESS {
        let _written = writeln!(text, "- {attack} …, {}: {why}.", route.word());
    }
    text
}

/// Caught, missed and out of reach, for each route and profile.
pub fn totals(lines: &[Line], profiles: &[String]) -> String {
    let mut text = format!(
        "| caught / missed / out of reach | {} |\n",
        Route::ALL.map(Route::word).join(" | ")
    );
    let _written = writeln!(text, "|---|{}", "---|".repeat(Route::ALL.len()));
    for profile in profiles {
        let cells = Route::ALL.map(|route| {
            let [mut caught, mut missed, mut out] = [0; 3];
            for line in lines {
                if line.route == route && &line.profile == profile {
                    match line.outcome {
                        Outcome::Caught | Outcome::Asked => caught += 1,
                        Outcome::Missed => missed += 1,
                        Outcome::OutOfReach(_) => out += 1,
                    }
                }
            }
            format!("{caught} / {missed} / {out}")
        });
        let _written = writeln!(text, "| {profile} | {} |", cells.join(" | "));
    }
    text
}

/// Attacks that were neither played on a route nor said to have no meaning there.
fn gaps(lines: &[Line]) -> Vec<String> {
    let played = played(lines);
    let mut gaps = Vec::new();
    for (attack, _) in &played {
        for route in Route::ALL {
            let meaningless = MEANINGLESS
                .iter()
                .any(|(name, on, _)| attack.starts_with(name) && *on == route);
            let gap = format!("{attack}, {}", route.word());
            if !meaningless && !played.contains(&(attack, route)) && !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
    }
    gaps
}

/// The whole document.
///
/// # Errors
/// An attack is missing on a route without a reason.
pub fn document(lines: &[Line], profiles: &[String]) -> Told<String> {
    let gaps = gaps(lines);
    if !gaps.is_empty() {
        let gaps = gaps.join("; ");
        return Err(StoryError(format!(
            "neither played nor meaningless: {gaps}"
        )));
    }
    Ok(format!(
        r"# Attacks on the release gate, and their score

Written by `cargo xtask attacks`, which carries out each of them against the real program: two hostile operating units and made-up people.
Each attack, on each route, has a resource and a population of its own, which nothing else is ever released about: what is told of it is about that attack alone.
What an attacker learnt is computed from what an operating unit is given (refusals, statuses, released tables, the public profile), with linear programmes of the attacker's own where figures are put together.

| | |
|---|---|
| **caught** | the gate, or what stands before it, kept the secret in: what would tell it is blank, or the whole run is withheld or refused |
| **caught: people asked** | the gate computed the figures, found that it must not release them by itself, and asks two people, to whom it tells the reason; a direct release is impossible |
| **missed** | the attacker learnt it. Profiles other than `yunei` reproduce rules of other bodies of practice: what they do not forbid is missed here, as it would be there |
| **out of reach: people decide** | nothing leaves by itself on this route, whatever it is, and the gate can say too little about it: it holds as far as two people see through it |
| **out of reach: algorithm approved** | figures that a module derives leave when every rule passes, since two people approved its algorithm before; they did not see through it |
| **out of reach: bounded** | it leaks, by a bounded number of bits ([threat model](../THREATS.md)) |

A value counts as learnt when what remains unknown is narrower than a fifth of it; on route private, when a guess succeeds at least every other time, or, where it is between two, nine times of ten.

{}",
        markdown(lines, profiles)
    ))
}

#[cfg(test)]
mod tests {
    use super::{Line, Outcome, Reach, Route, totals};

    #[test]
    fn what_people_are_asked_about_is_caught_and_what_they_decide_anyway_is_not() {
        let line = |route, outcome| Line {
            attack: "an attack",
            route,
            profile: "yunei".to_owned(),
            outcome,
            note: String::new(),
        };
        let lines = [
            line(Route::Recomputed, Outcome::Caught),
            line(Route::Recomputed, Outcome::Asked),
            line(Route::Recomputed, Outcome::Missed),
            line(Route::Reviewed, Outcome::OutOfReach(Reach::PeopleDecide)),
        ];
        let told = totals(&lines, &["yunei".to_owned()]);
        assert!(
            told.contains("| yunei | 2 / 1 / 0 | 0 / 0 / 1 | 0 / 0 / 0 |"),
            "{told}"
        );
        let worst = [Outcome::Missed, Outcome::OutOfReach(Reach::Bounded)];
        assert_eq!(worst.into_iter().max(), Some(Outcome::Missed));
    }
}
