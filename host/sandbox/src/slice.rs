//! Rows out of a batch: what one data subject's call gets.

use crate::{Batch, Buffer, Column, Values, VarBytes};

impl Batch {
    /// Rows from `start`, in buffers of their own: they are what they would be if no other row were there. Nothing of any
    /// other row is in them, not even whether the column that they come from has absent values elsewhere.
    ///
    /// `None` when the batch has not so many rows.
    #[must_use]
    pub fn slice(&self, start: u32, rows: u32) -> Option<Self> {
        let end = start.checked_add(rows).filter(|end| *end <= self.rows)?;
        let range = start as usize..end as usize;
        let columns = self.columns.iter().map(|column| column.slice(&range));
        Some(Self {
            rows,
            columns: columns.collect::<Option<_>>()?,
        })
    }
}

impl Column {
    fn slice(&self, range: &std::ops::Range<usize>) -> Option<Self> {
        let validity = match &self.validity {
            Some(bitmap) => Some(bits(bitmap, range)?).filter(|own| has_absent(own, range.len())),
            None => None,
        };
        let values = match &self.values {
            Values::Boolean(bitmap) => Values::Boolean(bits(bitmap, range)?),
            Values::Int32(values) => Values::Int32(part(values, range)?),
            Values::Int64(values) => Values::Int64(part(values, range)?),
            Values::Float64(values) => Values::Float64(part(values, range)?),
            Values::Decimal128(words) => {
                let pairs = range.start.checked_mul(2)?..range.end.checked_mul(2)?;
                Values::Decimal128(part(words, &pairs)?)
            }
            Values::Text(text) => Values::Text(texts(text, range)?),
            Values::Date32(values) => Values::Date32(part(values, range)?),
            Values::TimestampUs(values) => Values::TimestampUs(part(values, range)?),
        };
        Some(Self { validity, values })
    }
}

fn has_absent(bitmap: &[u8], rows: usize) -> bool {
    let present: u32 = bitmap.iter().map(|byte| byte.count_ones()).sum();
    (present as usize) < rows
}

fn part<T: Clone>(values: &[T], range: &std::ops::Range<usize>) -> Option<Buffer<T>> {
    values.get(range.clone()).map(|part| part.to_vec().into())
}

/// Bits of a bitmap, moved to its start; those behind the last row are cleared.
fn bits(bitmap: &[u8], range: &std::ops::Range<usize>) -> Option<Buffer<u8>> {
    let rows = range.len();
    let (first, shift) = (range.start / 8, range.start % 8);
    if bitmap.len() < range.end.div_ceil(8) {
        return None;
    }
    let byte = |index: usize| {
        let at = first.saturating_add(index);
        let low = bitmap.get(at).map_or(0, |byte| byte >> shift);
        let high = bitmap.get(at.saturating_add(1)).map_or(0, |byte| {
            u8::try_from((u16::from(*byte) << 8 >> shift) & 0xff).unwrap_or(0)
        });
        low | high
    };
    let mut bytes: Vec<u8> = (0..rows.div_ceil(8)).map(byte).collect();
    if let Some(last) = bytes.last_mut()
        && !rows.is_multiple_of(8)
    {
        *last &= (1_u8 << (rows % 8)) - 1;
    }
    Some(bytes.into())
}

fn texts(text: &VarBytes, range: &std::ops::Range<usize>) -> Option<VarBytes> {
    let offsets = text.offsets.get(range.start..=range.end)?;
    let first = *offsets.first()?;
    let last = *offsets.last()?;
    let bytes = usize::try_from(first).ok()?..usize::try_from(last).ok()?;
    Some(VarBytes {
        offsets: offsets
            .iter()
            .map(|offset| offset.checked_sub(first))
            .collect::<Option<Vec<i32>>>()?
            .into(),
        bytes: part(&text.bytes, &bytes)?,
    })
}

#[cfg(test)]
mod tests;
