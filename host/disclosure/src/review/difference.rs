//! Differencing: two shown cells of which one is part of the other tell what lies between them.
//!
//! Cells of one table differ by cells of it, which have rules and an audit of their own. Here are cells of different tables:
//! other bandings, other rows, earlier releases.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use yunei_model::Status;

use super::atoms::{Atoms, Told};
use super::brackets::Place;
use super::counted::Rows;
use crate::profile::Profile;
use crate::rules::{self, Figure, real};

/// Pairs of cells that are looked at, at most.
const PAIRS_MAX: usize = 4_000_000;
/// Atoms and rows that are looked at to count what lies between pairs, at most.
const BETWEEN_MAX: usize = 1_000_000_000;

/// A difference that is too small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Difference {
    /// The larger cell.
    pub(super) whole: Place,
    /// The cell that is part of it.
    pub(super) part: Place,
    /// What lies between them, against the threshold.
    pub(super) figure: Figure,
}

/// Finds differences of shown cells that fail the threshold rule; none where there are too many pairs.
pub(super) fn differences(
    tables: &[Told<'_>],
    atoms: &Atoms,
    rows: &Rows,
    profile: &Profile,
) -> Option<Vec<Difference>> {
    let mut sizes: HashMap<Place, usize> = HashMap::new();
    let mut shared: BTreeMap<(Place, Place), usize> = BTreeMap::new();
    for atom in 0..atoms.count() {
        let shown: Vec<Place> = tables
            .iter()
            .enumerate()
            .flat_map(|(index, table)| {
                let finest = atoms.finest(atom, index);
                let cells = finest
                    .map(|f| table.counted.frame.above(f))
                    .unwrap_or_default();
                let shown = cells
                    .into_iter()
                    .filter(|cell| table.published.shows(*cell));
                shown.map(move |cell| (index, cell)).collect::<Vec<_>>()
            })
            .collect();
        for (index, one) in shown.iter().enumerate() {
            *sizes.entry(*one).or_insert(0) += 1;
            for other in shown
                .iter()
                .skip(index + 1)
                .filter(|other| other.0 != one.0)
            {
                *shared.entry((*one, *other)).or_insert(0) += 1;
            }
        }
        if shared.len() > PAIRS_MAX {
            return None;
        }
    }
    let enough = enough(atoms, rows, profile);
    let mut found = Vec::new();
    let mut looked_at = 0_usize;
    for ((one, other), shared) in shared {
        let size = |place: &Place| sizes.get(place).copied().unwrap_or(0);
        let (whole, part) = if shared == size(&other) && shared < size(&one) {
            (one, other)
        } else if shared == size(&one) && shared < size(&other) {
            (other, one)
        } else {
            continue;
        };
        let of = |(table, cell): Place| tables.get(table).map_or(0, |t| t.counted.rows(cell));
        if of(whole).saturating_sub(of(part)) >= enough || !is_told(tables, whole, part, profile) {
            continue;
        }
        looked_at += atoms.count() + atoms.rows().len();
        if looked_at > BETWEEN_MAX {
            return None;
        }
        let units = between(tables, atoms, rows, whole, part);
        let figure = rules::threshold(units, &profile.settings().threshold);
        if figure.status != Status::Pass {
            found.push(Difference {
                whole,
                part,
                figure,
            });
        }
    }
    Some(found)
}

/// Rows that are enough units for the threshold, however they are spread.
fn enough(atoms: &Atoms, rows: &Rows, profile: &Profile) -> u64 {
    let mut of_unit: HashMap<u32, u64> = HashMap::new();
    for (row, _) in atoms.rows() {
        if let Some(unit) = rows.units.get(*row) {
            *of_unit.entry(*unit).or_insert(0) += 1;
        }
    }
    let most = of_unit.into_values().max().unwrap_or(1);
    most.saturating_mul(profile.settings().threshold.minimum.saturating_add(1))
}

/// Whether both cells show the same quantity so closely that the difference is known.
fn is_told(tables: &[Told<'_>], whole: Place, part: Place, profile: &Profile) -> bool {
    let needed = real(profile.settings().suppression.interval_count);
    let told = |(table, cell): Place| {
        let mut told: Vec<(String, bool, f64)> = Vec::new();
        let Some(table) = tables.get(table) else {
            return told;
        };
        for (measure, measured) in table.counted.measures.iter().enumerate() {
            let Some(shown) = table.published.figure(cell, measure) else {
                continue;
            };
            let width = table.grids.get(measure).map_or(0.0, |grid| {
                let (low, high) = grid.interval(shown);
                high - low
            });
            for quantity in &measured.tells {
                told.push((quantity.key.clone(), quantity.source.is_whole(), width));
            }
        }
        told
    };
    let of_part = told(part);
    told(whole).iter().any(|(key, whole, width)| {
        of_part
            .iter()
            .any(|(other, _, more)| key == other && (!whole || width + more < needed))
    })
}

/// Distinct units in one cell and not in the other.
fn between(tables: &[Told<'_>], atoms: &Atoms, rows: &Rows, whole: Place, part: Place) -> u64 {
    let within = |(table, cell): Place, atom: usize| {
        let finest = atoms.finest(atom, table);
        finest.is_some_and(|finest| {
            tables
                .get(table)
                .is_some_and(|told| told.counted.frame.above(finest).contains(&cell))
        })
    };
    let apart: BTreeSet<usize> = (0..atoms.count())
        .filter(|atom| within(whole, *atom) && !within(part, *atom))
        .collect();
    let units: BTreeSet<u32> = atoms
        .rows()
        .iter()
        .filter(|(_, atom)| apart.contains(&(*atom as usize)))
        .filter_map(|(row, _)| rows.units.get(*row).copied())
        .collect();
    units.len() as u64
}
