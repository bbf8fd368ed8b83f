//! What the attacker knows beforehand: which people are alike in everything that can be a dimension.

use std::collections::BTreeMap;

use crate::attacker::Knowledge;
use crate::panel::{self, Row};
use crate::stand::Stand;
use crate::table::Table;

/// Fields that can be dimensions.
const DIMENSIONS: [&str; 4] = ["district", "trade", "health", "marked"];

/// The panel's atoms: people alike in everything that can be a dimension.
pub(super) struct Atoms {
    people: Vec<Row>,
}

impl Atoms {
    pub(super) fn of_the_panel() -> Self {
        let mut atoms: BTreeMap<[String; 4], Row> = BTreeMap::new();
        for row in panel::rows(true) {
            let key = DIMENSIONS.map(|dimension| row.value(dimension));
            atoms.entry(key).or_insert(row);
        }
        Self {
            people: atoms.into_values().collect(),
        }
    }

    /// Somebody who knows nothing yet of the values of these atoms.
    pub(super) fn knowledge(&self) -> Knowledge {
        Knowledge::of(self.people.len())
    }

    /// Atoms with these values of these dimensions; `total` stands for all.
    pub(super) fn with(&self, dimensions: &[&str], labels: &[&str]) -> Vec<usize> {
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
    pub(super) fn learn(
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
