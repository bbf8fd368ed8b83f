//! Sums of bounded contributions.

use std::collections::HashMap;

use crate::{Bounds, PrivacyError};

/// Units in one tally at most: with [`yunei_model::STEPS_MAX`] it keeps every sum within 2⁶².
pub const UNITS_MAX: u64 = 1 << 31;

/// Whose contribution it is: the number of a household or enterprise group, or the subject alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKey {
    /// The subject stands for itself.
    Subject,
    /// It is merged with every other subject of the group.
    Group(u64),
}

/// What one unit contributes: the first `c` cells that it touches, each with its values added up.
#[derive(Debug, Default, Clone)]
struct Share {
    cells: Vec<usize>,
    values: Vec<i64>,
}

impl Share {
    fn add(&mut self, bounds: &Bounds, cell: usize, values: impl IntoIterator<Item = f64>) {
        if cell >= bounds.cells() {
            return;
        }
        let measures = bounds.lattices().len();
        let held = match self.cells.iter().position(|held| *held == cell) {
            Some(held) => held,
            None if self.cells.len() < bounds.cells_per_unit() => {
                self.cells.push(cell);
                self.values.resize(self.cells.len() * measures, 0);
                self.cells.len() - 1
            }
            None => return,
        };
        let into = self.values.iter_mut().skip(held * measures);
        for ((into, lattice), value) in into.zip(bounds.lattices()).zip(values) {
            *into = into.saturating_add(lattice.point(value));
        }
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.values.clear();
    }
}

/// Sums per cell and measure, in steps, with every unit bounded as a whole.
///
/// INVARIANT: two tallies whose input differs by one unit differ, in each measure, in at most `c` cells and in each of them by at
/// most the lattice's reach. (Of a unit of several subjects the first `c` cells in the order of subjects count.)
#[derive(Debug)]
pub struct Tally {
    bounds: Bounds,
    sums: Vec<i64>,
    units: u64,
    alone: Share,
    groups: HashMap<u64, Share>,
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let figures = bounds.cells() * bounds.lattices().len();
        Self {
            bounds,
            sums: vec![0; figures],
            units: 0,
            alone: Share::default(),
            groups: HashMap::new(),
        }
    }

    /// Adds what one subject contributes: cells with one value per measure, the first ones first.
    ///
    /// # Errors
    /// [`PrivacyError::Units`] beyond [`UNITS_MAX`] subjects.
    pub fn add<V: IntoIterator<Item = f64>>(
        &mut self,
        unit: UnitKey,
        slots: impl IntoIterator<Item = (usize, V)>,
    ) -> Result<(), PrivacyError> {
        self.units += 1;
        if self.units > UNITS_MAX {
            return Err(PrivacyError::Units { max: UNITS_MAX });
        }
        let share = match unit {
            UnitKey::Subject => &mut self.alone,
            UnitKey::Group(group) => self.groups.entry(group).or_default(),
        };
        for (cell, values) in slots {
            share.add(&self.bounds, cell, values);
        }
        if unit == UnitKey::Subject {
            put(&self.bounds, &mut self.sums, &self.alone);
            self.alone.clear();
        }
        Ok(())
    }

    /// The bounds, and the sums in steps: cell by cell, within a cell measure by measure. Exact: for the noise alone.
    #[must_use]
    pub fn finish(mut self) -> (Bounds, Vec<i64>) {
        for share in self.groups.values() {
            put(&self.bounds, &mut self.sums, share);
        }
        (self.bounds, self.sums)
    }
}

/// Puts one unit's share into the sums, clamped as a whole: cells that nobody of it touched get nothing.
fn put(bounds: &Bounds, sums: &mut [i64], share: &Share) {
    let measures = bounds.lattices().len();
    for (cell, values) in share.cells.iter().zip(share.values.chunks(measures)) {
        let into = sums.iter_mut().skip(cell * measures);
        for ((into, lattice), value) in into.zip(bounds.lattices()).zip(values) {
            *into = into.saturating_add(lattice.clamp(*value));
        }
    }
}
