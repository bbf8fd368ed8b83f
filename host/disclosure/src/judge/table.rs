//! The released table: every cell of the frame a row, in canonical order, blank where it is suppressed.

use yunei_model::{Aggregate, Column, Table, TableError, Value};

use super::{CellOutcome, Suppression};
use crate::accumulate::{ChannelRole, Statistics};
use crate::profile::Rounding;
use crate::rounding::{round_count, round_figure, round_weighted};
use crate::rules::real;
use crate::shape::{Measure, Shape, TOTAL};

/// Builds the table: label columns first, then measures.
pub(super) fn build(
    statistics: &Statistics,
    shape: &Shape,
    rounding: Option<&Rounding>,
    cells: &[CellOutcome],
) -> Result<Table, TableError> {
    let lattice = shape.lattice();
    let mut columns: Vec<Column> = shape
        .dimensions()
        .iter()
        .enumerate()
        .map(|(axis, dimension)| Column {
            name: dimension.name.clone(),
            title: dimension.title.clone(),
            values: (0..lattice.count())
                .map(|cell| {
                    let label = dimension.labels.get(lattice.coordinate(cell, axis));
                    Value::Text(label.map_or_else(|| TOTAL.to_owned(), Clone::clone))
                })
                .collect(),
        })
        .collect();
    for (index, measure) in shape.measures().iter().enumerate() {
        let press = Press {
            statistics,
            rounding,
            measure,
            index,
        };
        columns.push(Column {
            name: measure.name.clone(),
            title: measure.title.clone(),
            values: cells.iter().map(|outcome| press.value(outcome)).collect(),
        });
    }
    Table::new(columns)
}

/// Bytes of a table: of labels, and 8 for each number.
pub(super) fn bytes(table: &Table) -> u64 {
    table
        .columns()
        .iter()
        .flat_map(|column| &column.values)
        .map(|value| match value {
            Value::Absent => 0,
            Value::Integer(_) | Value::Number(_) => 8,
            Value::Text(text) => text.len() as u64,
        })
        .sum()
}

/// The figure of a measure in a cell, not rounded; none where it is not defined.
pub(crate) fn exact(
    statistics: &Statistics,
    measure: &Measure,
    index: usize,
    cell: usize,
) -> Option<f64> {
    let press = Press {
        statistics,
        rounding: None,
        measure,
        index,
    };
    match press.of(cell) {
        Value::Integer(count) => u64::try_from(count).ok().map(real),
        Value::Number(figure) => Some(figure),
        Value::Absent | Value::Text(_) => None,
    }
}

struct Press<'a> {
    statistics: &'a Statistics,
    rounding: Option<&'a Rounding>,
    measure: &'a Measure,
    index: usize,
}

impl Press<'_> {
    fn value(&self, outcome: &CellOutcome) -> Value {
        if outcome.suppression == Suppression::None {
            self.of(outcome.cell)
        } else {
            Value::Absent
        }
    }

    fn of(&self, cell: usize) -> Value {
        match self.measure.aggregate {
            Aggregate::Count if self.measure.weighted => {
                let weights = self.total(cell, ChannelRole::Weight);
                number(
                    self.rounding
                        .map_or(weights, |r| round_weighted(weights, r)),
                )
            }
            Aggregate::Count => self.count(self.statistics.rows(cell)),
            Aggregate::DistinctSubjects => self.count(self.statistics.subjects(cell)),
            Aggregate::Sum => self.figure(self.total(cell, ChannelRole::Value)),
            Aggregate::Mean => {
                let over = if self.measure.weighted {
                    self.total(cell, ChannelRole::Weight)
                } else {
                    self.present(cell)
                };
                self.figure(self.total(cell, ChannelRole::Value) / over)
            }
            Aggregate::Ratio => self.figure(
                self.total(cell, ChannelRole::Value) / self.total(cell, ChannelRole::Denominator),
            ),
        }
    }

    fn total(&self, cell: usize, role: ChannelRole) -> f64 {
        self.statistics
            .channel_of(self.index, role)
            .map_or(f64::NAN, |channel| {
                self.statistics.contributions(cell, channel).total
            })
    }

    /// Rows with a value.
    fn present(&self, cell: usize) -> f64 {
        self.statistics
            .channel_of(self.index, ChannelRole::Value)
            .and_then(|channel| self.statistics.slot(cell, channel))
            .map_or(0.0, |slot| real(slot.rows))
    }

    fn count(&self, count: u64) -> Value {
        let rounded = self.rounding.map_or(count, |r| round_count(count, r));
        i64::try_from(rounded).map_or(Value::Absent, Value::Integer)
    }

    fn figure(&self, figure: f64) -> Value {
        let digits = self.rounding.and_then(|r| r.figure_digits);
        number(digits.map_or(figure, |digits| round_figure(figure, digits)))
    }
}

/// A figure, or nothing where it is not defined, such as a mean over nothing. A zero has no sign.
fn number(figure: f64) -> Value {
    if figure.is_finite() {
        Value::Number(figure + 0.0)
    } else {
        Value::Absent
    }
}
