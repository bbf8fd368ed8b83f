//! Parameters of the run: declared in the manifest, narrowed by the grant.

use crate::bindings::analysis::yunei::guest::inputs::Value;
use crate::{Date, Error, Result, host};

/// A type that a parameter can have: `i64` (integer), `String` (enumeration), [`Date`] (date).
pub trait Parameter: Sized {
    #[doc(hidden)]
    fn from_value(value: Value) -> Option<Self>;
}

impl Parameter for i64 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number),
            Value::Text(_) | Value::Date(_) => None,
        }
    }
}

impl Parameter for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Date(_) => None,
        }
    }
}

impl Parameter for Date {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Date(days) => Some(Self(days)),
            Value::Integer(_) | Value::Text(_) => None,
        }
    }
}

/// The value of a parameter: `let least: i64 = parameter("least_hours")?;`
///
/// # Errors
/// [`Error::Parameter`] when the manifest declares none of that name and type.
pub fn parameter<T: Parameter>(name: &str) -> Result<T> {
    host::parameter(name)
        .and_then(T::from_value)
        .ok_or_else(|| Error::Parameter {
            name: name.to_owned(),
        })
}
