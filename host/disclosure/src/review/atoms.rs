//! Atoms: the finest cells over all tables together, and what each holds.

use std::collections::HashMap;

use super::ReviewError;
use super::counted::{Counted, Rows};
use super::measured::{Quantity, Source};
use super::published::{Grid, Published};

/// Atoms of one review at most.
pub const ATOMS_MAX: usize = 4_000_000;

/// A table of the review, counted and published.
pub(super) struct Told<'a> {
    pub(super) counted: &'a Counted<'a>,
    pub(super) published: &'a Published,
    pub(super) grids: &'a [Grid],
    /// Rows that the table is made of.
    pub(super) kept: &'a [bool],
}

impl Told<'_> {
    /// The same once more.
    pub(super) const fn again(&self) -> Self {
        Self {
            counted: self.counted,
            published: self.published,
            grids: self.grids,
            kept: self.kept,
        }
    }
}

/// The finest cells over several tables that have rows.
pub(super) struct Atoms {
    /// Finest cell per atom and table, atom by atom; [`NOWHERE`] where it is in none of a table.
    finest: Vec<u32>,
    tables: usize,
    /// Rows in the order of their subjects, with their atoms.
    rows: Vec<(usize, u32)>,
}

/// No cell of a table.
const NOWHERE: u32 = u32::MAX;

impl Atoms {
    pub(super) fn new(tables: &[Told<'_>], rows: &Rows) -> Result<Self, ReviewError> {
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut atoms = Self {
            finest: Vec::new(),
            tables: tables.len(),
            rows: Vec::new(),
        };
        for row in &rows.order {
            let signature: Vec<u32> = tables
                .iter()
                .map(|table| {
                    let kept = table.kept.get(*row).copied().unwrap_or(false);
                    let cell = kept.then(|| table.counted.frame.finest(*row)).flatten();
                    cell.map_or(NOWHERE, super::axis::narrow)
                })
                .collect();
            if signature.iter().all(|cell| *cell == NOWHERE) {
                continue;
            }
            let next = super::axis::narrow(known.len());
            let atom = match known.get(&signature) {
                Some(atom) => *atom,
                None => {
                    atoms.finest.extend_from_slice(&signature);
                    known.insert(signature, next);
                    next
                }
            };
            atoms.rows.push((*row, atom));
            if known.len() > ATOMS_MAX {
                return Err(ReviewError::TooLarge {
                    name: "atoms_max",
                    limit: ATOMS_MAX,
                    asked: known.len(),
                });
            }
        }
        Ok(atoms)
    }

    /// Number of atoms.
    pub(super) fn count(&self) -> usize {
        self.finest.len() / self.tables.max(1)
    }

    /// Rows with their atoms, in the order of their subjects.
    pub(super) fn rows(&self) -> &[(usize, u32)] {
        &self.rows
    }

    /// The finest cell of an atom in a table.
    pub(super) fn finest(&self, atom: usize, table: usize) -> Option<usize> {
        let cell = self.finest.get(atom * self.tables + table).copied()?;
        (cell != NOWHERE).then_some(cell as usize)
    }

    /// Units of each atom that are in no other, with rows that count.
    pub(super) fn exclusive_units(&self, rows: &Rows, counts: impl Fn(usize) -> bool) -> Vec<f64> {
        // The only atom of each unit; none where it has several.
        let mut of_unit: HashMap<u32, Option<u32>> = HashMap::new();
        for (row, atom) in self.rows.iter().filter(|(row, _)| counts(*row)) {
            if let Some(unit) = rows.units.get(*row) {
                let only = of_unit.entry(*unit).or_insert(Some(*atom));
                if *only != Some(*atom) {
                    *only = None;
                }
            }
        }
        let mut units = vec![0.0; self.count()];
        for atom in of_unit.into_values().flatten() {
            if let Some(units) = units.get_mut(atom as usize) {
                *units += 1.0;
            }
        }
        units
    }

    /// What each atom holds of a quantity, and whether a row of it is negative.
    pub(super) fn values(&self, quantity: &Quantity, rows: &Rows) -> (Vec<f64>, bool) {
        let mut values = vec![0.0; self.count()];
        let mut last: Vec<Option<u32>> = Vec::new();
        if matches!(quantity.source, Source::Units | Source::UnitsOf(_)) {
            last = vec![None; self.count()];
        }
        let mut negative = false;
        for (row, atom) in &self.rows {
            let atom = *atom as usize;
            let mut first = || {
                let unit = rows.units.get(*row).copied();
                let before = last
                    .get_mut(atom)
                    .map(|last| std::mem::replace(last, unit))
                    .unwrap_or_default();
                f64::from(u8::from(before != unit))
            };
            let value = |values: &[Option<f64>]| values.get(*row).copied().flatten();
            let added = match &quantity.source {
                Source::Rows => 1.0,
                Source::Units => first(),
                Source::UnitsOf(values) => value(values).map_or(0.0, |_| first()),
                Source::Present(values) | Source::Sum(values) => value(values).unwrap_or(0.0),
            };
            negative |= added < 0.0;
            if let Some(value) = values.get_mut(atom) {
                *value += added;
            }
        }
        (values, negative)
    }
}
