//! What the moves prove of every blank cell: how far it could lie from its value, over integers for counts.

use std::collections::BTreeMap;

use super::Proof;
use super::field::{Demand, Field};
use crate::judge::Proven;

/// Below and above, per quantity.
type Reaches = Vec<(f64, f64)>;

/// What the moves of all demands prove, failed cells and cells that are blank for them alike. Each move is by itself another table that
/// nobody could tell from this one, so that of several through one cell the widest counts.
pub(super) fn proven(field: &Field<'_>, demands: &[Demand], proofs: &[Proof]) -> Vec<Proven> {
    let mut reaches: BTreeMap<usize, Reaches> = BTreeMap::new();
    for (demand, proof) in demands.iter().zip(proofs) {
        let moves = [(Some(&proof.up), true), (proof.down.as_ref(), false)];
        for (chosen, upwards) in moves {
            for (cell, up) in chosen.into_iter().flat_map(|chosen| chosen.steps()) {
                let reached = reaches
                    .entry(*cell)
                    .or_insert_with(|| vec![(0.0, 0.0); field.quantities().len()]);
                for ((below, above), level) in reached.iter_mut().zip(demand.levels(upwards)) {
                    let side = if *up { above } else { below };
                    *side = side.max(*level);
                }
            }
        }
    }
    let levels: BTreeMap<usize, &Demand> = demands.iter().map(|d| (d.cell, d)).collect();
    let mut proven = Vec::new();
    for (cell, reached) in reaches {
        for (place, (quantity, reach)) in field.quantities().iter().zip(reached).enumerate() {
            let asked = levels.get(&cell).map_or((0.0, 0.0), |demand| {
                let level = |levels: &[f64]| levels.get(place).copied().unwrap_or(0.0);
                (level(&demand.down), level(&demand.up))
            });
            let Some(of) = quantity.of else {
                continue;
            };
            let about = (of, quantity.measure);
            proven.extend(Proven::about(cell, about, quantity.at(cell), reach, asked));
        }
    }
    proven
}

/// Of a table without margins: nothing that is shown says anything about a blank cell but that somebody is in it.
pub(super) fn unbounded(field: &Field<'_>) -> Vec<Proven> {
    let mut proven = Vec::new();
    for cell in field.failed() {
        let demand = field.demand(*cell);
        for (place, quantity) in field.quantities().iter().enumerate() {
            let Some(of) = quantity.of else {
                continue;
            };
            let value = quantity.at(*cell);
            let level = |levels: &[f64]| levels.get(place).copied().filter(|level| *level > 0.0);
            proven.push(Proven {
                cell: *cell,
                of,
                measure: quantity.measure,
                low: quantity.least().min(value),
                high: None,
                low_needed: level(&demand.down).map(|level| value - level),
                high_needed: level(&demand.up).map(|level| value + level),
            });
        }
    }
    proven
}
