//! Sets of rows, and what lies between two figures in each.

use yunei_model::Status;

use super::super::counted::Rows;
use super::Apart;
use crate::profile::Settings;
use crate::rules::{self, Contributions, Figure};

/// What lies between two figures in every cell of a table.
#[derive(Debug)]
pub(in crate::review) struct Cells {
    /// Of the units for whom they differ, by how much.
    pub(in crate::review) contributions: Vec<Contributions>,
    /// Whether they differ for too few.
    pub(in crate::review) needs: Vec<bool>,
}

/// A set of rows.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    /// Rows that either figure has a value of.
    rows: u64,
    /// Rows in which they differ.
    apart: u64,
    of_units: Contributions,
}

/// Several of them.
pub(super) struct Parts {
    parts: Vec<Part>,
    /// Whether the figures are one column under two weights.
    weighed: bool,
}

/// The sets that rows are in, by number.
pub(super) fn in_parts(numbers: &[Option<u32>], apart: &Apart, rows: &Rows) -> Parts {
    let number = |row: &usize| Some((numbers.get(*row).copied().flatten()?, *row));
    let places: Vec<(u32, usize)> = rows.order.iter().filter_map(number).collect();
    let count = places.iter().map(|(part, _)| *part as usize + 1).max();
    Parts::of(places, count.unwrap_or(0), apart, rows)
}

impl Parts {
    /// Of rows and the set that each is in; a row may be in several.
    pub(super) fn of(places: Vec<(u32, usize)>, count: usize, apart: &Apart, rows: &Rows) -> Self {
        let mut given: Vec<(u32, u32, f64)> = places
            .into_iter()
            .filter_map(|(part, row)| {
                let by = apart.values.get(row).copied().flatten()?;
                Some((part, rows.units.get(row).copied()?, by))
            })
            .collect();
        given.sort_unstable_by_key(|(part, unit, _)| (*part, *unit));
        let mut parts = vec![Part::default(); count];
        for of_part in given.chunk_by(|a, b| a.0 == b.0) {
            let gave: Vec<f64> = of_part
                .chunk_by(|a, b| a.1 == b.1)
                .map(|of_unit| of_unit.iter().map(|(_, _, by)| by).sum())
                .filter(|by| *by > 0.0)
                .collect();
            let number = of_part.first().map(|(part, ..)| *part as usize);
            if let Some(part) = number.and_then(|number| parts.get_mut(number)) {
                *part = Part {
                    rows: of_part.len() as u64,
                    apart: of_part.iter().filter(|(_, _, by)| *by > 0.0).count() as u64,
                    of_units: Contributions::of(&gave),
                };
            }
        }
        Self {
            parts,
            weighed: apart.weighed,
        }
    }

    /// Whether in some there is nothing between the figures.
    pub(super) fn some_alike(&self) -> bool {
        self.parts
            .iter()
            .any(|part| part.rows > 0 && part.apart == 0)
    }

    /// Whether in some there is something.
    fn some_apart(&self) -> bool {
        self.parts.iter().any(|part| part.apart > 0)
    }

    /// Whether the figures differ for too few in any.
    pub(super) fn any_fails(&self, settings: &Settings) -> bool {
        let alike = self.some_alike();
        self.parts
            .iter()
            .any(|part| part.fails(settings, alike, self.weighed))
    }

    /// Whether they do so in any but those that are whole cells of a table.
    pub(super) fn any_fails_beside(&self, settings: &Settings, whole: &[bool]) -> bool {
        let alike = self.some_alike();
        let mut parts = self.parts.iter().enumerate();
        parts.any(|(number, part)| {
            !whole.get(number).copied().unwrap_or(false)
                && part.fails(settings, alike, self.weighed)
        })
    }

    /// Whether one column under two weights tells of some that theirs is the one that others have not.
    pub(super) fn any_tells_weights(&self, settings: &Settings) -> bool {
        settings.class.is_some_and(|class| class.disclosive)
            && self.some_alike()
            && self.some_apart()
    }

    /// Of each, whether what lies between the figures must stay unknown: they differ for too few, or, while they do for others, for nobody.
    pub(super) fn needs(&self, settings: &Settings, alike: bool) -> Vec<bool> {
        let class = settings.class.is_some_and(|class| class.disclosive) && self.some_apart();
        let parts = self.parts.iter();
        parts
            .map(|part| {
                let nobody = class && part.rows > 0 && part.apart == 0;
                nobody || part.fails(settings, alike, self.weighed)
            })
            .collect()
    }

    /// Of each, whether all have the number that the figure is held against, or too few have another.
    pub(super) fn are_alike(&self, settings: &Settings) -> Vec<bool> {
        let class = settings.class.is_some_and(|class| class.disclosive);
        let alike = |part: &Part| {
            let few = settings.indicator.is_some_and(|rule| {
                rules::indicator(part.of_units.units, &rule).status != Status::Pass
            });
            part.rows > 0
                && part.apart < part.rows
                && (few && part.apart > 0 || class && part.apart == 0)
        };
        self.parts.iter().map(alike).collect()
    }

    /// Of the units for whom they differ, by how much.
    pub(super) fn contributions(&self) -> Vec<Contributions> {
        self.parts.iter().map(|part| part.of_units).collect()
    }
}

impl Part {
    /// Whether the figures differ for too few, of whom all are not. Where they differ in every row, and nowhere in none, what lies between them is
    /// about the same people as they are. Of two columns nothing is asked but for how many they differ, as in a table of both.
    fn fails(&self, settings: &Settings, alike: bool, weighed: bool) -> bool {
        if self.apart == 0 || (self.apart == self.rows && !alike) {
            return false;
        }
        let of_units = &self.of_units;
        let fails = |figure: Figure| figure.status != Status::Pass;
        let few = fails(rules::threshold(of_units.units, &settings.threshold));
        if few || !weighed {
            return few;
        }
        settings
            .dominance
            .is_some_and(|rule| fails(rules::dominance(of_units, &rule)))
            || settings
                .p_percent
                .is_some_and(|rule| fails(rules::p_percent(of_units, &rule)))
            || settings
                .prior_posterior
                .is_some_and(|rule| fails(rules::prior_posterior(of_units, &rule)))
    }
}
