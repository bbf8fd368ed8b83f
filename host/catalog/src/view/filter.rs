//! Row filters as physical expressions. An absent value fails every condition, `ne` included.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, conjunction};
use thiserror::Error;
use yunei_model::{Comparison, Condition, FieldType, Name, Scalar};

use crate::column::{
    DECIMAL_DIGITS, DECIMAL_SCALE, carrier, parse_date, parse_decimal, parse_timestamp,
};

/// Why a condition cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConditionError {
    /// The snapshot has no such field.
    #[error("there is no field `{field}`")]
    NoField {
        /// The field.
        field: Name,
    },
    /// The constant is not of the field's type.
    #[error("the constant compared with `{field}` is no `{kind}`")]
    Constant {
        /// The field.
        field: Name,
        /// Its type.
        kind: FieldType,
    },
    /// Truth values are equal or not; they do not rise.
    #[error("`{field}` is true or false and has no order")]
    Order {
        /// The field.
        field: Name,
    },
}

/// Checks a condition against the type of its field, as a grant is drafted.
///
/// # Errors
/// [`ConditionError`].
pub fn check_condition(condition: &Condition, kind: FieldType) -> Result<(), ConditionError> {
    constant(condition, kind).map(drop)
}

/// The conjunction of `conditions` over columns of `schema`; nothing when there is none.
pub(super) fn predicate(
    conditions: &[Condition],
    schema: &Schema,
) -> Result<Option<Arc<dyn PhysicalExpr>>, ConditionError> {
    let compared = conditions.iter().map(|condition| {
        let absent = || ConditionError::NoField {
            field: condition.field.clone(),
        };
        let (index, field) = schema
            .fields()
            .find(condition.field.as_str())
            .ok_or_else(absent)?;
        let kind = carrier(field.data_type()).ok_or_else(absent)?;
        let value = constant(condition, kind)?;
        let column = Column::new(condition.field.as_str(), index);
        let compared: Arc<dyn PhysicalExpr> = Arc::new(BinaryExpr::new(
            Arc::new(column),
            operator(condition.comparison),
            Arc::new(Literal::new(value)),
        ));
        Ok(compared)
    });
    let compared = compared.collect::<Result<Vec<_>, ConditionError>>()?;
    Ok((!compared.is_empty()).then(|| conjunction(compared)))
}

fn constant(condition: &Condition, kind: FieldType) -> Result<ScalarValue, ConditionError> {
    let ordered = !matches!(condition.comparison, Comparison::Eq | Comparison::Ne);
    if kind == FieldType::Boolean && ordered {
        return Err(ConditionError::Order {
            field: condition.field.clone(),
        });
    }
    typed(&condition.value, kind).ok_or_else(|| ConditionError::Constant {
        field: condition.field.clone(),
        kind,
    })
}

fn typed(value: &Scalar, kind: FieldType) -> Option<ScalarValue> {
    Some(match (kind, value) {
        (FieldType::Boolean, Scalar::Boolean(v)) => ScalarValue::Boolean(Some(*v)),
        (FieldType::Int32, Scalar::Integer(v)) => ScalarValue::Int32(Some(i32::try_from(*v).ok()?)),
        (FieldType::Int64, Scalar::Integer(v)) => ScalarValue::Int64(Some(*v)),
        (FieldType::Float64, Scalar::Number(v)) if v.is_finite() => {
            ScalarValue::Float64(Some(*v + 0.0))
        }
        // Every integer of this size is a double.
        (FieldType::Float64, Scalar::Integer(v)) if v.unsigned_abs() <= 1 << 53 => {
            ScalarValue::Float64(Some(v.to_string().parse().ok()?))
        }
        (FieldType::Decimal, Scalar::Integer(v)) => decimal(&v.to_string())?,
        (FieldType::Decimal, Scalar::Text(v)) => decimal(v)?,
        (FieldType::Decimal, Scalar::Number(v)) => decimal(&v.to_string())?,
        (FieldType::Text, Scalar::Text(v)) => ScalarValue::Utf8(Some(v.clone())),
        (FieldType::Date, Scalar::Text(v)) => ScalarValue::Date32(Some(parse_date(v)?)),
        (FieldType::Timestamp, Scalar::Text(v)) => {
            ScalarValue::TimestampMicrosecond(Some(parse_timestamp(v)?), None)
        }
        _ => return None,
    })
}

fn decimal(text: &str) -> Option<ScalarValue> {
    let units = parse_decimal(text)?;
    Some(ScalarValue::Decimal128(
        Some(units),
        DECIMAL_DIGITS,
        DECIMAL_SCALE,
    ))
}

const fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Eq => Operator::Eq,
        Comparison::Ne => Operator::NotEq,
        Comparison::Lt => Operator::Lt,
        Comparison::Le => Operator::LtEq,
        Comparison::Gt => Operator::Gt,
        Comparison::Ge => Operator::GtEq,
    }
}

#[cfg(test)]
mod tests;
