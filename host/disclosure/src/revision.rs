//! Revisions: what changes in a table between two states of the same rows, subject by subject.
//!
//! Two editions of one period, subtracted, are a table of changes. It is held against the same rules as a table of its own: each cell that
//! changes must be changed by enough subjects, and by none too much; they must not be all alike, nor all but a few. Subjects are compared
//! by what they contribute to each cell and to each margin, so that moving from cell to cell counts in both cells and not in the margin
//! above them.
//!
//! What lies between two figures of one column, and which class those are in who change a cell, is not held against the rules here: who
//! compares tables that are weighed, that divide, or that have a sensitive dimension, asks people.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use yunei_model::Status;

use crate::accumulate::{
    AccumulateError, Channel, ChannelRole, GROUP_CELLS_MAX, SLOTS_MAX, channels,
};
use crate::profile::{CONTRIBUTORS_MAX, Profile};
use crate::rules::{self, Contributions};
use crate::shape::{Lattice, Shape, ShapeError};
use alike::Alike;

mod alike;

/// Rows of one subject in one state that are compared at most.
pub const SUBJECT_ROWS_MAX: usize = GROUP_CELLS_MAX;

/// Inner cell, and a value for each of [`Shape::inputs`].
type SubjectRow = (u32, Vec<Option<f64>>);

/// The rows of one subject in one state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubjectState {
    rows: Vec<SubjectRow>,
}

impl SubjectState {
    /// Adds a row.
    ///
    /// # Errors
    /// [`AccumulateError::TooLarge`] past [`SUBJECT_ROWS_MAX`].
    pub fn push(&mut self, cell: u32, values: Vec<Option<f64>>) -> Result<(), AccumulateError> {
        if self.rows.len() >= SUBJECT_ROWS_MAX {
            return Err(AccumulateError::TooLarge {
                name: "subject_rows_max",
                limit: SUBJECT_ROWS_MAX,
                asked: self.rows.len() + 1,
            });
        }
        self.rows.push((cell, values));
        Ok(())
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts the rows into an order that does not depend on how they stood.
    fn sort(&mut self) {
        self.rows.sort_by(row_order);
    }

    /// The rows that one of two sorted states has and the other has not, both ways.
    fn rows_beside<'a>(&'a self, other: &'a Self) -> Vec<&'a SubjectRow> {
        let (mut one, mut two) = (self.rows.iter().peekable(), other.rows.iter().peekable());
        let mut beside = Vec::new();
        loop {
            let order = match (one.peek(), two.peek()) {
                (None, None) => return beside,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(row), Some(other)) => row_order(row, other),
            };
            let (of_one, of_two) = match order {
                Ordering::Less => (one.next(), None),
                Ordering::Equal => (one.next(), two.next()),
                Ordering::Greater => (None, two.next()),
            };
            if order != Ordering::Equal {
                beside.extend(of_one.or(of_two));
            }
        }
    }
}

fn row_order((cell, values): &SubjectRow, (other_cell, other): &SubjectRow) -> Ordering {
    let values = || bits(values).cmp(bits(other));
    cell.cmp(other_cell).then_with(values)
}

/// Values as they are kept, bit by bit: any two of them compare.
fn bits(values: &[Option<f64>]) -> impl Iterator<Item = Option<u64>> + '_ {
    values.iter().map(|value| value.map(f64::to_bits))
}

/// What one row contributes to a channel, if all that it takes is present.
fn contribution(channel: &Channel, values: &[Option<f64>]) -> Option<f64> {
    if channel.role == ChannelRole::Rows {
        return Some(1.0);
    }
    let take = |column: Option<usize>| match column {
        None => Some(1.0),
        Some(column) => values.get(column).copied().flatten(),
    };
    let (value, _, weight) = (
        take(channel.value)?,
        take(channel.needs)?,
        take(channel.weight)?,
    );
    Some(match channel.role {
        ChannelRole::Weight => weight,
        _ => value * weight,
    })
}

/// Absolute changes of one cell in one channel.
#[derive(Debug, Clone, Copy, Default)]
struct Changes {
    units: u64,
    /// Those of them whose change is not 0.
    nonzero: u64,
    total: f64,
    largest: [f64; CONTRIBUTORS_MAX],
}

impl Changes {
    fn add(&mut self, change: f64) {
        self.units += 1;
        self.nonzero += u64::from(change != 0.0);
        self.total += change;
        let mut carried = change;
        for place in &mut self.largest {
            if carried > *place {
                std::mem::swap(place, &mut carried);
            }
        }
    }
}

/// How alike those are who change one cell in one column of values: the rows that they have in one state and not in the other, and by how
/// much each of them changes the sum.
#[derive(Debug, Clone, Default)]
struct Values {
    rows: Alike,
    differences: Alike,
}

/// What a subject contributes to a cell, channel by channel.
type Contribution = Vec<Option<f64>>;

/// Compares two states of the rows of a shape, subject by subject.
///
/// Holds figures that may not leave: it has no revealing `Debug`.
pub struct Revision {
    lattice: Lattice,
    channels: Vec<Channel>,
    inputs: usize,
    inner: Vec<u32>,
    /// Subjects that changed each cell, margins included whether or not the table has them.
    subjects: Vec<u64>,
    /// Absolute changes, per cell and channel.
    changes: Vec<Changes>,
    /// Channels of plain values.
    valued: Vec<usize>,
    /// Per cell and channel of plain values.
    values: Vec<Values>,
    /// Subjects whose rows differ, and the rows that one state has and the other has not.
    differing: (u64, u64),
    broken: bool,
}

impl std::fmt::Debug for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Revision({} cells)", self.lattice.count())
    }
}

/// Whether a revision may leave, with the sizes that authorities see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionOutcome {
    /// Cells whose figures change, margins included.
    pub cells_changed: u64,
    /// Cells among them that fail a rule.
    pub cells_held: u64,
    /// The fewest subjects that change a cell; none when none changes.
    pub subjects_min: Option<u64>,
    /// Subjects whose rows differ in a cell or a value.
    pub subjects_changed: u64,
    /// Rows that one state has and the other has not.
    pub rows_changed: u64,
    /// Whether a value is no finite number.
    pub broken: bool,
}

impl RevisionOutcome {
    /// Whether something changes, and everything that does may be seen to.
    #[must_use]
    pub const fn leaves(&self) -> bool {
        self.cells_changed > 0 && self.cells_held == 0 && !self.broken
    }
}

impl Revision {
    /// Compares over the cells of a shape, and over all margins of its dimensions: whoever has the cells has their sums.
    ///
    /// # Errors
    /// [`ShapeError`] when the margins make too many cells, as [`AccumulateError::TooLarge`].
    pub fn new(shape: &Shape) -> Result<Self, AccumulateError> {
        let sizes: Vec<usize> = shape.dimensions().iter().map(|d| d.labels.len()).collect();
        let too_large = |asked| AccumulateError::TooLarge {
            name: "slots_max",
            limit: SLOTS_MAX,
            asked,
        };
        let lattice = Lattice::new(&sizes, !sizes.is_empty())
            .map_err(|_: ShapeError| too_large(usize::MAX))?;
        let channels = channels(shape);
        let slots = lattice.count().saturating_mul(channels.len());
        if slots > SLOTS_MAX {
            return Err(too_large(slots));
        }
        let roles = channels.iter().enumerate();
        let valued = roles.filter(|(_, channel)| channel.role == ChannelRole::Value);
        let valued: Vec<usize> = valued.map(|(place, _)| place).collect();
        Ok(Self {
            values: vec![Values::default(); lattice.count() * valued.len()],
            valued,
            inputs: shape.inputs().len(),
            inner: lattice.inner_cells(),
            subjects: vec![0; lattice.count()],
            changes: vec![Changes::default(); slots],
            differing: (0, 0),
            broken: false,
            channels,
            lattice,
        })
    }

    /// One subject: its rows before, and its rows now. Which stood in which order does not matter.
    ///
    /// # Errors
    /// [`AccumulateError`] for a cell that does not exist, or columns that are missing.
    pub fn subject(
        &mut self,
        before: &mut SubjectState,
        now: &mut SubjectState,
    ) -> Result<(), AccumulateError> {
        before.sort();
        now.sort();
        if before == now {
            return Ok(());
        }
        let beside = before.rows_beside(now);
        self.differing.0 += 1;
        self.differing.1 += beside.len() as u64;
        let was = self.contributions(before)?;
        let is = self.contributions(now)?;
        let cells = was.keys().chain(is.keys());
        let cells: BTreeSet<u32> = cells.copied().collect();
        let beside = self.rows_of_cells(&beside);
        let nothing = vec![None; self.channels.len()];
        for cell in cells {
            let was = was.get(&cell).unwrap_or(&nothing);
            let is = is.get(&cell).unwrap_or(&nothing);
            if bits(was).eq(bits(is)) {
                continue;
            }
            self.change(cell as usize, was, is);
            let rows = beside.get(&cell).map(Vec::as_slice);
            self.compare_values(cell as usize, (was, is), rows.unwrap_or_default());
        }
        Ok(())
    }

    /// Rows by the cell that they are in and the margins above it.
    fn rows_of_cells<'a>(&self, rows: &[&'a SubjectRow]) -> BTreeMap<u32, Vec<&'a SubjectRow>> {
        let mut of_cells: BTreeMap<u32, Vec<&SubjectRow>> = BTreeMap::new();
        for row in rows {
            for cell in self.cells_of(row.0).into_iter().flatten() {
                of_cells.entry(cell).or_default().push(row);
            }
        }
        of_cells
    }

    /// An inner cell, and the margins above it; nothing for one that does not exist.
    fn cells_of(&self, inner: u32) -> Option<Vec<u32>> {
        let cell = self.inner.get(inner as usize).copied()?;
        let margins = self.lattice.margins_of(cell as usize);
        // INVARIANT: a cell is below CELLS_MAX.
        let margins = margins.map(|margin| u32::try_from(margin).unwrap_or(u32::MAX));
        Some(std::iter::once(cell).chain(margins).collect())
    }

    /// What rows contribute to each cell that they are in and to each margin above it.
    fn contributions(
        &mut self,
        rows: &SubjectState,
    ) -> Result<BTreeMap<u32, Contribution>, AccumulateError> {
        let mut contributions: BTreeMap<u32, Contribution> = BTreeMap::new();
        for (index, values) in &rows.rows {
            let Some(cells) = self.cells_of(*index) else {
                return Err(AccumulateError::NoCell {
                    cell: *index as usize,
                });
            };
            if values.len() != self.inputs {
                return Err(AccumulateError::Columns {
                    expected: self.inputs,
                    given: values.len(),
                });
            }
            for (channel, described) in self.channels.iter().enumerate() {
                let Some(more) = contribution(described, values) else {
                    continue;
                };
                self.broken |= !more.is_finite();
                for cell in &cells {
                    let so_far = contributions
                        .entry(*cell)
                        .or_insert_with(|| vec![None; self.channels.len()]);
                    if let Some(so_far) = so_far.get_mut(channel) {
                        *so_far = Some(so_far.unwrap_or(0.0) + more);
                    }
                }
            }
        }
        Ok(contributions)
    }

    /// Takes up what one subject changes in one cell.
    fn change(&mut self, cell: usize, was: &[Option<f64>], is: &[Option<f64>]) {
        if let Some(subjects) = self.subjects.get_mut(cell) {
            *subjects += 1;
        }
        let width = self.channels.len();
        let slots = self.changes.get_mut(cell * width..(cell + 1) * width);
        for (slot, (was, is)) in slots.into_iter().flatten().zip(was.iter().zip(is)) {
            let difference = (is.unwrap_or(0.0) - was.unwrap_or(0.0)).abs();
            if was.is_some() != is.is_some() || difference > 0.0 {
                slot.add(difference);
                self.broken |= !difference.is_finite();
            }
        }
    }

    /// Takes up how alike the values are of one subject who changes a cell, to those of the others.
    fn compare_values(
        &mut self,
        cell: usize,
        (was, is): (&[Option<f64>], &[Option<f64>]),
        rows: &[&SubjectRow],
    ) {
        let width = self.valued.len();
        let slots = self.values.get_mut(cell * width..(cell + 1) * width);
        for (slot, place) in slots.into_iter().flatten().zip(&self.valued) {
            let Some(channel) = self.channels.get(*place) else {
                continue;
            };
            let of_rows = rows.iter().filter_map(|row| contribution(channel, &row.1));
            slot.rows.subject(&of_rows.collect::<Vec<f64>>());
            let at = |side: &[Option<f64>]| side.get(*place).copied().flatten();
            let (was, is) = (at(was), at(is));
            let difference = is.unwrap_or(0.0) - was.unwrap_or(0.0);
            if was.is_some() != is.is_some() || difference.abs() > 0.0 {
                slot.differences.subject(&[difference]);
            }
        }
    }

    /// Holds every cell that changed against the profile's rules: the subjects that change it are its subjects, and the absolute changes
    /// their contributions; the values that came and went, and the changes themselves, are neither all alike nor all but a few.
    #[must_use]
    pub fn judge(&self, profile: &Profile) -> RevisionOutcome {
        let mut outcome = RevisionOutcome {
            cells_changed: 0,
            cells_held: 0,
            subjects_min: None,
            subjects_changed: self.differing.0,
            rows_changed: self.differing.1,
            broken: self.broken,
        };
        for (cell, subjects) in self.subjects.iter().copied().enumerate() {
            if subjects == 0 {
                continue;
            }
            outcome.cells_changed += 1;
            let least = outcome.subjects_min.unwrap_or(u64::MAX).min(subjects);
            outcome.subjects_min = Some(least);
            if !self.passes(cell, subjects, profile) || self.tells(cell, profile) {
                outcome.cells_held += 1;
            }
        }
        outcome
    }

    fn passes(&self, cell: usize, subjects: u64, profile: &Profile) -> bool {
        let settings = profile.settings();
        let passed = |figure: rules::Figure| figure.status == Status::Pass;
        if !passed(rules::threshold(subjects, &settings.threshold)) {
            return false;
        }
        let width = self.channels.len();
        let slots = self.changes.get(cell * width..(cell + 1) * width);
        slots.into_iter().flatten().all(|slot| {
            let changes = Contributions {
                largest: slot.largest,
                units: slot.units,
                total: slot.total,
            };
            slot.units == 0
                || (passed(rules::threshold(slot.units, &settings.threshold))
                    && settings
                        .dominance
                        .iter()
                        .all(|rule| passed(rules::dominance(&changes, rule)))
                    && settings
                        .p_percent
                        .iter()
                        .all(|rule| passed(rules::p_percent(&changes, rule)))
                    && settings
                        .prior_posterior
                        .iter()
                        .all(|rule| passed(rules::prior_posterior(&changes, rule)))
                    && settings
                        .indicator
                        .iter()
                        .all(|rule| passed(rules::indicator(slot.nonzero, rule))))
        })
    }

    /// Whether the values of those who change a cell tell of each of them, or of a few.
    fn tells(&self, cell: usize, profile: &Profile) -> bool {
        let settings = profile.settings();
        let width = self.valued.len();
        let values = self.values.get(cell * width..(cell + 1) * width);
        let mut values = values.into_iter().flatten();
        values.any(|values| values.rows.tells(settings) || values.differences.tells(settings))
    }
}

#[cfg(test)]
mod tests;
