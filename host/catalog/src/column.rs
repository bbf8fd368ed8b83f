//! Field types as Arrow types. One table for import, views and export.

use arrow::datatypes::{DataType, TimeUnit};
use yunei_model::FieldType;

/// Digits of a decimal.
pub(crate) const DECIMAL_DIGITS: u8 = 38;
/// Digits of a decimal after the point.
pub(crate) const DECIMAL_SCALE: i8 = 4;

/// The Arrow type of a field's values; timestamps are UTC and bear no zone.
pub(crate) const fn arrow_type(kind: FieldType) -> DataType {
    match kind {
        FieldType::Boolean => DataType::Boolean,
        FieldType::Int32 => DataType::Int32,
        FieldType::Int64 => DataType::Int64,
        FieldType::Float64 => DataType::Float64,
        FieldType::Decimal => DataType::Decimal128(DECIMAL_DIGITS, DECIMAL_SCALE),
        FieldType::Text => DataType::Utf8,
        FieldType::Date => DataType::Date32,
        FieldType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// The field type that carries values of an Arrow type to a guest, if one does.
pub(crate) const fn carrier(data: &DataType) -> Option<FieldType> {
    Some(match data {
        DataType::Boolean => FieldType::Boolean,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
            FieldType::Int32
        }
        DataType::UInt32 | DataType::Int64 | DataType::UInt64 => FieldType::Int64,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => FieldType::Float64,
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => FieldType::Decimal,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => FieldType::Text,
        DataType::Date32 | DataType::Date64 => FieldType::Date,
        DataType::Timestamp(..) => FieldType::Timestamp,
        _ => return None,
    })
}

/// Days since 1970-01-01 of a date written `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let number = |range| -> Option<i16> {
        let digits: &str = text.get(range)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let month = i8::try_from(number(5..7)?).ok()?;
    let day = i8::try_from(number(8..10)?).ok()?;
    let date = jiff::civil::Date::new(number(0..4)?, month, day).ok()?;
    let epoch = jiff::civil::date(1970, 1, 1);
    date.since(epoch).ok().map(|span| span.get_days())
}

/// Microseconds UTC of an RFC 3339 text, or of `YYYY-MM-DD hh:mm[:ss[.ffffff]]`, which is time at UTC+8.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let exact =
        |at: jiff::Timestamp| (at.subsec_nanosecond() % 1000 == 0).then(|| at.as_microsecond());
    if text.get(..10).is_none_or(|day| parse_date(day).is_none()) || text.len() < 16 {
        return None;
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return exact(at);
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    // A text with a zone that is no offset parses as civil time too: refuse what has more than digits and separators.
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b' ' | b'T');
    if !text.bytes().all(plain) {
        return None;
    }
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    local
        .to_zoned(zone)
        .ok()
        .and_then(|at| exact(at.timestamp()))
}

/// A decimal of at most 38 digits, 4 of them after the point, in units of its last digit.
pub(crate) fn parse_decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let scale = usize::from(DECIMAL_SCALE.unsigned_abs());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > scale {
        return None;
    }
    let mut units: i128 = 0;
    let padding = std::iter::repeat_n(b'0', scale - fraction.len());
    for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
        units = units
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
    }
    let limit = 10_i128.pow(u32::from(DECIMAL_DIGITS));
    (units < limit).then_some(if negative { -units } else { units })
}

/// A finite number, `-0` as `0`.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    // Rust reads `inf` and `nan` too; a public figure is neither.
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(number + 0.0)
}

#[cfg(test)]
mod tests;
