//! The attacks, one function each: what is run, and what the attacker makes of it.

mod leaks;
mod linked;
mod masks;
mod models;
pub mod private;
mod tables;

use std::collections::BTreeMap;

use yunei_tests::Told;

use crate::attacker::Knowledge;
use crate::panel::{self, Row};
use crate::score::{Line, Outcome};
use crate::stand::{Ended, Stand};
use crate::table::Table;

/// Attacks of one kind.
type Play = fn(&mut Stand<'_>) -> Told<Vec<Line>>;

/// The attacks by name, each list for a domain of its own: what left for one attack is part of what the next one is held against.
pub const GROUPS: [&[(&str, Play)]; 10] = [
    &[
        ("small-cell", tables::small_cell),
        ("all-of-a-class", tables::all_of_a_class),
        ("extremes", tables::extremes),
        ("own-extremes", models::own_extremes),
        ("dominance", tables::dominance),
        ("duplicated-rows", tables::duplicated_rows),
        ("masked-mean", tables::masked_mean),
    ],
    &[("margins", tables::margins)],
    &[("combinations", tables::combinations)],
    &[
        ("false-counts", leaks::false_counts),
        ("copies", leaks::copies),
        ("hidden-in-derived-values", leaks::hidden_in_derived_values),
        ("full-support", leaks::full_support),
        ("status", leaks::status),
        ("regressions", models::regressions),
    ],
    &[("averaged-perturbation", models::averaged_perturbation)],
    &[("two-outputs", linked::two_outputs)],
    &[("two-units", linked::two_units)],
    &[
        ("one-leaves", linked::one_leaves),
        ("secrets-of-one-subject", private::secrets_of_one_subject),
    ],
    &[
        ("weights", masks::weights),
        ("indicators", masks::indicators),
        ("copied-class", masks::copied_class),
    ],
    &[("denominators", masks::denominators)],
];

/// What came of one attack.
struct Found<'a> {
    attack: &'static str,
    profile: &'a str,
}

impl Found<'_> {
    fn line(&self, route: &'static str, outcome: Outcome, note: impl Into<String>) -> Line {
        let note = note.into();
        // On this route people are the rule: what only waits for them was not caught by the gate.
        let waits = route == "reviewed" && note == Ended::InReview.told();
        Line {
            attack: self.attack,
            route,
            profile: self.profile.to_owned(),
            outcome: if waits { Outcome::OutOfReach } else { outcome },
            note,
        }
    }
}

fn attack<'a>(stand: &Stand<'a>, attack: &'static str) -> Found<'a> {
    Found {
        attack,
        profile: &stand.profile.name,
    }
}

/// The panel's atoms: people alike in everything that can be a dimension.
struct Atoms {
    people: Vec<Row>,
}

impl Atoms {
    fn of_the_panel() -> Self {
        let mut atoms: BTreeMap<[String; 4], Row> = BTreeMap::new();
        for row in panel::rows(true) {
            let key = DIMENSIONS.map(|dimension| row.value(dimension));
            atoms.entry(key).or_insert(row);
        }
        Self {
            people: atoms.into_values().collect(),
        }
    }

    /// Atoms with these values of these dimensions; `total` stands for all.
    fn with(&self, dimensions: &[&str], labels: &[&str]) -> Vec<usize> {
        self.people
            .iter()
            .enumerate()
            .filter(|(_, row)| {
                dimensions
                    .iter()
                    .zip(labels)
                    .all(|(dimension, label)| *label == "total" || row.value(dimension) == *label)
            })
            .map(|(atom, _)| atom)
            .collect()
    }

    /// Learns every shown figure of a column of sums.
    fn learn(
        &self,
        knowledge: &mut Knowledge,
        stand: &Stand<'_>,
        table: &Table,
        dimensions: &[&str],
        column: &str,
    ) {
        for (labels, figure) in table.figures(dimensions.len(), column) {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let slack = stand.profile.figure_slack(figure);
            knowledge.learn(self.with(dimensions, &labels), figure, slack);
        }
    }
}

/// Fields that can be dimensions.
const DIMENSIONS: [&str; 4] = ["district", "trade", "health", "marked"];

/// Whether an interval gives a value away: narrower than a fifth of it, so that its middle is within ten per cent.
fn gives_away((low, high): (f64, f64), value: i64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "incomes are small")]
    let value = value as f64;
    high - low < 0.2 * value
}

/// An interval in words: how wide it is, compared with the value.
fn width((low, high): (f64, f64), value: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "incomes are small")]
    let value = value as f64;
    if (high - low).is_finite() {
        format!(
            "known within {:.1} % of it",
            (high - low) / 2.0 / value * 100.0
        )
    } else {
        "nothing but a lower end is known".to_owned()
    }
}

/// Where the attacker's programme has no solution, the attack is not scored as caught.
fn unsolved(error: &yunei_tests::StoryError) -> (Outcome, String) {
    (
        Outcome::Missed,
        format!("counted as missed, because what it tells could not be worked out: {error}"),
    )
}
