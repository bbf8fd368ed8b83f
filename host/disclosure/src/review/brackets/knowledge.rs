//! What tables tell of their cells.

use super::super::atoms::Told;
use super::super::measured::{Quantity, Source};

/// What a table tells of its cells in a quantity: by how much the true value could be less or more; none where it tells nothing.
pub(in crate::review) fn known(quantity: &Quantity, table: &Told<'_>) -> Vec<Option<(f64, f64)>> {
    let mut known = vec![None; table.counted.frame.cells()];
    for (measure, measured) in table.counted.measures.iter().enumerate() {
        if !measured.tells.iter().any(|told| told.key == quantity.key) {
            continue;
        }
        let Some(grid) = table.grids.get(measure) else {
            continue;
        };
        for (cell, known) in known.iter_mut().enumerate() {
            let shown = table.published.figure(cell, measure);
            let exact = table.counted.figure(cell, measure);
            let (Some(shown), Some(exact)) = (shown, exact) else {
                continue;
            };
            // What lies between figures has a rounding of its own, if any.
            let (low, high) = if grid.adds_up() && quantity.own.is_none() {
                let (low, high) = grid.interval(shown);
                // A figure that is wrong is a problem of its own; the attack is on the true one.
                ((low - exact).min(0.0), (high - exact).max(0.0))
            } else {
                (0.0, 0.0)
            };
            let (so_low, so_high) = known.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            *known = Some((low.max(so_low), high.min(so_high)));
        }
    }
    if matches!(quantity.source, Source::Rows | Source::Present(_)) {
        for (cell, known) in known.iter_mut().enumerate() {
            if divides(table, cell) {
                *known = Some((0.0, 0.0));
            }
        }
    }
    known
}

/// Whether a cell shows a sum and the mean of the same values: the number of rows is one over the other; or a share of them that is not made of
/// rounded numbers, so that few numbers of rows have it.
fn divides(table: &Told<'_>, cell: usize) -> bool {
    let shares = table.counted.measures.iter().enumerate();
    let mut fine = shares.filter_map(|(measure, _)| {
        let grid = table.grids.get(measure).filter(|grid| grid.is_share())?;
        let figure = table.published.figure(cell, measure)?;
        Some(!grid.is_by_gate(table.counted, cell, measure, figure))
    });
    if fine.any(|fine| fine) {
        return true;
    }
    let shown = |mean: bool| {
        let measures = table.counted.measures.iter().enumerate();
        measures.filter_map(move |(measure, measured)| {
            let grid = table.grids.get(measure)?;
            let figure = table.published.figure(cell, measure)?;
            // A mean that the gate made of the rounded sum and number tells no more than they do.
            let exact = table.counted.figure(cell, measure)?;
            let is = if mean {
                grid.is_mean() && grid.agrees(figure, exact)
            } else {
                grid.is_sum()
            };
            measured.tells.first().filter(|_| is).map(|told| &told.key)
        })
    };
    shown(true).any(|key| shown(false).any(|other| key == other))
}
