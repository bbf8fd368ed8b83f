//! What the gate can say of a table that it cannot compute: its size, its distinct values, and how many of those stand in the
//! snapshot as they are. Warnings for reviewers, no proof: values that were encoded first are not found.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_model::{CellVerdict, Name, RuleFigure, Status, Table, Value};

use super::coding::Numbers;
use super::failed;
use crate::RoomError;

/// Distinct values of a table that are looked for at most.
const VALUES_MAX: usize = 1_000_000;
/// Whole numbers up to this are left out: counts and codes are everywhere.
const SMALL: f64 = 1000.0;

/// The values of a table that would be telling if they stood in the snapshot.
#[derive(Debug, Default)]
struct Telling {
    texts: HashSet<String>,
    numbers: HashSet<u64>,
}

impl Telling {
    fn of(table: &Table) -> Self {
        let mut telling = Self::default();
        for value in table.columns().iter().flat_map(|c| &c.values) {
            if telling.len() >= VALUES_MAX {
                break;
            }
            match value {
                Value::Absent => {}
                Value::Text(text) => {
                    telling.texts.insert(text.clone());
                }
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "columns are read as doubles too"
                )]
                Value::Integer(integer) => telling.number(*integer as f64),
                Value::Number(number) => telling.number(*number),
            }
        }
        telling
    }

    fn number(&mut self, number: f64) {
        if number.fract() != 0.0 || number.abs() > SMALL {
            self.numbers.insert(number.to_bits());
        }
    }

    fn len(&self) -> usize {
        self.texts.len() + self.numbers.len()
    }

    /// Takes out what stands in a column.
    fn strike(&mut self, column: &ArrayRef) -> Result<(), RoomError> {
        match column.data_type() {
            DataType::Utf8 => {
                for text in column.as_string::<i32>().iter().flatten() {
                    self.texts.remove(text);
                }
            }
            DataType::Int32 | DataType::Int64 | DataType::Float64 | DataType::Decimal128(_, _) => {
                let mut numbers = Numbers::default();
                numbers.read(column)?;
                for number in numbers.options().into_iter().flatten() {
                    self.numbers.remove(&number.to_bits());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Looks at a table; `view` has the granted columns of the resource that it is about.
pub fn look(
    table: &Table,
    views: &Views,
    view: &Name,
    runtime: &Runtime,
) -> Result<CellVerdict, RoomError> {
    let mut telling = Telling::of(table);
    let distinct = telling.len();
    let columns: Vec<usize> = (0..views.schema(view).map_err(|e| failed(&e))?.len()).collect();
    let mut stream = views.scan(view, &columns).map_err(|e| failed(&e))?;
    while let Some(batch) = runtime.block_on(stream.next()) {
        if telling.len() == 0 {
            break;
        }
        let batch = batch.map_err(|e| failed(&e))?;
        for column in batch.columns() {
            telling.strike(column)?;
        }
    }
    let copied = distinct - telling.len();
    Ok(CellVerdict {
        cell: Vec::new(),
        status: Status::Review,
        suppressed: false,
        failed: [
            ("rows", table.rows()),
            ("columns", table.columns().len()),
            ("distinct-values", distinct),
            ("copied-values", copied),
        ]
        .into_iter()
        .filter_map(|(rule, value)| figure(rule, value, distinct))
        .collect(),
    })
}

/// A figure for reviewers; the bound of what was copied is that nothing is.
fn figure(rule: &str, value: usize, distinct: usize) -> Option<RuleFigure> {
    let real = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    let bound = if rule == "copied-values" {
        0.0
    } else {
        real(distinct)
    };
    Some(RuleFigure {
        rule: Name::parse(rule).ok()?,
        measure: None,
        status: Status::Review,
        value: real(value),
        bound,
    })
}
