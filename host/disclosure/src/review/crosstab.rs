//! Tables as people lay them out: the labels of one dimension run across the heading, those of the others down the first columns.

use std::borrow::Cow;

use super::ReviewError;
use super::columns::{Column, Columns, Values};
use super::spec::{TableSpec, wrong};
use crate::shape::CELLS_MAX;

/// One row per cell, out of a table whose `across` runs over the heading.
///
/// Where one dimension is left it is the first column, whatever its heading; of several each has a column of its name. Every other heading is a
/// label of `across`; whether the source has it is for the reader of the cells to say.
pub(super) fn long(spec: &TableSpec, across: &str, wide: &Columns) -> Result<Columns, ReviewError> {
    let down: Vec<&String> = spec.dimensions.iter().filter(|d| *d != across).collect();
    let headings: Vec<&String> = match down.as_slice() {
        [_] => wide.names().iter().take(1).collect(),
        several => several.to_vec(),
    };
    let labels: Vec<&String> = wide
        .names()
        .iter()
        .filter(|name| !headings.contains(name))
        .collect();
    let cells = labels.len().saturating_mul(wide.rows());
    // Twice as many as a table may have: some may be labels that the source has not, each of which is told.
    if cells > CELLS_MAX * 2 {
        return Err(ReviewError::TooLarge {
            name: "cells_max",
            limit: CELLS_MAX,
            asked: cells,
        });
    }
    let Some(measure) = spec.measures.first() else {
        return Err(wrong(format!("table `{}` has no measure", spec.name)));
    };
    let mut columns = Vec::with_capacity(spec.dimensions.len() + 1);
    for (name, heading) in down.iter().zip(&headings) {
        let column = wide.column(heading)?;
        let values = (0..wide.rows()).flat_map(|row| {
            let label = column.text(row).map(Cow::into_owned);
            labels.iter().map(move |_| label.clone())
        });
        columns.push(((*name).clone(), Values::Text(values.collect())));
    }
    let over = (0..wide.rows()).flat_map(|_| labels.iter().map(|label| Some((*label).clone())));
    columns.push((across.to_owned(), Values::Text(over.collect())));
    let figures: Vec<_> = labels
        .iter()
        .map(|label| wide.column(label))
        .collect::<Result<_, _>>()?;
    let values = (0..wide.rows()).flat_map(|row| {
        let shown = move |figure: &Column<'_>| figure.text(row).map(Cow::into_owned);
        figures.iter().map(shown)
    });
    columns.push((measure.name.clone(), Values::Text(values.collect())));
    Columns::new(columns)
}
