//! The audit: what the equations of the whole table leave unknown about each failed cell, over integers where they count.

use super::Unprotected;
use super::field::{Demand, Field, Quantity};
use super::programme::{Programme, TOLERANCE};

/// Blank cells × linear programmes that the audit solves, at most. Past that, the moves alone are the proof.
pub const AUDIT_WORK_MAX: usize = 20_000;
/// Brackets reach as far as this many times the demanded level; beyond that nobody needs to know.
const REACH: f64 = 4.0;

/// What remains unknown about one failed cell in one quantity: of counts, the least and the greatest whole number that all equations allow (or,
/// where that is out of the solver's reach, as much as a move has proven); of magnitudes, over the reals. Holds figures: for authorities alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bracket {
    /// Row of the table.
    pub cell: usize,
    /// Index of the measure; absent for subjects and rows.
    pub measure: Option<usize>,
    /// The attacker cannot rule out values down to here.
    pub low: f64,
    /// The attacker cannot rule out values up to here.
    pub high: f64,
}

/// Brackets every failed cell, where the table is small enough, and compares with what is demanded: a cell that is pinned, or known more
/// closely than its level of protection, makes the table stay.
pub(super) fn audit(field: &Field<'_>, demands: &[Demand]) -> Result<Vec<Bracket>, Unprotected> {
    let open: Vec<usize> = (0..field.lattice().count())
        .filter(|cell| field.is_blank(*cell) && !field.is_known(*cell))
        .collect();
    let asked = |demand: &Demand| {
        let levels = demand.up.iter().zip(&demand.down);
        levels.filter(|(up, down)| up.max(**down) > 0.0).count()
    };
    let programmes = demands.iter().map(asked).sum::<usize>() * 2;
    if open.len().saturating_mul(programmes) > AUDIT_WORK_MAX {
        return Ok(Vec::new());
    }
    let lines = lines(field, &open);
    let mut brackets = Vec::with_capacity(programmes / 2);
    for demand in demands {
        let levels = demand.up.iter().zip(&demand.down);
        for (quantity, (up, down)) in field.quantities().iter().zip(levels) {
            let level = up.max(*down);
            if level <= 0.0 {
                continue;
            }
            let (programme, scale) = programme(field, &open, &lines, quantity, demand, level);
            let reach = |upwards: bool, proven: f64| {
                let reach = programme.reach(upwards);
                let reach = reach.map_err(|_| Unprotected::NotProven)?;
                // An outer bound proves nothing: what a move has proven stands in its place.
                Ok(if reach.reached {
                    reach.by * scale
                } else {
                    (reach.by * scale).min(proven)
                })
            };
            let (above, below) = (reach(true, *up)?, reach(false, *down)?);
            let short = TOLERANCE * level;
            if above + short < *up || below + short < *down {
                return Err(Unprotected::NotProven);
            }
            if quantity.of.is_none() {
                continue;
            }
            let value = quantity.at(demand.cell);
            brackets.push(Bracket {
                cell: demand.cell,
                measure: quantity.measure,
                low: value - below,
                high: value + above,
            });
        }
    }
    Ok(brackets)
}

/// How far the failed cell could lie, in whole units or in levels, and what one of these is.
fn programme(
    field: &Field<'_>,
    open: &[usize],
    lines: &[Vec<(usize, f64)>],
    quantity: &Quantity,
    demand: &Demand,
    level: f64,
) -> (Programme, f64) {
    let counted = quantity.is_counted();
    let scale = if counted { 1.0 } else { level };
    let floor = |cell: &usize| -(field.slack(*cell, quantity).max(0.0) / scale);
    let failed = open.iter().position(|cell| *cell == demand.cell);
    let programme = Programme {
        floors: open.iter().map(floor).collect(),
        lines: lines.to_vec(),
        objective: failed.into_iter().collect(),
        reach_max: REACH * level / scale,
        counted,
    };
    (programme, scale)
}

/// The lines of the table that have blank cells: positions in `open`, with coefficients.
fn lines(field: &Field<'_>, open: &[usize]) -> Vec<Vec<(usize, f64)>> {
    let lattice = field.lattice();
    let mut lines = std::collections::BTreeMap::<(usize, usize), Vec<(usize, f64)>>::new();
    for (position, cell) in open.iter().enumerate() {
        for axis in 0..lattice.axes() {
            let coefficient = if lattice.is_margin(*cell, axis) {
                -1.0
            } else {
                1.0
            };
            lines
                .entry((axis, lattice.moved(*cell, axis, 0)))
                .or_default()
                .push((position, coefficient));
        }
    }
    lines.into_values().collect()
}
