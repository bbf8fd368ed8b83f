//! A bound below for linked tables: what any pattern of blanks costs at least, whatever tables the blanks are in.
//!
//! In a table with margins a failed cell can only lie elsewhere if another cell on its line (labels and their margin) does so too. Unless one of them
//! is unknown anyway, one of those that can be blanked has to be. A cell of several tables is paid for once, wherever it stands, so that the
//! relaxed problem is to cover these lines with classes at least cost. Every feasible point of its dual is a bound; here each line pays the
//! least of `cost / number of such lines through the class` over its classes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::system::{Party, System};
use crate::suppress::Pattern;

/// The quantity that every table tells of: units.
const UNITS: usize = 0;

/// What the pattern costs, and what any pattern costs at least. `failed` says which classes are blank whatever is chosen.
pub(super) fn pattern(system: &System, parties: &[Party<'_>], failed: &[bool]) -> Pattern {
    let chosen = system.classes.iter().zip(failed);
    let chosen = chosen.filter(|(class, failed)| class.blank && !**failed);
    let cost = chosen.map(|(class, _)| class.cost).sum();
    let lines = needy(system, parties, failed);
    let mut through: BTreeMap<u32, u32> = BTreeMap::new();
    for class in lines.iter().flatten() {
        *through.entry(*class).or_insert(0) += 1;
    }
    let share = |number: &u32| {
        let class = system.classes.get(*number as usize)?;
        let lines = through.get(number).copied().unwrap_or(1);
        Some(class.cost / f64::from(lines))
    };
    let pays = |line: &BTreeSet<u32>| line.iter().filter_map(share).min_by(f64::total_cmp);
    Pattern {
        cost,
        bound: lines.iter().filter_map(pays).sum(),
    }
}

/// The classes of which one at least has to be blanked, line by line.
fn needy(system: &System, parties: &[Party<'_>], failed: &[bool]) -> BTreeSet<BTreeSet<u32>> {
    let mut of_cell: HashMap<(usize, usize), u32> = HashMap::new();
    for (class, number) in system.classes.iter().zip(0_u32..) {
        of_cell.extend(class.members.iter().map(|member| (*member, number)));
    }
    let mut lines = BTreeSet::new();
    for (table, party) in parties.iter().enumerate() {
        let lattice = party.table.shape.lattice();
        if !lattice.totals() {
            continue;
        }
        for cell in (0..lattice.count()).filter(|cell| party.is_failed(*cell)) {
            let own = of_cell.get(&(table, cell)).copied();
            for axis in 0..lattice.axes() {
                let places = 0..lattice.extent(axis);
                let classes: Vec<u32> = places
                    .filter_map(|place| of_cell.get(&(table, lattice.moved(cell, axis, place))))
                    .copied()
                    .collect();
                lines.extend(own.and_then(|own| payable(system, own, &classes, failed)));
            }
        }
    }
    lines
}

/// The classes on a line that could be blanked for its failed one; `None` where none has to be.
fn payable(system: &System, own: u32, line: &[u32], failed: &[bool]) -> Option<BTreeSet<u32>> {
    // A margin of one label that has rows is that label's cell: its line says nothing.
    if line.iter().filter(|class| **class == own).count() != 1 {
        return None;
    }
    let mut payable = BTreeSet::new();
    for number in line.iter().filter(|class| **class != own) {
        let class = system.classes.get(*number as usize)?;
        let unknown = failed.get(*number as usize).copied().unwrap_or(true);
        if unknown || !system.is_told(class, UNITS) {
            return None;
        }
        if !system.is_fixed(class, UNITS) {
            payable.insert(*number);
        }
    }
    Some(payable).filter(|payable| !payable.is_empty())
}
