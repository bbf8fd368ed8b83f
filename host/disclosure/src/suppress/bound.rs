//! A bound below: what any pattern of blanks costs at least.
//!
//! A line of the table (labels and their margin) with exactly one blank cell gives that cell back. So each line with one failed cell needs one
//! more blank: the relaxed problem is to cover those lines at least cost. Every feasible point of its dual is a bound; here each line pays the least of `cost / number of
//! needy lines through the cell` over its cells, so that no cell is paid more than it costs.

use std::collections::BTreeMap;

use super::field::Field;

/// No pattern that protects the failed cells costs less.
pub(super) fn bound(field: &Field<'_>) -> f64 {
    let needy = needy_lines(field);
    let lattice = field.lattice();
    let through = |cell: usize| {
        let lines = (0..lattice.axes()).map(|axis| (axis, lattice.moved(cell, axis, 0)));
        lines.filter(|line| needy.contains_key(line)).count()
    };
    needy
        .iter()
        .filter_map(|((axis, first), failed)| {
            let cells = (0..lattice.extent(*axis)).map(|step| lattice.moved(*first, *axis, step));
            cells
                .filter(|cell| cell != failed && !field.is_known(*cell))
                .map(|cell| {
                    field.price(cell) / f64::from(u32::try_from(through(cell)).unwrap_or(u32::MAX))
                })
                .min_by(f64::total_cmp)
        })
        .sum()
}

/// Lines with exactly one failed cell: axis and first cell, and which cell it is.
pub(super) fn needy_lines(field: &Field<'_>) -> BTreeMap<(usize, usize), usize> {
    let lattice = field.lattice();
    let mut failed: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for cell in field.failed() {
        for axis in 0..lattice.axes() {
            let line = (axis, lattice.moved(*cell, axis, 0));
            failed.entry(line).or_default().push(*cell);
        }
    }
    let alone = failed
        .into_iter()
        .filter_map(|(line, cells)| match cells.as_slice() {
            [only] => Some((line, *only)),
            _ => None,
        });
    alone.collect()
}
