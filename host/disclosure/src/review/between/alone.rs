//! One figure, and a number that many have: 0 under a rule about indicators, either of two values.
//!
//! The rules count those who have another number; cells that fail so and are blank must not hide each other alone.

use super::super::counted::Rows;
use super::knots::meeting;
use super::part::in_parts;
use super::{Apart, Figure, PAIRS_MAX, Table, attach};
use crate::profile::Settings;

/// Has the tables tell for how many each of their figures is another number than what many have.
pub(super) fn look(
    tables: &mut [Table<'_, '_>],
    figures: &[Figure],
    rows: &Rows,
    settings: &Settings,
) {
    let mut left = PAIRS_MAX;
    for figure in figures {
        for number in numbers(figure, rows, settings) {
            let apart = from(figure, number, rows);
            let parts = in_parts(&meeting(tables, &figure.tables, rows), &apart, rows);
            if left == 0 || !parts.are_alike(settings).contains(&true) {
                continue;
            }
            left -= 1;
            let name = number.to_string();
            for place in &figure.tables {
                if let Some(table) = tables.get_mut(*place) {
                    let keys = [figure.key.as_str(), &name];
                    attach(
                        table,
                        keys,
                        &apart,
                        (rows, &|cells| cells.are_alike(settings)),
                    );
                }
            }
        }
    }
}

/// The numbers that a figure is held against.
fn numbers(figure: &Figure, rows: &Rows, settings: &Settings) -> Vec<f64> {
    let mut numbers: Vec<f64> = Vec::new();
    let of_row = |row: &usize| figure.values.get(*row).copied().flatten();
    for value in rows.order.iter().filter_map(of_row) {
        if !numbers.iter().any(|known| known.total_cmp(&value).is_eq()) {
            numbers.push(value);
        }
        if numbers.len() > 2 {
            numbers.clear();
            break;
        }
    }
    if numbers.len() < 2 {
        numbers.clear();
    }
    let has_zero = numbers.contains(&0.0);
    if settings.indicator.is_some() && !has_zero {
        numbers.push(0.0);
    }
    numbers
}

/// The figure, less the number.
fn from(figure: &Figure, number: f64, rows: &Rows) -> Apart {
    let mut values = vec![None; figure.values.len()];
    for row in &rows.order {
        let value = figure.values.get(*row).copied().flatten();
        if let (Some(slot), Some(value)) = (values.get_mut(*row), value) {
            *slot = Some((value - number).abs());
        }
    }
    Apart {
        values,
        weighed: false,
    }
}
