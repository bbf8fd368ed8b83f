//! Sets of rows that several tables are told of.

use std::collections::HashMap;

use super::super::counted::Rows;
use super::part::in_parts;
use super::{Apart, Table};
use crate::profile::Settings;

/// Per row, the number of the set where finest cells of these tables meet; none of rows that are in none of them.
pub(super) fn meeting(tables: &[Table<'_, '_>], places: &[usize], rows: &Rows) -> Vec<Option<u32>> {
    let of: Vec<&Table<'_, '_>> = places.iter().filter_map(|p| tables.get(*p)).collect();
    let most = rows.order.iter().max().map_or(0, |row| row + 1);
    let mut numbers = vec![None; most];
    let mut known: HashMap<Vec<Option<usize>>, u32> = HashMap::new();
    for row in &rows.order {
        let cell = |table: &&Table<'_, '_>| {
            let kept = table.kept.get(*row).copied().unwrap_or(false);
            kept.then(|| table.counted.frame.finest(*row)).flatten()
        };
        let cells: Vec<Option<usize>> = of.iter().map(cell).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let next = super::super::axis::narrow(known.len());
        if let Some(number) = numbers.get_mut(*row) {
            *number = Some(*known.entry(cells).or_insert(next));
        }
    }
    numbers
}

/// Whether two figures that different tables show differ for too few in a knot: a set of rows that both are told of, and no smaller.
pub(super) fn tell(
    tables: &[Table<'_, '_>],
    [one, other]: [&[usize]; 2],
    apart: &Apart,
    rows: &Rows,
    settings: &Settings,
) -> bool {
    let [first, second] = [one, other].map(|places| meeting(tables, places, rows));
    let count = |numbers: &[Option<u32>]| numbers.iter().flatten().max().map_or(0, |n| n + 1);
    let shift = count(&first);
    // One more for the rows that are not in both: neither is told of them beside the other.
    let outside = shift + count(&second);
    let mut forest = Forest::new(outside + 1);
    for row in &rows.order {
        let at = |numbers: &[Option<u32>]| numbers.get(*row).copied().flatten();
        match (at(&first), at(&second)) {
            (Some(one), Some(other)) => forest.join(one, shift + other),
            (Some(one), None) => forest.join(one, outside),
            (None, Some(other)) => forest.join(shift + other, outside),
            (None, None) => {}
        }
    }
    let beyond = forest.root(outside);
    let knots: Vec<Option<u32>> = first
        .iter()
        .map(|number| {
            let root = forest.root((*number)?);
            (root != beyond).then_some(root)
        })
        .collect();
    let parts = in_parts(&knots, apart, rows);
    parts.any_fails(settings) || (apart.weighed && parts.any_tells_weights(settings))
}

/// Sets that are joined (Galler and Fischer, 1964).
struct Forest {
    above: Vec<u32>,
}

impl Forest {
    fn new(count: u32) -> Self {
        Self {
            above: (0..count).collect(),
        }
    }

    fn root(&mut self, set: u32) -> u32 {
        let mut at = set;
        while let Some(above) = self
            .above
            .get(at as usize)
            .copied()
            .filter(|above| *above != at)
        {
            // Halves the path, so that the next one is shorter.
            let higher = self.above.get(above as usize).copied().unwrap_or(above);
            if let Some(held) = self.above.get_mut(at as usize) {
                *held = higher;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(above) = self.above.get_mut(one as usize) {
            *above = other;
        }
    }
}
