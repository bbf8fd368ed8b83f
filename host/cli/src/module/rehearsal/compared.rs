//! What a module wrote under an output's name, held against the table that the gate computes, cell by cell.
//!
//! INVARIANT: both tables are over synthetic rows. In a real run nobody makes this comparison: whether two tables agree would tell of the
//! rows whatever the module chose to write.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use yunei_disclosure::TOTAL;
use yunei_model::{Name, OTHER, Output, Table, Value};

/// Cells of each kind that are told one by one at most.
pub const CELLS_TOLD_MAX: usize = 10;
/// Share of the greater by which two figures may differ that were added up in another order.
const TOLERANCE: f64 = 1e-9;

/// How the two stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The same cells with the same figures.
    Agrees,
    /// Cells or figures differ.
    Differs,
    /// It lacks columns without which no cell can be held against another.
    OtherColumns,
    /// The module wrote nothing: the gate computes the table anyway.
    NothingWritten,
}

/// A figure that is another one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Differing {
    /// Labels of the cell.
    pub cell: Vec<String>,
    /// The measure.
    pub column: Name,
    /// As the module wrote it.
    pub written: Value,
    /// As the gate computes it.
    pub gate: Value,
}

/// Cells of one kind: how many, and the first of them by their labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cells {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: Vec<Vec<String>>,
}

/// An output of the gate's, and what the module wrote under its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The output.
    pub output: Name,
    /// How the two stand to each other.
    pub agreement: Agreement,
    /// Names of the dimensions.
    pub dimensions: Vec<Name>,
    /// Cells of the gate's table in which anybody is.
    pub cells: u64,
    /// Those of them that the module did not write. Margins and totals may be left out.
    pub missing: Cells,
    /// Cells that the module wrote and the gate does not have.
    pub surplus: Cells,
    /// Cells that the module wrote more than once; the first counts.
    pub repeated: Cells,
    /// Figures that differ.
    pub differing: u64,
    /// The first of them.
    pub first: Vec<Differing>,
    /// Columns of the gate's table that the module did not write.
    pub columns_missing: Vec<Name>,
    /// Columns that the module wrote and the gate does not have.
    pub columns_surplus: Vec<Name>,
    /// Columns of another name that were taken for one of the gate's in the same place: written, and the gate's.
    pub columns_renamed: Vec<(Name, Name)>,
}

/// Which column of what was written stands for each of the gate's.
struct Columns<'a> {
    dimensions: Vec<Option<&'a [Value]>>,
    measures: Vec<(Name, Option<&'a [Value]>)>,
}

/// Holds what was written against the gate's table of the same output.
pub fn compare(output: &Output, written: Option<&Table>, gate: &Table) -> Compared {
    let names = output.dimensions.iter().map(|d| d.name().clone());
    let mut compared = Compared {
        output: output.name.clone(),
        agreement: Agreement::NothingWritten,
        dimensions: names.collect(),
        cells: 0,
        missing: Cells::default(),
        surplus: Cells::default(),
        repeated: Cells::default(),
        differing: 0,
        first: Vec::new(),
        columns_missing: Vec::new(),
        columns_surplus: Vec::new(),
        columns_renamed: Vec::new(),
    };
    let width = output.dimensions.len();
    let (axes, measures) = gate.columns().split_at(width.min(gate.columns().len()));
    let mut expected: BTreeMap<Vec<String>, Vec<&Value>> = BTreeMap::new();
    for row in 0..gate.rows() {
        let labels = axes.iter().filter_map(|column| column.values.get(row));
        let figures = measures.iter().filter_map(|column| column.values.get(row));
        expected.insert(labels.map(label).collect(), figures.collect());
    }
    let filled = expected.values().filter(|figures| !is_empty(figures));
    compared.cells = filled.count() as u64;
    let Some(written) = written.filter(|table| !table.columns().is_empty()) else {
        return compared;
    };
    let columns = compared.columns(written, gate, width);
    if columns.dimensions.iter().any(Option::is_none) {
        compared.agreement = Agreement::OtherColumns;
        return compared;
    }
    compared.cell_by_cell(&columns, written.rows(), &expected, output.totals);
    let agrees = [&compared.missing, &compared.surplus, &compared.repeated];
    let agrees = agrees.iter().all(|cells| cells.count == 0)
        && compared.differing == 0
        && compared.columns_missing.is_empty();
    compared.agreement = if agrees {
        Agreement::Agrees
    } else {
        Agreement::Differs
    };
    compared
}

impl Compared {
    /// Finds the columns by their names, and one of another name by its place, unless that name is another column's of the gate's.
    fn columns<'a>(&mut self, written: &'a Table, gate: &Table, width: usize) -> Columns<'a> {
        let mut used = BTreeSet::new();
        let mut found = Columns {
            dimensions: Vec::new(),
            measures: Vec::new(),
        };
        for (place, column) in gate.columns().iter().enumerate() {
            let all = written.columns();
            let named = all.iter().position(|c| c.name == column.name);
            let placed = all.get(place).filter(|there| {
                let has = |other: &yunei_model::Column| other.name == there.name;
                all.len() == gate.columns().len() && !gate.columns().iter().any(has)
            });
            let at = named.or_else(|| placed.map(|_| place));
            match (at, placed) {
                (None, _) => self.columns_missing.push(column.name.clone()),
                (Some(_), Some(there)) if named.is_none() => {
                    let renamed = (there.name.clone(), column.name.clone());
                    self.columns_renamed.push(renamed);
                }
                _ => {}
            }
            used.extend(at);
            let values = at.and_then(|at| all.get(at)).map(|c| c.values.as_slice());
            if place < width {
                found.dimensions.push(values);
            } else {
                found.measures.push((column.name.clone(), values));
            }
        }
        let columns = written.columns().iter().enumerate();
        let surplus = columns.filter(|(at, _)| !used.contains(at));
        self.columns_surplus = surplus.map(|(_, column)| column.name.clone()).collect();
        found
    }

    fn cell_by_cell(
        &mut self,
        columns: &Columns<'_>,
        rows: usize,
        expected: &BTreeMap<Vec<String>, Vec<&Value>>,
        totals: bool,
    ) {
        let labels = Labels::of(expected.keys(), columns.dimensions.len());
        let mut seen = BTreeSet::new();
        for row in 0..rows {
            let values = columns.dimensions.iter().flatten();
            let cell = labels.cell(values.filter_map(|values| values.get(row)));
            let Some(figures) = expected.get(&cell) else {
                self.surplus.add(cell);
                continue;
            };
            if !seen.insert(cell.clone()) {
                self.repeated.add(cell);
                continue;
            }
            for ((name, values), gate) in columns.measures.iter().zip(figures) {
                let Some(value) = values.and_then(|values| values.get(row)) else {
                    continue;
                };
                if is_same(value, gate) {
                    continue;
                }
                self.differing += 1;
                if self.first.len() < CELLS_TOLD_MAX {
                    self.first.push(Differing {
                        cell: cell.clone(),
                        column: name.clone(),
                        written: value.clone(),
                        gate: (*gate).clone(),
                    });
                }
            }
        }
        let margin = |cell: &[String]| totals && cell.iter().any(|label| label == TOTAL);
        for (cell, figures) in expected {
            if !seen.contains(cell) && !is_empty(figures) && !margin(cell) {
                self.missing.add(cell.clone());
            }
        }
    }
}

impl Cells {
    fn add(&mut self, cell: Vec<String>) {
        self.count += 1;
        if self.first.len() < CELLS_TOLD_MAX {
            self.first.push(cell);
        }
    }
}

/// The gate's labels by dimension, so that `7` is known for `07`.
struct Labels<'a>(Vec<BTreeSet<&'a str>>);

impl<'a> Labels<'a> {
    fn of(cells: impl Iterator<Item = &'a Vec<String>>, width: usize) -> Self {
        let mut labels = vec![BTreeSet::new(); width];
        for cell in cells {
            for (known, label) in labels.iter_mut().zip(cell) {
                known.insert(label.as_str());
            }
        }
        Self(labels)
    }

    /// The cell that the values of a row name.
    fn cell<'v>(&self, values: impl Iterator<Item = &'v Value>) -> Vec<String> {
        let known = values.zip(&self.0);
        known
            .map(|(value, known)| {
                let written = label(value);
                if known.contains(written.as_str()) {
                    return written;
                }
                let Ok(number) = written.parse::<i64>() else {
                    return written;
                };
                let mut alike = known.iter().filter(|l| l.parse() == Ok(number));
                match (alike.next(), alike.next()) {
                    (Some(one), None) => (*one).to_owned(),
                    _ => written,
                }
            })
            .collect()
    }
}

/// A value as a label; absent ones have the label of all that no other takes.
fn label(value: &Value) -> String {
    match value {
        Value::Absent => OTHER.to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

/// Whether nobody is in a cell.
fn is_empty(figures: &[&Value]) -> bool {
    figures
        .iter()
        .all(|figure| number(figure).is_none_or(|number| number == 0.0))
}

fn is_same(written: &Value, gate: &Value) -> bool {
    match (number(written), number(gate)) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()) + f64::EPSILON
        }
        _ => false,
    }
}

/// A figure as a number; what is not finite is not defined, and decimals are handed on as texts.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts are held against each other within a tolerance that is wider"
)]
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Absent => None,
        Value::Integer(integer) => Some(*integer as f64),
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
    };
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests;
