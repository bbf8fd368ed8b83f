//! What must stay unknown, and the shifts that prove it.

use std::collections::BTreeMap;

use super::system::{Class, System};
use crate::suppress::COALITION;

/// Relative error that sums of doubles are allowed.
pub(super) const TOLERANCE: f64 = 1e-9;

/// A set of atoms about which something must stay unknown: a cell that failed, or an atom that would fail if anybody could work it out.
pub(super) struct Target {
    /// Atoms, rising.
    pub(super) atoms: Vec<u32>,
    /// The class that it is, unless it is no table's cell.
    pub(super) class: Option<u32>,
    /// Levels of protection per quantity, up and down.
    pub(super) levels: Vec<(f64, f64)>,
}

impl Target {
    /// The level that is demanded of a quantity in one direction.
    pub(super) fn level(&self, quantity: usize, upwards: bool) -> f64 {
        let (up, down) = self.levels.get(quantity).copied().unwrap_or((0.0, 0.0));
        if upwards { up } else { down }
    }

    pub(super) fn holds(&self, atom: u32) -> bool {
        self.atoms.binary_search(&atom).is_ok()
    }

    /// Whether the atom is all of it.
    pub(super) fn is_only(&self, atom: u32) -> bool {
        self.atoms == [atom]
    }

    /// What orders the search: those that need most go first, cells before atoms.
    pub(super) fn weight(&self) -> f64 {
        self.levels.iter().map(|(up, _)| *up).fold(0.0, f64::max)
    }
}

/// Amounts by which atoms could differ from what they are, all together, so that nobody would notice.
#[derive(Debug)]
pub(super) struct Shift {
    pub(super) quantity: usize,
    pub(super) upwards: bool,
    /// Atom and amount, by rising atom.
    pub(super) deviations: Vec<(u32, f64)>,
    /// Classes that have to be blank for it and were not.
    pub(super) opened: Vec<u32>,
}

impl Shift {
    /// By how much each class changes.
    pub(super) fn changes(&self, system: &System) -> BTreeMap<u32, f64> {
        let mut changes = BTreeMap::new();
        for (atom, amount) in &self.deviations {
            let classes = system.classes_of.get(*atom as usize);
            for class in classes.into_iter().flatten() {
                *changes.entry(*class).or_insert(0.0) += amount;
            }
        }
        changes
    }

    /// Whether the shift passes through a class.
    pub(super) fn touches(&self, system: &System, class: u32) -> bool {
        let changed = self.changes(system).get(&class).copied().unwrap_or(0.0);
        changed.abs() > TOLERANCE * self.size()
    }

    pub(super) fn size(&self) -> f64 {
        let amounts = self.deviations.iter().map(|(_, amount)| amount.abs());
        amounts.fold(0.0, f64::max)
    }

    /// Whether the shift proves that nobody can rule out the demanded level. Knows nothing of how it was found.
    ///
    /// The target changes by the level; no atom falls below nothing, no cell that is known to have someone falls empty; every cell
    /// that somebody shows stays what it is; a cell in a table changes only so that two of its own respondents would not notice;
    /// counts move in whole numbers. The values after the shift are then one more way in which all tables could have
    /// come about, and so is every step between: the shift is a proof over integers.
    pub(super) fn proves(&self, system: &System, target: &Target) -> bool {
        let Some(quantity) = system.quantities.get(self.quantity) else {
            return false;
        };
        let slip = TOLERANCE * self.size();
        let level = target.level(self.quantity, self.upwards);
        let whole = self.deviations.iter().all(|(_, d)| d.fract() == 0.0);
        let held = self.deviations.iter().filter(|(a, _)| target.holds(*a));
        let moved: f64 = held.map(|(_, amount)| amount).sum();
        let reaches = if self.upwards { moved } else { -moved } + slip >= level;
        let stays = self.deviations.iter().all(|(atom, amount)| {
            let least = f64::from(u8::from(quantity.is_counted() && target.is_only(*atom)));
            quantity.at(*atom) + amount + slip >= least.min(quantity.at(*atom))
        });
        let unseen = self.changes(system).into_iter().all(|(number, change)| {
            let class = system.classes.get(number as usize);
            class.is_some_and(|class| {
                change.abs() <= slip || self.is_unseen(system, target, class, change - slip)
            })
        });
        (whole || !quantity.is_counted()) && reaches && stays && unseen
    }

    fn is_unseen(&self, system: &System, target: &Target, class: &Class, change: f64) -> bool {
        if system.is_known(class, self.quantity) {
            return false;
        }
        if !class.inner || class.atoms.iter().any(|atom| target.holds(*atom)) {
            return true;
        }
        let spare = class.spare.get(self.quantity).copied().unwrap_or(0.0);
        class.units > COALITION
            && (change >= 0.0 || spare + TOLERANCE * self.size() * 2.0 >= -change)
    }
}
