//! Building columns from tuples of Rust values.

use crate::{Column, Date, Decimal, Kind, Timestamp, Values, VarBytes};

/// A type that becomes a value of a column.
pub trait WriteValue {
    /// Kind of the column.
    const KIND: Kind;
    /// Whether values may be absent.
    const NULLABLE: bool = false;

    /// Appends the value.
    fn push(self, column: &mut ColumnBuilder);
}

/// A column in the making.
#[derive(Debug)]
pub struct ColumnBuilder {
    rows: usize,
    bytes: usize,
    validity: Option<Vec<u8>>,
    values: Values,
}

impl ColumnBuilder {
    /// An empty column for values of type `T`.
    #[must_use]
    pub fn of<T: WriteValue>() -> Self {
        Self {
            rows: 0,
            bytes: 0,
            validity: T::NULLABLE.then(Vec::new),
            values: match T::KIND {
                Kind::Boolean => Values::Boolean(Vec::new()),
                Kind::Int32 => Values::Int32(Vec::new()),
                Kind::Int64 => Values::Int64(Vec::new()),
                Kind::Float64 => Values::Float64(Vec::new()),
                Kind::Decimal128 => Values::Decimal128(Vec::new()),
                Kind::Text => Values::Text(VarBytes {
                    offsets: vec![0],
                    bytes: Vec::new(),
                }),
                Kind::Date32 => Values::Date32(Vec::new()),
                Kind::TimestampUs => Values::TimestampUs(Vec::new()),
            },
        }
    }

    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes of the values so far.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The finished column.
    #[must_use]
    pub fn finish(self) -> Column {
        Column {
            validity: self.validity,
            values: self.values,
        }
    }

    /// The finished column; this one is empty again.
    pub(crate) fn take<T: WriteValue>(&mut self) -> Column {
        std::mem::replace(self, Self::of::<T>()).finish()
    }

    fn advance(&mut self, valid: bool, bytes: usize) {
        if let Some(validity) = &mut self.validity {
            set_bit(validity, self.rows, valid);
        }
        self.rows += 1;
        self.bytes += bytes;
    }
}

fn set_bit(bitmap: &mut Vec<u8>, row: usize, bit: bool) {
    if row.is_multiple_of(8) {
        bitmap.push(0);
    }
    if let Some(byte) = bitmap.last_mut() {
        *byte |= u8::from(bit) << (row % 8);
    }
}

// INVARIANT: `ColumnBuilder::of::<T>` made the values of `T::KIND`, so the other arms are never taken; a column
// that got values of two types would come out too short, and the host refuses it.
macro_rules! write_value {
    ($($type:ty, $kind:ident, |$self:ident, $values:ident, $rows:ident| $push:expr;)+) => { $(
        impl WriteValue for $type {
            const KIND: Kind = Kind::$kind;

            fn push($self, column: &mut ColumnBuilder) {
                let $rows = column.rows;
                let bytes = match &mut column.values {
                    Values::$kind($values) => $push,
                    _ => 0,
                };
                column.advance(true, bytes);
            }
        }
    )+ };
}

write_value! {
    bool, Boolean, |self, bits, rows| { set_bit(bits, rows, self); 1 };
    i32, Int32, |self, values, _rows| { values.push(self); 4 };
    i64, Int64, |self, values, _rows| { values.push(self); 8 };
    f64, Float64, |self, values, _rows| { values.push(self); 8 };
    Date, Date32, |self, values, _rows| { values.push(self.0); 4 };
    Timestamp, TimestampUs, |self, values, _rows| { values.push(self.0); 8 };
    Decimal, Decimal128, |self, words, _rows| { words.extend([self.0 as u64, (self.0 >> 64) as u64]); 16 };
    &str, Text, |self, text, _rows| {
        text.bytes.extend_from_slice(self.as_bytes());
        // The host caps an output at far fewer bytes than 2³¹; saturation makes a longer one malformed, not wrong.
        text.offsets.push(i32::try_from(text.bytes.len()).unwrap_or(i32::MAX));
        self.len() + 4
    };
}

impl WriteValue for String {
    const KIND: Kind = Kind::Text;

    fn push(self, column: &mut ColumnBuilder) {
        self.as_str().push(column);
    }
}

impl<T: WriteValue> WriteValue for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;

    fn push(self, column: &mut ColumnBuilder) {
        match self {
            Some(value) => value.push(column),
            None => {
                let row = column.rows;
                match &mut column.values {
                    Values::Boolean(bits) => set_bit(bits, row, false),
                    Values::Int32(values) | Values::Date32(values) => values.push(0),
                    Values::Int64(values) | Values::TimestampUs(values) => values.push(0),
                    Values::Float64(values) => values.push(0.0),
                    Values::Decimal128(words) => words.extend([0, 0]),
                    Values::Text(text) => {
                        let end = text.offsets.last().copied().unwrap_or_default();
                        text.offsets.push(end);
                    }
                }
                column.advance(false, 1);
            }
        }
    }
}

/// A tuple of values, one per column.
pub trait WriteRow {
    /// Number of columns.
    const WIDTH: usize;

    /// Kind of each column, and whether its values may be absent.
    fn kinds() -> Vec<(Kind, bool)>;

    /// Empty columns.
    fn columns() -> Vec<ColumnBuilder>;

    /// Appends a row.
    fn push(self, columns: &mut [ColumnBuilder]);

    /// The finished columns; `columns` are empty again.
    fn take(columns: &mut [ColumnBuilder]) -> Vec<Column>;
}

macro_rules! write_row {
    ($width:literal: $($type:ident $value:ident $column:ident),+) => {
        impl<$($type: WriteValue),+> WriteRow for ($($type,)+) {
            const WIDTH: usize = $width;

            fn kinds() -> Vec<(Kind, bool)> {
                vec![$(($type::KIND, $type::NULLABLE)),+]
            }

            fn columns() -> Vec<ColumnBuilder> {
                vec![$(ColumnBuilder::of::<$type>()),+]
            }

            fn push(self, columns: &mut [ColumnBuilder]) {
                let ($($value,)+) = self;
                if let [$($column,)+] = columns {
                    $($value.push($column);)+
                }
            }

            fn take(columns: &mut [ColumnBuilder]) -> Vec<Column> {
                match columns {
                    [$($value,)+] => vec![$($value.take::<$type>()),+],
                    _ => Vec::new(),
                }
            }
        }
    };
}

write_row!(1: A a to_a);
write_row!(2: A a to_a, B b to_b);
write_row!(3: A a to_a, B b to_b, C c to_c);
write_row!(4: A a to_a, B b to_b, C c to_c, D d to_d);
write_row!(5: A a to_a, B b to_b, C c to_c, D d to_d, E e to_e);
write_row!(6: A a to_a, B b to_b, C c to_c, D d to_d, E e to_e, F f to_f);
write_row!(7: A a to_a, B b to_b, C c to_c, D d to_d, E e to_e, F f to_f, G g to_g);
write_row!(8: A a to_a, B b to_b, C c to_c, D d to_d, E e to_e, F f to_f, G g to_g, H h to_h);
