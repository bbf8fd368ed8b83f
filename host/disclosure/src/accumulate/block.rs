//! Blocks of rows, as they are handed to the accumulator.

use super::SubjectKey;

/// Where values of a column are present: Arrow's validity bitmap, least significant bit first.
#[derive(Debug, Clone, Copy)]
pub enum Presence<'a> {
    /// Everywhere.
    All,
    /// Where the bit `offset + row` is set; a bit past the end is not.
    Bits {
        /// The bitmap.
        bytes: &'a [u8],
        /// Bit of the first row.
        offset: usize,
    },
}

impl Presence<'_> {
    #[inline]
    pub(super) fn at(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Bits { bytes, offset } => {
                let bit = offset + row;
                bytes
                    .get(bit / 8)
                    .is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
            }
        }
    }
}

/// A column of values of a block.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// One value per row; what stands where none is present is ignored.
    pub values: &'a [f64],
    /// Where they are present.
    pub presence: Presence<'a>,
}

/// Rows of one subject that stand together in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectRows<'a> {
    /// The subject.
    pub key: SubjectKey<'a>,
    /// How many rows.
    pub rows: usize,
}

/// A block of rows in snapshot order.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Whose the rows are, one after the other; empty under [`Protection::None`](super::Protection::None). A subject that goes on in the next block is named there again.
    pub subjects: &'a [SubjectRows<'a>],
    /// Household or enterprise group of each row; empty when the resource names none.
    pub groups: &'a [SubjectKey<'a>],
    /// Inner cell of each row, as [`Shape::cell`](super::Shape::cell) counts.
    pub cells: &'a [u32],
    /// Columns in the order of [`Shape::inputs`](super::Shape::inputs).
    pub inputs: &'a [Input<'a>],
}
