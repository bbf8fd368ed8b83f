//! Putting the batches of an output one behind the other.

use crate::bindings::analysis::yunei::guest::tables as wire;
use crate::column::bit;
use crate::{Column, Values};

/// `before` with the rows of `more` behind it; none when their kinds differ.
pub(crate) fn batches(before: &wire::Batch, more: &wire::Batch) -> Option<wire::Batch> {
    if before.columns.is_empty() {
        return Some(more.clone());
    }
    let rows = (before.rows as usize, more.rows as usize);
    let pairs = before.columns.iter().zip(&more.columns);
    let columns: Option<Vec<Column>> = pairs.map(|(a, b)| column(a, b, rows)).collect();
    Some(wire::Batch {
        rows: before.rows + more.rows,
        columns: columns.filter(|columns| columns.len() == more.columns.len())?,
    })
}

fn column(a: &Column, b: &Column, rows: (usize, usize)) -> Option<Column> {
    let validity = (a.validity.is_some() || b.validity.is_some())
        .then(|| bits(|row| a.is_valid(row), |row| b.is_valid(row), rows));
    let values = match (&a.values, &b.values) {
        (Values::Boolean(a), Values::Boolean(b)) => {
            Values::Boolean(bits(|row| bit(a, row), |row| bit(b, row), rows))
        }
        (Values::Int32(a), Values::Int32(b)) => Values::Int32([a.as_slice(), b].concat()),
        (Values::Int64(a), Values::Int64(b)) => Values::Int64([a.as_slice(), b].concat()),
        (Values::Float64(a), Values::Float64(b)) => Values::Float64([a.as_slice(), b].concat()),
        (Values::Decimal128(a), Values::Decimal128(b)) => {
            Values::Decimal128([a.as_slice(), b].concat())
        }
        (Values::Date32(a), Values::Date32(b)) => Values::Date32([a.as_slice(), b].concat()),
        (Values::TimestampUs(a), Values::TimestampUs(b)) => {
            Values::TimestampUs([a.as_slice(), b].concat())
        }
        (Values::Text(a), Values::Text(b)) => {
            let shift = i32::try_from(a.bytes.len()).ok()?;
            let shifted = b.offsets.iter().skip(1).map(|offset| offset + shift);
            Values::Text(wire::VarBytes {
                offsets: a.offsets.iter().copied().chain(shifted).collect(),
                bytes: [a.bytes.as_slice(), &b.bytes].concat(),
            })
        }
        _ => return None,
    };
    Some(Column { validity, values })
}

fn bits(a: impl Fn(usize) -> bool, b: impl Fn(usize) -> bool, rows: (usize, usize)) -> Vec<u8> {
    let all: Vec<bool> = (0..rows.0).map(a).chain((0..rows.1).map(b)).collect();
    let byte = |eight: &[bool]| {
        let weighed = eight.iter().enumerate();
        weighed.fold(0, |byte, (index, set)| byte | u8::from(*set) << index)
    };
    all.chunks(8).map(byte).collect()
}
