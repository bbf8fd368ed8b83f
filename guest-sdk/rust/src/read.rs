//! Reading: the values of a row as a tuple of Rust types.

use std::marker::PhantomData;

use crate::column::bit;
use crate::error::kind_name;
use crate::{Batch, Column, Date, Decimal, Error, Result, Timestamp, Values};

/// A type that a column's values can be read as.
///
/// | type | kinds |
/// |---|---|
/// | `bool` | boolean |
/// | `i32` | int32 |
/// | `i64` | int64, int32 |
/// | `f64` | float64, int32, decimal128 (the nearest double) |
/// | `&str`, `String` | text |
/// | [`Date`], [`Timestamp`], [`Decimal`] | date32, timestamp-us, decimal128 |
/// | `Option<T>` | as `T`, where values may be absent |
pub trait ReadValue<'a>: Sized {
    /// A column, known to be of the right kind.
    type Reader: 'a;

    /// Checks the kind of a column of `rows` rows; `name` is for the error.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Absent`] or [`Error::Malformed`].
    fn reader(column: &'a Column, name: &str, rows: usize) -> Result<Self::Reader>;

    /// The value in a row.
    fn value(reader: &Self::Reader, row: usize) -> Self;
}

fn wrong(column: &Column, name: &str, wanted: &'static str) -> Error {
    Error::Kind {
        column: name.to_owned(),
        actual: column.kind(),
        wanted,
    }
}

/// Refuses columns that have absent values.
fn all_valid(column: &Column, name: &str, rows: usize) -> Result<()> {
    match column.first_absent(rows) {
        Some(row) => Err(Error::Absent {
            column: name.to_owned(),
            row,
        }),
        None => Ok(()),
    }
}

/// Reading without regard to validity: `T` itself checks that every value is there, `Option<T>` looks at each.
#[doc(hidden)]
pub trait ReadPresent<'a>: Sized {
    type Values: 'a;
    fn values(column: &'a Column, name: &str) -> Result<Self::Values>;
    fn present(values: &Self::Values, row: usize) -> Self;
}

impl<'a, T: ReadPresent<'a>> ReadValue<'a> for T {
    type Reader = T::Values;

    fn reader(column: &'a Column, name: &str, rows: usize) -> Result<Self::Reader> {
        let values = T::values(column, name)?;
        all_valid(column, name, rows)?;
        Ok(values)
    }

    fn value(reader: &Self::Reader, row: usize) -> Self {
        T::present(reader, row)
    }
}

impl<'a, T: ReadPresent<'a>> ReadValue<'a> for Option<T> {
    type Reader = (Option<&'a [u8]>, T::Values);

    fn reader(column: &'a Column, name: &str, _rows: usize) -> Result<Self::Reader> {
        Ok((column.validity.as_deref(), T::values(column, name)?))
    }

    fn value((validity, values): &Self::Reader, row: usize) -> Self {
        validity
            .is_none_or(|bitmap| bit(bitmap, row))
            .then(|| T::present(values, row))
    }
}

// INVARIANT: every reader below is made from a column that `Column::holds` the batch's rows, so the defaults for
// rows beyond the end are never taken.
macro_rules! read_from_slice {
    ($($type:ty, $values:ty, $variant:ident, $wanted:literal, |$raw:ident| $value:expr;)+) => { $(
        impl<'a> ReadPresent<'a> for $type {
            type Values = &'a [$values];

            fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
                match &column.values {
                    Values::$variant(values) => Ok(values),
                    _ => Err(wrong(column, name, $wanted)),
                }
            }

            fn present(values: &Self::Values, row: usize) -> Self {
                let $raw = values.get(row).copied().unwrap_or_default();
                $value
            }
        }
    )+ };
}

read_from_slice! {
    i32, i32, Int32, "int32", |raw| raw;
    Date, i32, Date32, "date32", |raw| Self(raw);
    Timestamp, i64, TimestampUs, "timestamp-us", |raw| Self(raw);
}

impl<'a> ReadPresent<'a> for bool {
    type Values = &'a [u8];

    fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
        match &column.values {
            Values::Boolean(bits) => Ok(bits),
            _ => Err(wrong(column, name, "boolean")),
        }
    }

    fn present(values: &Self::Values, row: usize) -> Self {
        bit(values, row)
    }
}

/// Integers of either width.
#[doc(hidden)]
pub enum Integers<'a> {
    Narrow(&'a [i32]),
    Wide(&'a [i64]),
}

impl<'a> ReadPresent<'a> for i64 {
    type Values = Integers<'a>;

    fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
        match &column.values {
            Values::Int32(values) => Ok(Integers::Narrow(values)),
            Values::Int64(values) => Ok(Integers::Wide(values)),
            _ => Err(wrong(column, name, "int64 or int32")),
        }
    }

    fn present(values: &Self::Values, row: usize) -> Self {
        match values {
            Integers::Narrow(values) => values.get(row).copied().unwrap_or_default().into(),
            Integers::Wide(values) => values.get(row).copied().unwrap_or_default(),
        }
    }
}

/// Numbers that a double can stand for.
#[doc(hidden)]
pub enum Numbers<'a> {
    Double(&'a [f64]),
    Integer(&'a [i32]),
    Decimal(&'a [u64]),
}

impl<'a> ReadPresent<'a> for f64 {
    type Values = Numbers<'a>;

    fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
        match &column.values {
            Values::Float64(values) => Ok(Numbers::Double(values)),
            Values::Int32(values) => Ok(Numbers::Integer(values)),
            Values::Decimal128(words) => Ok(Numbers::Decimal(words)),
            _ => Err(wrong(column, name, "float64, int32 or decimal128")),
        }
    }

    fn present(values: &Self::Values, row: usize) -> Self {
        match values {
            Numbers::Double(values) => values.get(row).copied().unwrap_or_default(),
            Numbers::Integer(values) => values.get(row).copied().unwrap_or_default().into(),
            Numbers::Decimal(words) => Decimal::present(words, row).to_f64(),
        }
    }
}

impl<'a> ReadPresent<'a> for Decimal {
    type Values = &'a [u64];

    fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
        match &column.values {
            Values::Decimal128(words) => Ok(words),
            _ => Err(wrong(column, name, "decimal128")),
        }
    }

    fn present(words: &Self::Values, row: usize) -> Self {
        let word = |index| words.get(index).copied().unwrap_or_default();
        Self((i128::from(word(row * 2 + 1) as i64) << 64) | i128::from(word(row * 2)))
    }
}

impl<'a> ReadPresent<'a> for &'a str {
    type Values = (&'a [i32], &'a str);

    fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
        let Values::Text(text) = &column.values else {
            return Err(wrong(column, name, "text"));
        };
        // One check for the whole column; a slice below that would split a character is empty instead.
        let bytes = std::str::from_utf8(&text.bytes).map_err(|_| Error::Malformed {
            column: name.to_owned(),
        })?;
        Ok((&text.offsets, bytes))
    }

    fn present((offsets, bytes): &Self::Values, row: usize) -> Self {
        match (offsets.get(row), offsets.get(row + 1)) {
            (Some(start), Some(end)) => bytes
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
            _ => "",
        }
    }
}

impl<'a> ReadPresent<'a> for String {
    type Values = (&'a [i32], &'a str);

    fn values(column: &'a Column, name: &str) -> Result<Self::Values> {
        <&str>::values(column, name)
    }

    fn present(values: &Self::Values, row: usize) -> Self {
        <&str>::present(values, row).to_owned()
    }
}

/// A tuple of values, one per column.
pub trait ReadRow<'a>: Sized {
    /// Readers of the columns.
    type Readers: 'a;

    /// Checks the columns of a batch.
    ///
    /// # Errors
    /// [`Error::Width`] when the numbers of columns differ, and those of [`ReadValue::reader`].
    fn readers(batch: &'a Batch) -> Result<Self::Readers>;

    /// The values of a row.
    fn row(readers: &Self::Readers, row: usize) -> Self;
}

macro_rules! read_row {
    ($width:literal: $($type:ident $reader:ident $index:literal),+) => {
        impl<'a, $($type: ReadValue<'a>),+> ReadRow<'a> for ($($type,)+) {
            type Readers = ($($type::Reader,)+);

            fn readers(batch: &'a Batch) -> Result<Self::Readers> {
                batch.require_width($width)?;
                Ok(($(batch.reader::<$type>($index)?,)+))
            }

            fn row(($($reader,)+): &Self::Readers, row: usize) -> Self {
                ($($type::value($reader, row),)+)
            }
        }
    };
}

read_row!(1: A a 0);
read_row!(2: A a 0, B b 1);
read_row!(3: A a 0, B b 1, C c 2);
read_row!(4: A a 0, B b 1, C c 2, D d 3);
read_row!(5: A a 0, B b 1, C c 2, D d 3, E e 4);
read_row!(6: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5);
read_row!(7: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6);
read_row!(8: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7);

/// The rows of a batch.
pub struct Rows<'a, R: ReadRow<'a>> {
    readers: R::Readers,
    next: usize,
    rows: usize,
    of: PhantomData<fn() -> (R, &'a ())>,
}

impl<'a, R: ReadRow<'a>> Rows<'a, R> {
    pub(crate) fn of(batch: &'a Batch) -> Result<Self> {
        Ok(Self {
            readers: R::readers(batch)?,
            next: 0,
            rows: batch.len(),
            of: PhantomData,
        })
    }
}

impl<'a, R: ReadRow<'a>> Iterator for Rows<'a, R> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        let row = self.next;
        (row < self.rows).then(|| {
            self.next += 1;
            R::row(&self.readers, row)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows - self.next;
        (left, Some(left))
    }
}

impl<'a, R: ReadRow<'a>> ExactSizeIterator for Rows<'a, R> {}

pub(crate) fn column_name(names: &[String], index: usize) -> String {
    names
        .get(index)
        .cloned()
        .unwrap_or_else(|| ["#", &index.to_string()].concat())
}

impl Batch {
    fn require_width(&self, values: usize) -> Result<()> {
        let columns = self.columns().len();
        if columns == values {
            Ok(())
        } else {
            Err(Error::Width { columns, values })
        }
    }

    fn reader<'a, T: ReadValue<'a>>(&'a self, index: usize) -> Result<T::Reader> {
        let column = self.columns().get(index).ok_or(Error::Width {
            columns: self.columns().len(),
            values: index + 1,
        })?;
        T::reader(column, &column_name(self.names(), index), self.len())
    }
}

/// The kind's name, for messages of modules.
impl std::fmt::Display for crate::Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(kind_name(*self))
    }
}
