//! Masks: what is done to values before anybody sees them.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use yunei_model::{FieldType, Mask};

use super::MaskKey;

/// Bytes of the code that a pseudonym shows, as hexadecimal digits: 128 bits, so that no two values meet.
const PSEUDONYM_BYTES: usize = 16;
/// Keeps pseudonyms apart from anything else that a key might ever be used for.
const DOMAIN: &[u8] = b"yunei/pseudonym/1\0";
const DAY_MICROS: i64 = 86_400_000_000;
/// Months of timestamps are those of UTC+8.
const ZONE_MICROS: i64 = 8 * 3_600_000_000;

/// The type of a field's values once masked.
#[must_use]
pub const fn masked_type(kind: FieldType, mask: &Mask) -> FieldType {
    match mask {
        Mask::Pseudonym => FieldType::Text,
        Mask::None | Mask::Withhold | Mask::Prefix { .. } | Mask::Month => kind,
    }
}

/// Applies masks under one key.
#[derive(Clone)]
pub(super) struct Masker {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masker(…)")
    }
}

impl Masker {
    pub(super) fn new(key: &MaskKey) -> Self {
        let mut block = [0_u8; 64];
        if let Some(start) = block.get_mut(..32) {
            start.copy_from_slice(key.as_bytes());
        }
        // RFC 2104 pads a short key with zeros to the block: the same code as from the 32 bytes alone.
        let mut mac = <Hmac<Sha256> as Mac>::new(&block.into());
        mac.update(DOMAIN);
        Self { mac }
    }

    /// The masked values.
    pub(super) fn apply(&self, mask: &Mask, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match mask {
            Mask::None => Ok(Arc::clone(values)),
            Mask::Pseudonym => self.pseudonyms(values),
            Mask::Prefix { characters } => prefixes(values, *characters as usize),
            Mask::Month => months(values),
            Mask::Withhold => Err(unfit("a withheld field")),
        }
    }

    /// One code per value. A value's code depends on its text alone, so that one person's number in two
    /// tables of a grant has one pseudonym, whether it stands there as text or as a number.
    fn pseudonyms(&self, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let mut out =
            StringBuilder::with_capacity(values.len(), values.len() * 2 * PSEUDONYM_BYTES);
        let (mut text, mut last, mut code) = (String::new(), String::new(), String::new());
        for row in 0..values.len() {
            if values.is_null(row) {
                out.append_null();
                continue;
            }
            text.clear();
            write_text(&mut text, values, row)?;
            // Rows are sorted by subject: most values are those of the row before.
            if code.is_empty() || text != last {
                code = self.code(text.as_bytes());
                std::mem::swap(&mut last, &mut text);
            }
            out.append_value(&code);
        }
        Ok(Arc::new(out.finish()))
    }

    fn code(&self, value: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(value);
        let code = mac.finalize().into_bytes();
        hex::encode(code.get(..PSEUDONYM_BYTES).unwrap_or_default())
    }
}

fn write_text(text: &mut String, values: &ArrayRef, row: usize) -> Result<(), ArrowError> {
    let written = match values.data_type() {
        DataType::Utf8 => text.write_str(values.as_string::<i32>().value(row)),
        DataType::Int32 => write!(text, "{}", values.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => write!(text, "{}", values.as_primitive::<Int64Type>().value(row)),
        DataType::Decimal128(..) => {
            text.write_str(&values.as_primitive::<Decimal128Type>().value_as_string(row))
        }
        DataType::Date32 => {
            write!(text, "{}", values.as_primitive::<Date32Type>().value(row))
        }
        DataType::Timestamp(..) => {
            let micros = values.as_primitive::<TimestampMicrosecondType>();
            write!(text, "{}", micros.value(row))
        }
        _ => return Err(unfit("a pseudonym")),
    };
    written.map_err(|_| unfit("a pseudonym"))
}

fn prefixes(values: &ArrayRef, characters: usize) -> Result<ArrayRef, ArrowError> {
    let texts = values
        .as_string_opt::<i32>()
        .ok_or_else(|| unfit("a prefix"))?;
    let mut out = StringBuilder::with_capacity(texts.len(), texts.len() * characters.min(64));
    for text in texts {
        out.append_option(text.map(|text| {
            let end = text.char_indices().nth(characters).map(|(at, _)| at);
            end.and_then(|end| text.get(..end)).unwrap_or(text)
        }));
    }
    Ok(Arc::new(out.finish()))
}

fn months(values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if let Some(days) = values.as_primitive_opt::<Date32Type>() {
        let months: Date32Array = days.unary(first_of_month);
        return Ok(Arc::new(months));
    }
    let micros = values
        .as_primitive_opt::<TimestampMicrosecondType>()
        .ok_or_else(|| unfit("a month"))?;
    let months: TimestampMicrosecondArray = micros.unary(|at| {
        let day = at.saturating_add(ZONE_MICROS).div_euclid(DAY_MICROS);
        // A day that no calendar has is cut to the first of all.
        let first = i32::try_from(day).map_or(i32::MIN, first_of_month);
        i64::from(first)
            .saturating_mul(DAY_MICROS)
            .saturating_sub(ZONE_MICROS)
    });
    Ok(Arc::new(months))
}

/// First day of the month of a day, both in days since 1970-01-01
/// (after Howard Hinnant, "chrono-compatible low-level date algorithms": `civil_from_days`).
fn first_of_month(day: i32) -> i32 {
    let shifted = i64::from(day) + 719_468;
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5;
    i32::try_from(i64::from(day) - day_of_month).unwrap_or(i32::MIN)
}

fn unfit(what: &str) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("{what} does not fit the type"))
}

#[cfg(test)]
mod tests;
