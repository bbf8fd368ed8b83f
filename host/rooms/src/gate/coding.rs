//! From columns to cells and values: the gate's reading of a batch.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use yunei_disclosure::{Input, Presence, SubjectKey, SubjectRows};
use yunei_model::{Banding, BandingKind};

use crate::RoomError;

/// Scale of decimals: four digits after the point.
const DECIMAL_SCALE: f64 = 10_000.0;
/// Distinct texts whose code is remembered at most; beyond, codes are computed anew.
const REMEMBERED_MAX: usize = 65_536;
/// Whole numbers whose codes a table holds; outside of it, codes are computed anew.
const WINDOW: usize = 1 << 16;
/// A code that was not computed yet.
const UNKNOWN: u32 = u32::MAX;

/// Turns one column's values into codes of its banding.
#[derive(Debug)]
pub struct Coder {
    banding: Banding,
    texts: HashMap<String, usize>,
    numbers: CodeTable,
}

impl Coder {
    pub fn new(banding: Banding) -> Self {
        Self {
            banding,
            texts: HashMap::new(),
            numbers: CodeTable::default(),
        }
    }

    /// Adds `code × stride` to each row's cell.
    pub fn add_codes(
        &mut self,
        column: &ArrayRef,
        stride: u32,
        cells: &mut [u32],
    ) -> Result<(), RoomError> {
        if column.len() != cells.len() {
            return Err(RoomError::protocol("a column of another length"));
        }
        let Self {
            banding,
            texts,
            numbers,
        } = self;
        let mut of_text = |value: &str| text(banding, texts, value);
        let nulls = column.nulls();
        let other = banding.other();
        // One loop for each type, so that a row costs no look at its type.
        match column.data_type() {
            DataType::Utf8 => {
                let values = column.as_string::<i32>();
                add(cells, stride, nulls, other, |row| {
                    of_text(values.value(row))
                })
            }
            DataType::Boolean => {
                let values = column.as_boolean();
                add(cells, stride, nulls, other, |row| {
                    of_text(if values.value(row) { "true" } else { "false" })
                })
            }
            DataType::Int32 => {
                let mut values = column.as_primitive::<Int32Type>().values().iter();
                add(cells, stride, nulls, other, |_| {
                    numbers.code(i64::from(*values.next().unwrap_or(&0)), |v| {
                        integer(banding, v)
                    })
                })
            }
            DataType::Int64 => {
                let mut values = column.as_primitive::<Int64Type>().values().iter();
                add(cells, stride, nulls, other, |_| {
                    numbers.code(*values.next().unwrap_or(&0), |v| integer(banding, v))
                })
            }
            DataType::Date32 => {
                let mut values = column.as_primitive::<Date32Type>().values().iter();
                add(cells, stride, nulls, other, |_| {
                    let days = *values.next().unwrap_or(&0);
                    numbers.code(i64::from(days), |_| banding.code_of_date(days))
                })
            }
            DataType::Float64 => {
                let values = column.as_primitive::<Float64Type>();
                add(cells, stride, nulls, other, |row| {
                    banding.code_of_number(values.value(row))
                })
            }
            DataType::Decimal128(_, _) => {
                let values = column.as_primitive::<Decimal128Type>();
                add(cells, stride, nulls, other, |row| {
                    banding.code_of_number(decimal(values.value(row)))
                })
            }
            DataType::Timestamp(_, _) => {
                let values = column.as_primitive::<TimestampMicrosecondType>();
                add(cells, stride, nulls, other, |row| {
                    banding.code_of_timestamp(values.value(row))
                })
            }
            other => Err(RoomError::protocol(format!("a dimension of type {other}"))),
        }
    }
}

/// Adds each row's code, times the stride, to its cell; absent values have the code of the rest. `code` is asked for every row in turn.
#[inline]
fn add(
    cells: &mut [u32],
    stride: u32,
    nulls: Option<&NullBuffer>,
    other: usize,
    mut code: impl FnMut(usize) -> usize,
) -> Result<(), RoomError> {
    for (row, cell) in cells.iter_mut().enumerate() {
        let mut found = code(row);
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            found = other;
        }
        *cell += u32::try_from(found).map_err(RoomError::protocol)? * stride;
    }
    Ok(())
}

fn text(banding: &Banding, known: &mut HashMap<String, usize>, value: &str) -> usize {
    if let Some(code) = known.get(value) {
        return *code;
    }
    let code = banding.code_of_text(value);
    if known.len() < REMEMBERED_MAX {
        known.insert(value.to_owned(), code);
    }
    code
}

#[expect(
    clippy::cast_precision_loss,
    reason = "edges of bandings are far below 2⁵³"
)]
fn integer(banding: &Banding, value: i64) -> usize {
    if matches!(banding.kind, BandingKind::Ranges { .. }) {
        banding.code_of_number(value as f64)
    } else {
        banding.code_of_text(&value.to_string())
    }
}

/// Codes of whole numbers by their place in a window, which is laid about the first of them.
#[derive(Debug, Default)]
struct CodeTable {
    first: i64,
    codes: Vec<u32>,
}

impl CodeTable {
    /// The code that `compute` gives for a number, computed once where the number lies in the window.
    #[inline]
    fn code(&mut self, value: i64, compute: impl FnOnce(i64) -> usize) -> usize {
        if self.codes.is_empty() {
            self.first = value.saturating_sub(WINDOW as i64 / 2);
            self.codes = vec![UNKNOWN; WINDOW];
        }
        let place = usize::try_from(value.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        let Some(known) = self.codes.get_mut(place) else {
            return compute(value);
        };
        if *known == UNKNOWN {
            // INVARIANT: a banding has at most LABELS_MAX labels.
            *known = u32::try_from(compute(value)).unwrap_or(UNKNOWN);
        }
        *known as usize
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "figures are released as doubles"
)]
fn decimal(value: i128) -> f64 {
    value as f64 / DECIMAL_SCALE
}

/// A numeric column as doubles, with the bitmap of those that are present.
#[derive(Debug, Default)]
pub struct Numbers {
    values: Vec<f64>,
    validity: Option<(Vec<u8>, usize)>,
}

impl Numbers {
    /// Reads a column; what was read before is gone.
    #[expect(
        clippy::cast_precision_loss,
        reason = "figures are released as doubles"
    )]
    pub fn read(&mut self, column: &ArrayRef) -> Result<(), RoomError> {
        self.values.clear();
        let into = &mut self.values;
        match column.data_type() {
            DataType::Int32 => into.extend(
                column
                    .as_primitive::<Int32Type>()
                    .values()
                    .iter()
                    .map(|v| f64::from(*v)),
            ),
            DataType::Int64 => into.extend(
                column
                    .as_primitive::<Int64Type>()
                    .values()
                    .iter()
                    .map(|v| *v as f64),
            ),
            DataType::Float64 => {
                into.extend_from_slice(column.as_primitive::<Float64Type>().values())
            }
            DataType::Decimal128(_, _) => {
                into.extend(
                    column
                        .as_primitive::<Decimal128Type>()
                        .values()
                        .iter()
                        .map(|v| decimal(*v)),
                );
            }
            DataType::Boolean => into.extend(column.as_boolean().values().iter().map(f64::from)),
            other => return Err(RoomError::protocol(format!("a measure of type {other}"))),
        }
        self.validity = column
            .nulls()
            .map(|nulls| (nulls.validity().to_vec(), nulls.offset()));
        Ok(())
    }

    /// Takes values as they are; what is not present is told by `validity`.
    pub fn set(&mut self, values: &[f64], validity: Vec<u8>) {
        self.values.clear();
        self.values.extend_from_slice(values);
        self.validity = Some((validity, 0));
    }

    /// The value of a row, if it is present.
    pub fn at(&self, row: usize) -> Option<f64> {
        let present = match &self.validity {
            None => true,
            Some((bytes, offset)) => {
                let bit = offset + row;
                bytes
                    .get(bit / 8)
                    .is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
            }
        };
        self.values.get(row).copied().filter(|_| present)
    }

    /// One value or none for each row.
    pub fn options(&self) -> Vec<Option<f64>> {
        (0..self.values.len()).map(|row| self.at(row)).collect()
    }

    /// As the accumulator takes it.
    pub fn input(&self) -> Input<'_> {
        let presence = match &self.validity {
            None => Presence::All,
            Some((bytes, offset)) => Presence::Bits {
                bytes,
                offset: *offset,
            },
        };
        Input {
            values: &self.values,
            presence,
        }
    }
}

/// Who the rows are about, one after the other. Rows of one subject that stand together are one item.
pub fn subjects(column: &ArrayRef) -> Result<Vec<SubjectRows<'_>>, RoomError> {
    let nulls = column.nulls();
    let present = |row: usize| nulls.is_none_or(|nulls| nulls.is_valid(row));
    Ok(match column.data_type() {
        DataType::Utf8 => together(column.as_string::<i32>().iter(), SubjectKey::Text),
        DataType::Int32 => {
            let values = column.as_primitive::<Int32Type>().values();
            let values = values.iter().enumerate();
            together(
                values.map(|(row, value)| present(row).then_some(*value)),
                |value| SubjectKey::Integer(i128::from(value)),
            )
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>().values();
            let values = values.iter().enumerate();
            together(
                values.map(|(row, value)| present(row).then_some(*value)),
                |value| SubjectKey::Integer(i128::from(value)),
            )
        }
        other => return Err(RoomError::protocol(format!("a subject of type {other}"))),
    })
}

/// Joins neighbours that are equal.
fn together<'a, T: PartialEq + Copy>(
    values: impl Iterator<Item = Option<T>>,
    key: impl Fn(T) -> SubjectKey<'a>,
) -> Vec<SubjectRows<'a>> {
    let mut runs = Vec::new();
    let mut present: Option<(Option<T>, usize)> = None;
    let mut end = |run: Option<(Option<T>, usize)>| {
        if let Some((value, rows)) = run {
            let key = value.map_or(SubjectKey::Absent, &key);
            runs.push(SubjectRows { key, rows });
        }
    };
    for value in values {
        present = match present {
            Some((held, rows)) if held == value => Some((held, rows + 1)),
            before => {
                end(before);
                Some((value, 1))
            }
        };
    }
    end(present);
    runs
}

/// The group that each row names.
pub fn groups(column: &ArrayRef) -> Result<Vec<SubjectKey<'_>>, RoomError> {
    let runs = subjects(column)?;
    let keys = runs.into_iter();
    Ok(keys
        .flat_map(|run| std::iter::repeat_n(run.key, run.rows))
        .collect())
}

#[cfg(test)]
mod tests;
