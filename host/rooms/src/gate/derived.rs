//! Derived columns of a `per-row` module, as the sealed output holds them, joined to the snapshot by position.

use sha2::{Digest as _, Sha256};
use yunei_model::{Derived, DerivedValue, FieldType};

use crate::RoomError;
use crate::cell::{Frame, StoredColumn, read_frames};

/// One derived column over all rows.
#[derive(Debug)]
enum Derivation {
    /// Numbers clamped to their bounds, and whether each is present.
    Numbers {
        min: f64,
        max: f64,
        values: Vec<f64>,
        present: Vec<bool>,
    },
    /// Codes of labels; the last is `other`.
    Codes { labels: u32, values: Vec<u32> },
}

/// All derived columns.
#[derive(Debug)]
pub struct DerivedColumns(Vec<Derivation>);

impl DerivedColumns {
    /// Reads them from a sealed output.
    pub fn read(declared: &[Derived], plaintext: &[u8]) -> Result<Self, RoomError> {
        let mut columns: Vec<Derivation> = declared.iter().map(empty).collect::<Result<_, _>>()?;
        for frame in read_frames(plaintext) {
            let Frame::Derived {
                rows,
                columns: stored,
            } = frame?
            else {
                continue;
            };
            if stored.len() != columns.len() {
                return Err(RoomError::protocol("derived columns of another number"));
            }
            for (into, column) in columns.iter_mut().zip(&stored) {
                into.extend(rows as usize, column)?;
            }
        }
        Ok(Self(columns))
    }

    /// Numbers of the rows from `start`, with a bitmap of those present.
    pub fn numbers(
        &self,
        column: usize,
        start: usize,
        rows: usize,
    ) -> Result<(&[f64], Vec<u8>), RoomError> {
        let Some(Derivation::Numbers {
            values, present, ..
        }) = self.0.get(column)
        else {
            return Err(RoomError::protocol("a measure of no derived number"));
        };
        let values = values.get(start..start + rows).ok_or_else(short)?;
        let present = present.get(start..start + rows).ok_or_else(short)?;
        let mut bitmap = vec![0_u8; rows.div_ceil(8)];
        for (row, _) in present.iter().enumerate().filter(|(_, present)| **present) {
            if let Some(byte) = bitmap.get_mut(row / 8) {
                *byte |= 1 << (row % 8);
            }
        }
        Ok((values, bitmap))
    }

    /// Adds `code × stride` to each row's cell.
    pub fn add_codes(
        &self,
        column: usize,
        start: usize,
        stride: u32,
        cells: &mut [u32],
    ) -> Result<(), RoomError> {
        let Some(Derivation::Codes { values, .. }) = self.0.get(column) else {
            return Err(RoomError::protocol("a dimension of no derived category"));
        };
        let codes = values.get(start..start + cells.len()).ok_or_else(short)?;
        for (cell, code) in cells.iter_mut().zip(codes) {
            *cell += code * stride;
        }
        Ok(())
    }

    /// What names a column by its values alone: the same for the same values. What stands where none is present says nothing, nor does the
    /// sign of a zero.
    pub fn fingerprint(&self, column: usize) -> Result<String, RoomError> {
        let mut hash = Sha256::new();
        match self.0.get(column).ok_or_else(short)? {
            Derivation::Numbers {
                values, present, ..
            } => {
                hash.update(b"numbers");
                for (value, present) in values.iter().zip(present) {
                    hash.update([u8::from(*present)]);
                    if *present {
                        hash.update((value + 0.0).to_le_bytes());
                    }
                }
            }
            Derivation::Codes { values, .. } => {
                hash.update(b"codes");
                for value in values {
                    hash.update(value.to_le_bytes());
                }
            }
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// Whether every column has exactly so many rows.
    pub fn has_rows(&self, rows: usize) -> bool {
        self.0.iter().all(|column| match column {
            Derivation::Numbers { values, .. } => values.len() == rows,
            Derivation::Codes { values, .. } => values.len() == rows,
        })
    }
}

fn empty(derived: &Derived) -> Result<Derivation, RoomError> {
    Ok(match &derived.value {
        DerivedValue::Number { min, max } => Derivation::Numbers {
            min: *min,
            max: *max,
            values: Vec::new(),
            present: Vec::new(),
        },
        DerivedValue::Category { labels } => Derivation::Codes {
            labels: u32::try_from(labels.len()).map_err(RoomError::protocol)?,
            values: Vec::new(),
        },
    })
}

fn short() -> RoomError {
    RoomError::protocol("fewer derived rows than the snapshot has")
}

impl Derivation {
    fn extend(&mut self, rows: usize, column: &StoredColumn) -> Result<(), RoomError> {
        let kind = match self {
            Self::Numbers { .. } => FieldType::Float64,
            Self::Codes { .. } => FieldType::Int32,
        };
        if column.kind != kind || column.text.is_some() {
            return Err(RoomError::protocol("a derived column of another type"));
        }
        let bitmap = column.validity.as_ref().map(Vec::len);
        if bitmap.is_some_and(|bytes| bytes != rows.div_ceil(8)) {
            return Err(short());
        }
        let valid = |row: usize| {
            column
                .validity
                .as_ref()
                .is_none_or(|bits| bits.get(row / 8).is_some_and(|b| b >> (row % 8) & 1 == 1))
        };
        match self {
            Self::Numbers {
                min,
                max,
                values,
                present,
            } => {
                let (numbers, rest) = column.values.as_chunks::<8>();
                if numbers.len() != rows || !rest.is_empty() {
                    return Err(short());
                }
                for (row, bytes) in numbers.iter().enumerate() {
                    let number = f64::from_le_bytes(*bytes);
                    present.push(valid(row) && !number.is_nan());
                    values.push(if number.is_nan() {
                        0.0
                    } else {
                        number.clamp(*min, *max)
                    });
                }
            }
            Self::Codes { labels, values } => {
                let (codes, rest) = column.values.as_chunks::<4>();
                if codes.len() != rows || !rest.is_empty() {
                    return Err(short());
                }
                for (row, bytes) in codes.iter().enumerate() {
                    let code = u32::try_from(i32::from_le_bytes(*bytes))
                        .ok()
                        .filter(|code| valid(row) && code < labels);
                    values.push(code.unwrap_or(*labels));
                }
            }
        }
        Ok(())
    }
}
