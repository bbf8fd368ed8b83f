//! The released table: every cell of the frame a row, in canonical order, blank where it is suppressed.

use yunei_model::{Aggregate, Column, Table, TableError, Text, Value};

use super::{CellOutcome, Suppression};
use crate::accumulate::{ChannelRole, Statistics, total_of};
use crate::alternative::remarked;
use crate::profile::Rounding;
use crate::rounding::{round_count, round_figure, round_weighted, weight_unit};
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
            unit: unit(statistics, measure, index),
            statistics,
            rounding,
            measure,
            index,
        };
        columns.push(Column {
            name: measure.name.clone(),
            title: press.title(),
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
        unit: 1.0,
    };
    press.told(cell)
}

/// The figure of a measure in a cell as the gate shows it; none where it is not defined. `unit` is [`unit`]'s answer for the measure.
pub(crate) fn shown(
    statistics: &Statistics,
    measure: &Measure,
    index: usize,
    cell: usize,
    rounding: &Rounding,
    unit: f64,
) -> Option<f64> {
    let press = Press {
        statistics,
        rounding: Some(rounding),
        measure,
        index,
        unit,
    };
    press.told(cell)
}

/// What one row of a weighted measure weighs, about, over the whole table; 1 of any other.
pub(crate) fn unit(statistics: &Statistics, measure: &Measure, index: usize) -> f64 {
    let channel = statistics.channel_of(index, ChannelRole::Weight);
    let Some(channel) = channel.filter(|_| measure.weighted) else {
        return 1.0;
    };
    let inner = statistics.lattice().inner_cells().into_iter();
    let slots = inner.filter_map(|cell| statistics.slot(cell as usize, channel));
    let (weight, rows) = slots.fold((0.0, 0), |(weight, rows), slot| {
        (weight + total_of(slot), rows + slot.rows)
    });
    weight_unit(weight / real(rows))
}

struct Press<'a> {
    statistics: &'a Statistics,
    rounding: Option<&'a Rounding>,
    measure: &'a Measure,
    index: usize,
    /// What one row weighs, about.
    unit: f64,
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
            Aggregate::Count if self.measure.weighted => number(self.weights(cell)),
            Aggregate::Count => self.count(self.statistics.rows(cell)),
            Aggregate::DistinctSubjects => self.count(self.statistics.subjects(cell)),
            Aggregate::Sum => number(self.sum(cell, ChannelRole::Value)),
            Aggregate::Mean => {
                let over = if self.measure.weighted {
                    self.weights(cell)
                } else {
                    self.present(cell)
                };
                self.derived(self.sum(cell, ChannelRole::Value) / over)
            }
            Aggregate::Ratio => {
                self.derived(self.sum(cell, ChannelRole::Value) / self.denominator(cell))
            }
        }
    }

    fn told(&self, cell: usize) -> Option<f64> {
        match self.of(cell) {
            Value::Integer(count) => u64::try_from(count).ok().map(real),
            Value::Number(figure) => Some(figure),
            Value::Absent | Value::Text(_) => None,
        }
    }

    /// The measure's title; where counts are rounded, a derived figure says what it is made of.
    fn title(&self) -> Option<Text> {
        let (title, name) = (self.measure.title.as_ref(), self.measure.name.as_str());
        let (zh, en) = match (self.rounding, self.measure.aggregate) {
            (Some(_), Aggregate::Mean) if self.measure.weighted => (
                "由舍入后的合计与权数之和算得",
                "of the rounded sum and weights",
            ),
            (Some(_), Aggregate::Mean) => {
                ("由舍入后的合计与个数算得", "of the rounded sum and number")
            }
            (Some(_), Aggregate::Ratio) => ("由舍入后的合计算得", "of the rounded sums"),
            _ => return title.cloned(),
        };
        Some(remarked(title, name, zh, en))
    }

    fn total(&self, cell: usize, role: ChannelRole) -> f64 {
        self.statistics
            .channel_of(self.index, role)
            .map_or(f64::NAN, |channel| {
                self.statistics.contributions(cell, channel).total
            })
    }

    /// A sum as it is shown.
    fn sum(&self, cell: usize, role: ChannelRole) -> f64 {
        self.digits(self.total(cell, role))
    }

    /// The sum of the weights as it is shown.
    fn weights(&self, cell: usize) -> f64 {
        let weights = self.total(cell, ChannelRole::Weight);
        self.rounding
            .map_or(weights, |r| round_weighted(weights, r, self.unit))
    }

    /// Rows with a value, as a count of them is shown.
    fn present(&self, cell: usize) -> f64 {
        let channel = self.statistics.channel_of(self.index, ChannelRole::Value);
        let slot = channel.and_then(|channel| self.statistics.slot(cell, channel));
        let rows = slot.map_or(0, |slot| slot.rows);
        real(self.rounding.map_or(rows, |r| round_count(rows, r)))
    }

    /// The sum of the denominators as it is shown. Denominators that are all alike add up to a count of rows, and are rounded as one.
    fn denominator(&self, cell: usize) -> f64 {
        let role = ChannelRole::Denominator;
        let channel = self.statistics.channel_of(self.index, role);
        let slot = channel.and_then(|channel| self.statistics.slot(cell, channel));
        let alike = slot.filter(|slot| slot.least.total_cmp(&slot.greatest).is_eq());
        match (self.rounding, alike) {
            (Some(rounding), Some(slot)) if !self.measure.weighted => {
                slot.least * real(round_count(slot.rows, rounding))
            }
            _ => self.sum(cell, role),
        }
    }

    fn count(&self, count: u64) -> Value {
        let rounded = self.rounding.map_or(count, |r| round_count(count, r));
        i64::try_from(rounded).map_or(Value::Absent, Value::Integer)
    }

    /// A figure made of others. It is made of those as they are shown, whether they are or not, so that all that is ever told of a cell is its
    /// rounded sums and its rounded counts: a sum over its mean would tell the number of rows that rounding hides, a mean of whole numbers
    /// beside a count would by what divides it, and means beside their margin's by their proportions.
    fn derived(&self, figure: f64) -> Value {
        number(self.digits(figure))
    }

    fn digits(&self, figure: f64) -> f64 {
        let digits = self.rounding.and_then(|r| r.figure_digits);
        digits.map_or(figure, |digits| round_figure(figure, digits))
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
