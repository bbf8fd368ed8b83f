//! The shape of columns: lengths, bitmaps, offsets, text, digits.
//!
//! Everything that a guest hands over is checked here before any other part of the host sees it.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::FieldType;

use crate::{Batch, Buffer, Column, FieldInfo, Values, VarBytes};

/// The greatest unscaled value of a decimal of 38 digits.
const DECIMAL_MAX: u128 = 10_u128.pow(38) - 1;

/// What is wrong with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// The number of values is not the number of rows.
    #[error("the number of values is not the number of rows")]
    Length,
    /// The validity bitmap has not one bit per row.
    #[error("the validity bitmap has not one bit per row")]
    Validity,
    /// A row is invalid where none may be.
    #[error("a row is invalid where none may be")]
    NotNullable,
    /// Offsets do not rise from 0 to the number of bytes.
    #[error("offsets do not rise from 0 to the number of bytes")]
    Offsets,
    /// Text is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// A decimal has more than 38 digits.
    #[error("a decimal has more than 38 digits")]
    Digits,
    /// The type is not the declared one.
    #[error("the type is not the declared one")]
    Type,
}

/// Why columns cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
pub enum Malformed {
    /// Another number of columns than there must be.
    #[error("{found} columns where {expected} belong")]
    Columns {
        /// Columns that there must be.
        expected: u64,
        /// Columns that there are.
        found: u64,
    },
    /// A position at which the table has no field.
    #[error("position {column} is no field of the table")]
    Position {
        /// The position.
        column: u64,
    },
    /// A schema with a name that is none, or the same name twice.
    #[error("the schema's names are not names, or not distinct")]
    Schema,
    /// A column is none.
    #[error("column {column}: {flaw}")]
    Column {
        /// Position of the column.
        column: u64,
        /// What is wrong.
        flaw: Flaw,
    },
}

/// Bytes of a bitmap of `rows` bits.
const fn bitmap_bytes(rows: u32) -> usize {
    (rows as usize).div_ceil(8)
}

/// Checks columns against a number of rows, and clears the bits behind the last row, so that equal columns are equal bytes.
///
/// # Errors
/// [`Malformed`] for the first flaw.
pub fn check_columns(rows: u32, columns: &mut [Column]) -> Result<(), Malformed> {
    for (position, column) in columns.iter_mut().enumerate() {
        check_column(rows, column).map_err(|flaw| Malformed::Column {
            column: position as u64,
            flaw,
        })?;
    }
    Ok(())
}

/// Checks a batch against a schema as well.
///
/// # Errors
/// [`Malformed`] for the first flaw.
pub fn check_batch(batch: &mut Batch, schema: &[FieldInfo]) -> Result<(), Malformed> {
    if batch.columns.len() != schema.len() {
        return Err(Malformed::Columns {
            expected: schema.len() as u64,
            found: batch.columns.len() as u64,
        });
    }
    for (position, (column, field)) in batch.columns.iter().zip(schema).enumerate() {
        let flawed = |flaw| Malformed::Column {
            column: position as u64,
            flaw,
        };
        if column.values.kind() != field.kind {
            return Err(flawed(Flaw::Type));
        }
    }
    check_columns(batch.rows, &mut batch.columns)?;
    for (position, (column, field)) in batch.columns.iter().zip(schema).enumerate() {
        if !field.nullable && has_invalid(batch.rows, column) {
            return Err(Malformed::Column {
                column: position as u64,
                flaw: Flaw::NotNullable,
            });
        }
    }
    Ok(())
}

/// Whether the lengths of a host-made batch agree; the host's content is not looked into again.
pub(crate) fn lengths_agree(batch: &Batch) -> bool {
    let rows = batch.rows as usize;
    batch.columns.iter().all(|column| {
        let validity = column.validity.as_ref();
        validity.is_none_or(|bits| bits.len() == bitmap_bytes(batch.rows))
            && check_length(batch.rows, rows, &column.values).is_ok()
    })
}

fn has_invalid(rows: u32, column: &Column) -> bool {
    column.validity.as_ref().is_some_and(|bits| {
        let valid: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
        valid < rows
    })
}

fn check_length(rows: u32, count: usize, values: &Values) -> Result<(), Flaw> {
    let length_ok = match values {
        Values::Boolean(bits) => bits.len() == bitmap_bytes(rows),
        Values::Int32(values) | Values::Date32(values) => values.len() == count,
        Values::Int64(values) | Values::TimestampUs(values) => values.len() == count,
        Values::Float64(values) => values.len() == count,
        Values::Decimal128(words) => count.checked_mul(2) == Some(words.len()),
        Values::Text(text) => count.checked_add(1) == Some(text.offsets.len()),
    };
    if length_ok { Ok(()) } else { Err(Flaw::Length) }
}

fn check_column(rows: u32, column: &mut Column) -> Result<(), Flaw> {
    check_length(rows, rows as usize, &column.values)?;
    if let Some(bits) = &mut column.validity {
        if bits.len() != bitmap_bytes(rows) {
            return Err(Flaw::Validity);
        }
        clear_tail(rows, bits);
    }
    match &mut column.values {
        Values::Boolean(bits) => clear_tail(rows, bits),
        Values::Text(text) => check_text(text)?,
        Values::Decimal128(words) => check_digits(words)?,
        Values::Int32(_)
        | Values::Int64(_)
        | Values::Float64(_)
        | Values::Date32(_)
        | Values::TimestampUs(_) => {}
    }
    Ok(())
}

fn clear_tail(rows: u32, bits: &mut Buffer<u8>) {
    let used = rows % 8;
    if used != 0
        && let Some(last) = bits.owned_mut().and_then(|bits| bits.last_mut())
    {
        *last &= (1_u8 << used) - 1;
    }
}

fn check_text(text: &VarBytes) -> Result<(), Flaw> {
    let all = std::str::from_utf8(&text.bytes).map_err(|_| Flaw::Utf8)?;
    let mut before = 0_usize;
    for (row, offset) in text.offsets.iter().enumerate() {
        let offset = usize::try_from(*offset).map_err(|_| Flaw::Offsets)?;
        if offset < before || offset > all.len() || (row == 0 && offset != 0) {
            return Err(Flaw::Offsets);
        }
        if !all.is_char_boundary(offset) {
            return Err(Flaw::Utf8);
        }
        before = offset;
    }
    if before == all.len() {
        Ok(())
    } else {
        Err(Flaw::Offsets)
    }
}

fn check_digits(words: &[u64]) -> Result<(), Flaw> {
    let within = |pair: &[u64]| match pair {
        [low, high] => {
            let bits = (u128::from(*high) << 64) | u128::from(*low);
            bits.cast_signed().unsigned_abs() <= DECIMAL_MAX
        }
        _ => false,
    };
    if words.chunks(2).all(within) {
        Ok(())
    } else {
        Err(Flaw::Digits)
    }
}

/// Checks the types of derived columns, where the manifest says what they are.
///
/// # Errors
/// [`Malformed`] where number or types differ.
pub fn check_kinds(columns: &[Column], kinds: &[FieldType]) -> Result<(), Malformed> {
    if columns.len() != kinds.len() {
        return Err(Malformed::Columns {
            expected: kinds.len() as u64,
            found: columns.len() as u64,
        });
    }
    let wrong = columns
        .iter()
        .zip(kinds)
        .position(|(column, kind)| column.values.kind() != *kind);
    wrong.map_or(Ok(()), |column| {
        Err(Malformed::Column {
            column: column as u64,
            flaw: Flaw::Type,
        })
    })
}
