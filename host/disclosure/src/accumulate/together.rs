//! Several cells as if they were one: what a margin less its shown cells is about.

use super::slot::Slot;
use super::statistics::Statistics;
use super::values::Values;
use crate::profile::CONTRIBUTORS_MAX;
use crate::shape::Lattice;

impl Statistics {
    /// The statistics of these cells together, as those of a table's only cell. They have no row in common.
    ///
    /// Units may be in several of them, and nobody counted who is: as many units are taken as there are at least, and the largest
    /// contributions for as large as they could be. Values are counted as if nobody were in two cells.
    pub(crate) fn together(&self, cells: &[usize]) -> Option<Self> {
        let lattice = Lattice::new(&[], false).ok()?;
        let shared: Vec<u64> = cells.iter().map(|cell| self.shared_units(*cell)).collect();
        let slots = (0..self.channels().len())
            .map(|channel| {
                let slots: Option<Vec<&Slot>> =
                    cells.iter().map(|cell| self.slot(*cell, channel)).collect();
                slots.map(|slots| Slot::together(&slots, &shared))
            })
            .collect::<Option<Vec<Slot>>>()?;
        let subjects = cells.iter().map(|cell| self.subjects(*cell)).sum();
        Some(self.of_one_cell(lattice, slots, subjects))
    }

    /// One slot of these cells together.
    pub(crate) fn slot_together(&self, cells: &[usize], channel: usize) -> Option<Slot> {
        let shared: Vec<u64> = cells.iter().map(|cell| self.shared_units(*cell)).collect();
        let slots = cells.iter().map(|cell| self.slot(*cell, channel));
        let slots: Option<Vec<&Slot>> = slots.collect();
        Some(Slot::together(&slots?, &shared))
    }

    /// Units of a cell that may be in others that it has no row in common with.
    fn shared_units(&self, cell: usize) -> u64 {
        let lattice = self.lattice();
        let is_inner = (0..lattice.axes()).all(|axis| !lattice.is_margin(cell, axis));
        if is_inner {
            self.units(cell) - self.exclusive_units(cell)
        } else if !self.units_are_apart() {
            // Of margins nobody counted them.
            self.units(cell)
        } else {
            0
        }
    }
}

impl Slot {
    /// The slots of several cells as one; `shared` has the units of each that may be in others.
    fn together(slots: &[&Self], shared: &[u64]) -> Self {
        let at_least = |units: &dyn Fn(&Self) -> u64| {
            let each = slots.iter().zip(shared);
            let (alone, most) = each.fold((0, 0), |(alone, most), (slot, shared)| {
                let units = units(slot);
                let shared = units.min(*shared);
                (alone + units - shared, most.max(shared))
            });
            alone + most
        };
        let any = |test: &dyn Fn(&Self) -> bool| slots.iter().any(|slot| test(slot));
        let least = slots.iter().map(|slot| slot.least);
        let greatest = slots.iter().map(|slot| slot.greatest);
        let shares = shared.iter().filter(|shared| **shared > 0).count() > 1;
        Self {
            total: slots.iter().map(|slot| slot.total()).sum(),
            rows: slots.iter().map(|slot| slot.rows).sum(),
            units: at_least(&|slot| slot.units),
            largest: if shares { summed(slots) } else { merged(slots) },
            least: least.fold(f64::INFINITY, f64::min),
            greatest: greatest.fold(f64::NEG_INFINITY, f64::max),
            negative: any(&|slot| slot.negative),
            broken: any(&|slot| slot.broken),
            two_valued: are_two(slots),
            nonzero: at_least(&|slot| slot.nonzero),
            present: slots.iter().map(|slot| slot.present).sum(),
            values: Values::joined(slots.iter().map(|slot| &slot.values)),
        }
    }
}

/// The largest of all, if nobody is in two cells.
fn merged(slots: &[&Slot]) -> [f64; CONTRIBUTORS_MAX] {
    let mut all: Vec<f64> = slots.iter().flat_map(|slot| slot.largest).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    let mut all = all.into_iter();
    std::array::from_fn(|_| all.next().unwrap_or(0.0))
}

/// The largest, if whoever gave most to one cell did so to each.
fn summed(slots: &[&Slot]) -> [f64; CONTRIBUTORS_MAX] {
    std::array::from_fn(|rank| {
        let at_rank = slots.iter().filter_map(|slot| slot.largest.get(rank));
        at_rank.sum()
    })
}

/// Whether the rows of all cells have exactly two values.
fn are_two(slots: &[&Slot]) -> bool {
    let mut ends: Vec<f64> = Vec::new();
    for slot in slots.iter().filter(|slot| slot.least <= slot.greatest) {
        if slot.least < slot.greatest && !slot.two_valued {
            return false;
        }
        for end in [slot.least, slot.greatest] {
            if !ends.iter().any(|known| super::values::same(*known, end)) {
                ends.push(end);
            }
        }
    }
    ends.len() == 2
}
