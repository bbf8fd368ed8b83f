//! The types of the WIT interface `tables`, as both sides of the boundary see them.
//!
//! They mirror `guest-sdk/wit/yunei.wit` and are checked against every component when it is linked.

use wasmtime::component::{ComponentType, Lift, Lower};
use yunei_model::FieldType;

use crate::Buffer;

/// Values of variable length.
#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct VarBytes {
    /// One more than there are rows, rising from 0.
    pub offsets: Buffer<i32>,
    /// The bytes of all values, one after another.
    pub bytes: Buffer<u8>,
}

/// The values of a column in Arrow's memory layout. The content of an invalid row is unspecified.
#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Values {
    /// One bit per row, least significant first.
    #[component(name = "boolean")]
    Boolean(Buffer<u8>),
    /// 32-bit integers.
    #[component(name = "int32")]
    Int32(Buffer<i32>),
    /// 64-bit integers.
    #[component(name = "int64")]
    Int64(Buffer<i64>),
    /// Doubles.
    #[component(name = "float64")]
    Float64(Buffer<f64>),
    /// Two words per row, the low word first; four digits after the point.
    #[component(name = "decimal128")]
    Decimal128(Buffer<u64>),
    /// UTF-8.
    #[component(name = "text")]
    Text(VarBytes),
    /// Days since 1970-01-01.
    #[component(name = "date32")]
    Date32(Buffer<i32>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    #[component(name = "timestamp-us")]
    TimestampUs(Buffer<i64>),
}

impl Values {
    /// The type of the values.
    #[must_use]
    pub const fn kind(&self) -> FieldType {
        match self {
            Self::Boolean(_) => FieldType::Boolean,
            Self::Int32(_) => FieldType::Int32,
            Self::Int64(_) => FieldType::Int64,
            Self::Float64(_) => FieldType::Float64,
            Self::Decimal128(_) => FieldType::Decimal,
            Self::Text(_) => FieldType::Text,
            Self::Date32(_) => FieldType::Date,
            Self::TimestampUs(_) => FieldType::Timestamp,
        }
    }

    /// Size of the buffers in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Boolean(values) => values.bytes(),
            Self::Int32(values) | Self::Date32(values) => values.bytes(),
            Self::Int64(values) | Self::TimestampUs(values) => values.bytes(),
            Self::Float64(values) => values.bytes(),
            Self::Decimal128(values) => values.bytes(),
            Self::Text(values) => values.offsets.bytes().saturating_add(values.bytes.bytes()),
        }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Column {
    /// One bit per row, least significant first; absent when every row is valid.
    pub validity: Option<Buffer<u8>>,
    /// Values.
    pub values: Values,
}

impl Column {
    /// A column without invalid rows.
    #[must_use]
    pub const fn valid(values: Values) -> Self {
        Self {
            validity: None,
            values,
        }
    }

    /// Size of the buffers in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let validity = self.validity.as_ref().map_or(0, Buffer::bytes);
        validity.saturating_add(self.values.bytes())
    }
}

/// Rows of a table, by column; columns are positional.
#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Batch {
    /// Number of rows.
    pub rows: u32,
    /// Columns, each with that many rows.
    pub columns: Vec<Column>,
}

impl Batch {
    /// Size of the buffers in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.columns
            .iter()
            .fold(0, |sum: u64, column| sum.saturating_add(column.bytes()))
    }
}

/// `kind` of the WIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Kind {
    /// True or false.
    #[component(name = "boolean")]
    Boolean,
    /// 32-bit integer.
    #[component(name = "int32")]
    Int32,
    /// 64-bit integer.
    #[component(name = "int64")]
    Int64,
    /// Double.
    #[component(name = "float64")]
    Float64,
    /// Exact decimal.
    #[component(name = "decimal128")]
    Decimal128,
    /// UTF-8 text.
    #[component(name = "text")]
    Text,
    /// Date.
    #[component(name = "date32")]
    Date32,
    /// Timestamp.
    #[component(name = "timestamp-us")]
    TimestampUs,
}

impl From<FieldType> for Kind {
    fn from(kind: FieldType) -> Self {
        match kind {
            FieldType::Boolean => Self::Boolean,
            FieldType::Int32 => Self::Int32,
            FieldType::Int64 => Self::Int64,
            FieldType::Float64 => Self::Float64,
            FieldType::Decimal => Self::Decimal128,
            FieldType::Text => Self::Text,
            FieldType::Date => Self::Date32,
            FieldType::Timestamp => Self::TimestampUs,
        }
    }
}

impl From<Kind> for FieldType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean,
            Kind::Int32 => Self::Int32,
            Kind::Int64 => Self::Int64,
            Kind::Float64 => Self::Float64,
            Kind::Decimal128 => Self::Decimal,
            Kind::Text => Self::Text,
            Kind::Date32 => Self::Date,
            Kind::TimestampUs => Self::Timestamp,
        }
    }
}

/// `field` of the WIT.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Type.
    pub kind: Kind,
    /// Whether rows may be invalid.
    pub nullable: bool,
}

/// `denial` of the WIT.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Denial {
    /// Stable code.
    pub code: String,
    /// Clause that refused.
    pub clause: Option<String>,
}
