//! Revisions: what changes in a table between two states of the same rows, subject by subject.
//!
//! Two editions of one period, subtracted, are a table of changes. It is held against the same rules as a table of its own: each cell that
//! changes must be changed by enough subjects, and by none too much. Subjects are compared by what they contribute to each cell and to each
//! margin, so that moving from cell to cell counts in both cells and not in the margin above them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use yunei_model::Status;

use crate::accumulate::{
    AccumulateError, Channel, ChannelRole, GROUP_CELLS_MAX, SLOTS_MAX, channels,
};
use crate::profile::{CONTRIBUTORS_MAX, Profile};
use crate::rules::{self, Contributions};
use crate::shape::{Lattice, Shape, ShapeError};

/// Rows of one subject in one state that are compared at most.
pub const SUBJECT_ROWS_MAX: usize = GROUP_CELLS_MAX;

/// The rows of one subject in one state: inner cell, and a value for each of [`Shape::inputs`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubjectState {
    rows: Vec<(u32, Vec<Option<f64>>)>,
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

    /// How many rows one of two sorted states has and the other has not, both ways.
    fn rows_beside(&self, other: &Self) -> u64 {
        let (mut one, mut two) = (self.rows.iter().peekable(), other.rows.iter().peekable());
        let mut beside = 0;
        loop {
            let order = match (one.peek(), two.peek()) {
                (None, None) => return beside,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(row), Some(other)) => row_order(row, other),
            };
            beside += u64::from(order != Ordering::Equal);
            if order != Ordering::Greater {
                one.next();
            }
            if order != Ordering::Less {
                two.next();
            }
        }
    }
}

fn row_order(
    (cell, values): &(u32, Vec<Option<f64>>),
    (other_cell, other): &(u32, Vec<Option<f64>>),
) -> Ordering {
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
    total: f64,
    largest: [f64; CONTRIBUTORS_MAX],
}

impl Changes {
    fn add(&mut self, change: f64) {
        self.units += 1;
        self.total += change;
        let mut carried = change;
        for place in &mut self.largest {
            if carried > *place {
                std::mem::swap(place, &mut carried);
            }
        }
    }
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
        Ok(Self {
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
        self.differing.0 += 1;
        self.differing.1 += before.rows_beside(now);
        let before = self.contributions(before)?;
        let now = self.contributions(now)?;
        let cells = before.keys().chain(now.keys());
        let cells: BTreeSet<u32> = cells.copied().collect();
        let nothing = vec![None; self.channels.len()];
        for cell in cells {
            let was = before.get(&cell).unwrap_or(&nothing);
            let is = now.get(&cell).unwrap_or(&nothing);
            self.change(cell as usize, was, is);
        }
        Ok(())
    }

    /// What rows contribute to each cell that they are in and to each margin above it.
    fn contributions(
        &mut self,
        rows: &SubjectState,
    ) -> Result<BTreeMap<u32, Contribution>, AccumulateError> {
        let mut contributions: BTreeMap<u32, Contribution> = BTreeMap::new();
        for (index, values) in &rows.rows {
            let Some(cell) = self.inner.get(*index as usize).copied() else {
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
            let margins = self.lattice.margins_of(cell as usize);
            // INVARIANT: a cell is below CELLS_MAX.
            let margins = margins.map(|margin| u32::try_from(margin).unwrap_or(u32::MAX));
            let cells: Vec<u32> = std::iter::once(cell).chain(margins).collect();
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
        if bits(was).eq(bits(is)) {
            return;
        }
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

    /// Holds every cell that changed against the profile's rules about support and dominance: the subjects that change it are its
    /// subjects, and the absolute changes their contributions.
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
            if !self.passes(cell, subjects, profile) {
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
                        .all(|rule| passed(rules::p_percent(&changes, rule))))
        })
    }
}

#[cfg(test)]
mod tests;
