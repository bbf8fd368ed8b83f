//! Building columns from text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int32Builder,
    Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use yunei_model::FieldType;

use crate::column::{arrow_type, parse_date, parse_decimal, parse_number, parse_timestamp};

/// A column in the making.
pub(super) enum Builder {
    Boolean(BooleanBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder),
    Text(StringBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl Builder {
    pub(super) fn new(kind: FieldType) -> Self {
        match kind {
            FieldType::Boolean => Self::Boolean(BooleanBuilder::new()),
            FieldType::Int32 => Self::Int32(Int32Builder::new()),
            FieldType::Int64 => Self::Int64(Int64Builder::new()),
            FieldType::Float64 => Self::Float64(Float64Builder::new()),
            FieldType::Decimal => {
                Self::Decimal(Decimal128Builder::new().with_data_type(arrow_type(kind)))
            }
            FieldType::Text => Self::Text(StringBuilder::new()),
            FieldType::Date => Self::Date(Date32Builder::new()),
            FieldType::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
        }
    }

    /// Adds a value; `false` when the text is none of the type.
    pub(super) fn push(&mut self, text: &str) -> bool {
        match self {
            Self::Boolean(b) => parse_boolean(text).map(|v| b.append_value(v)),
            Self::Int32(b) => text.parse().ok().map(|v| b.append_value(v)),
            Self::Int64(b) => text.parse().ok().map(|v| b.append_value(v)),
            Self::Float64(b) => parse_number(text).map(|v| b.append_value(v)),
            Self::Decimal(b) => parse_decimal(text).map(|v| b.append_value(v)),
            Self::Text(b) => {
                b.append_value(text);
                Some(())
            }
            Self::Date(b) => parse_date(text).map(|v| b.append_value(v)),
            Self::Timestamp(b) => parse_timestamp(text).map(|v| b.append_value(v)),
        }
        .is_some()
    }

    /// Adds an absent value.
    pub(super) fn push_absent(&mut self) {
        match self {
            Self::Boolean(b) => b.append_null(),
            Self::Int32(b) => b.append_null(),
            Self::Int64(b) => b.append_null(),
            Self::Float64(b) => b.append_null(),
            Self::Decimal(b) => b.append_null(),
            Self::Text(b) => b.append_null(),
            Self::Date(b) => b.append_null(),
            Self::Timestamp(b) => b.append_null(),
        }
    }

    /// The column so far; the builder starts anew.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(b) => Arc::new(b.finish()),
            Self::Int32(b) => Arc::new(b.finish()),
            Self::Int64(b) => Arc::new(b.finish()),
            Self::Float64(b) => Arc::new(b.finish()),
            Self::Decimal(b) => Arc::new(b.finish()),
            Self::Text(b) => Arc::new(b.finish()),
            Self::Date(b) => Arc::new(b.finish()),
            Self::Timestamp(b) => Arc::new(b.finish()),
        }
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" | "True" | "1" | "是" => Some(true),
        "false" | "FALSE" | "False" | "0" | "否" => Some(false),
        _ => None,
    }
}
