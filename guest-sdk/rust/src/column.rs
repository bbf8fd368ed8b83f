//! Columns in Arrow's memory layout.

use crate::{Column, Kind, Values};

/// Whether bit `row` of a least-significant-first bitmap is set; rows beyond its end are not.
pub(crate) fn bit(bitmap: &[u8], row: usize) -> bool {
    bitmap
        .get(row / 8)
        .is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

impl Column {
    /// Kind of its values.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.values {
            Values::Boolean(_) => Kind::Boolean,
            Values::Int32(_) => Kind::Int32,
            Values::Int64(_) => Kind::Int64,
            Values::Float64(_) => Kind::Float64,
            Values::Decimal128(_) => Kind::Decimal128,
            Values::Text(_) => Kind::Text,
            Values::Date32(_) => Kind::Date32,
            Values::TimestampUs(_) => Kind::TimestampUs,
        }
    }

    /// Whether `row` has a value.
    #[must_use]
    pub fn is_valid(&self, row: usize) -> bool {
        self.validity.as_ref().is_none_or(|bitmap| bit(bitmap, row))
    }

    /// The first row without a value, of the first `rows`.
    #[must_use]
    pub fn first_absent(&self, rows: usize) -> Option<usize> {
        self.validity.as_ref()?;
        (0..rows).find(|row| !self.is_valid(*row))
    }

    /// Whether its parts are long enough for `rows` rows, and its texts in order and within bounds.
    pub(crate) fn holds(&self, rows: usize) -> bool {
        let enough = match &self.values {
            Values::Boolean(bits) => bits.len() >= rows.div_ceil(8),
            Values::Int32(values) | Values::Date32(values) => values.len() == rows,
            Values::Int64(values) | Values::TimestampUs(values) => values.len() == rows,
            Values::Float64(values) => values.len() == rows,
            Values::Decimal128(words) => words.len() == rows * 2,
            Values::Text(text) => {
                text.offsets.len() == rows + 1
                    && text.offsets.first().is_some_and(|first| *first >= 0)
                    && text.offsets.is_sorted()
                    && text
                        .offsets
                        .last()
                        .is_some_and(|last| *last as usize <= text.bytes.len())
            }
        };
        enough
            && self
                .validity
                .as_ref()
                .is_none_or(|bitmap| bitmap.len() >= rows.div_ceil(8))
    }
}
