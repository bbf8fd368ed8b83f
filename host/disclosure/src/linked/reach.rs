//! What the shifts prove of every blank cell of every candidate: how far it could lie from its value, over integers for counts.

use std::collections::BTreeMap;

use super::system::{Party, System};
use super::target::{Shift, TOLERANCE, Target};
use crate::judge::Proven;

/// Below and above, per quantity.
type Reaches = Vec<(f64, f64)>;

/// What is proven, with the table's number among the parties. Each shift is by itself another way in which all tables could have come
/// about, so that of several through one cell the widest counts.
pub(super) fn proven(
    system: &System,
    parties: &[Party<'_>],
    targets: &[Target],
    shifts: &[Vec<Shift>],
) -> Vec<(usize, Proven)> {
    let mut reaches: BTreeMap<u32, Reaches> = BTreeMap::new();
    for shift in shifts.iter().flatten() {
        // What is left of changes that cancel is no change.
        let slip = TOLERANCE * shift.size();
        let changes = shift.changes(system).into_iter();
        for (class, change) in changes.filter(|(_, change)| change.abs() > slip) {
            let reached = reaches
                .entry(class)
                .or_insert_with(|| vec![(0.0, 0.0); system.quantities.len()]);
            if let Some((below, above)) = reached.get_mut(shift.quantity) {
                *above = above.max(change);
                *below = below.max(-change);
            }
        }
    }
    let asked: BTreeMap<u32, &Target> = targets
        .iter()
        .filter_map(|target| Some((target.class?, target)))
        .collect();
    let mut proven = Vec::new();
    for (number, reached) in reaches {
        let Some(class) = system.classes.get(number as usize) else {
            continue;
        };
        for (table, cell) in class.members.iter().filter(|_| class.blank) {
            let Some(party) = parties.get(*table).filter(|p| p.is_candidate()) else {
                continue;
            };
            for (index, (quantity, reach)) in system.quantities.iter().zip(&reached).enumerate() {
                let Some(value) = quantity.value_in(party, *cell) else {
                    continue;
                };
                let Some(told) = quantity.told() else {
                    continue;
                };
                let levels = asked.get(&number).map_or((0.0, 0.0), |target| {
                    (target.level(index, false), target.level(index, true))
                });
                let about = (told, quantity.measure(party));
                let found = Proven::about(*cell, about, value, *reach, levels);
                proven.extend(found.map(|found| (*table, found)));
            }
        }
    }
    proven
}
