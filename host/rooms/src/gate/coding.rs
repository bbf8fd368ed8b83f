//! From columns to cells and values: the gate's reading of a batch.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use yunei_disclosure::{Input, Presence, SubjectKey};
use yunei_model::{Banding, BandingKind};

use crate::RoomError;

/// Scale of decimals: four digits after the point.
const DECIMAL_SCALE: f64 = 10_000.0;
/// Distinct values whose code is remembered at most; beyond, codes are computed anew.
const REMEMBERED_MAX: usize = 65_536;

/// Turns one column's values into codes of its banding.
#[derive(Debug)]
pub struct Coder {
    banding: Banding,
    texts: HashMap<String, usize>,
    numbers: HashMap<i64, usize>,
}

impl Coder {
    pub fn new(banding: Banding) -> Self {
        Self {
            banding,
            texts: HashMap::new(),
            numbers: HashMap::new(),
        }
    }

    /// Adds `code × stride` to each row's cell.
    pub fn add_codes(
        &mut self,
        column: &ArrayRef,
        stride: u32,
        cells: &mut [u32],
    ) -> Result<(), RoomError> {
        let other = self.banding.other();
        for (row, cell) in cells.iter_mut().enumerate() {
            let code = if column.is_null(row) {
                other
            } else {
                self.code(column, row)?
            };
            *cell += u32::try_from(code).map_err(RoomError::protocol)? * stride;
        }
        Ok(())
    }

    fn code(&mut self, column: &ArrayRef, row: usize) -> Result<usize, RoomError> {
        Ok(match column.data_type() {
            DataType::Utf8 => self.text(column.as_string::<i32>().value(row)),
            DataType::Boolean => self.text(if column.as_boolean().value(row) {
                "true"
            } else {
                "false"
            }),
            DataType::Int32 => {
                self.integer(i64::from(column.as_primitive::<Int32Type>().value(row)))
            }
            DataType::Int64 => self.integer(column.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => self
                .banding
                .code_of_number(column.as_primitive::<Float64Type>().value(row)),
            DataType::Decimal128(_, _) => self
                .banding
                .code_of_number(decimal(column.as_primitive::<Decimal128Type>().value(row))),
            DataType::Date32 => self.date(column.as_primitive::<Date32Type>().value(row)),
            DataType::Timestamp(_, _) => self
                .banding
                .code_of_timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row)),
            other => return Err(RoomError::protocol(format!("a dimension of type {other}"))),
        })
    }

    fn text(&mut self, value: &str) -> usize {
        if let Some(code) = self.texts.get(value) {
            return *code;
        }
        let code = self.banding.code_of_text(value);
        if self.texts.len() < REMEMBERED_MAX {
            self.texts.insert(value.to_owned(), code);
        }
        code
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "edges of bandings are far below 2⁵³"
    )]
    fn integer(&mut self, value: i64) -> usize {
        if matches!(self.banding.kind, BandingKind::Ranges { .. }) {
            return self.banding.code_of_number(value as f64);
        }
        if let Some(code) = self.numbers.get(&value) {
            return *code;
        }
        let code = self.banding.code_of_text(&value.to_string());
        if self.numbers.len() < REMEMBERED_MAX {
            self.numbers.insert(value, code);
        }
        code
    }

    fn date(&mut self, days: i32) -> usize {
        let key = i64::from(days);
        if let Some(code) = self.numbers.get(&key) {
            return *code;
        }
        let code = self.banding.code_of_date(days);
        if self.numbers.len() < REMEMBERED_MAX {
            self.numbers.insert(key, code);
        }
        code
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

/// Who each row is about.
pub fn keys(column: &ArrayRef) -> Result<Vec<SubjectKey<'_>>, RoomError> {
    let key = |row: usize, key: SubjectKey<'static>| {
        if column.is_null(row) {
            SubjectKey::Absent
        } else {
            key
        }
    };
    Ok(match column.data_type() {
        DataType::Utf8 => column
            .as_string::<i32>()
            .iter()
            .map(|v| v.map_or(SubjectKey::Absent, SubjectKey::Text))
            .collect(),
        DataType::Int32 => {
            let values = column.as_primitive::<Int32Type>().values();
            values
                .iter()
                .enumerate()
                .map(|(row, v)| key(row, SubjectKey::Integer(i128::from(*v))))
                .collect()
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>().values();
            values
                .iter()
                .enumerate()
                .map(|(row, v)| key(row, SubjectKey::Integer(i128::from(*v))))
                .collect()
        }
        other => return Err(RoomError::protocol(format!("a subject of type {other}"))),
    })
}
