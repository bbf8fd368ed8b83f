//! Parameters: typed in the manifest, narrowed by the grant, constant during a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Name;

/// A constant: in row filters and parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text; dates are written `YYYY-MM-DD`.
    Text(String),
}

/// What values a parameter may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ParameterType {
    /// One of a fixed list.
    Enumeration {
        /// The list.
        values: Vec<String>,
    },
    /// An integer in a closed range.
    Integer {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// A date in a closed range, `YYYY-MM-DD`.
    Date {
        /// First.
        min: String,
        /// Last.
        max: String,
    },
}

/// A declared parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name.
    pub name: Name,
    /// Type and range.
    #[serde(flatten)]
    pub kind: ParameterType,
    /// Value when a request names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Scalar>,
}

/// The parameters of one run: every declared one, and no other.
pub type Parameters = BTreeMap<Name, Scalar>;

impl Parameter {
    /// Whether `value` is of the type and in the range.
    #[must_use]
    pub fn admits(&self, value: &Scalar) -> bool {
        match (&self.kind, value) {
            (ParameterType::Enumeration { values }, Scalar::Text(text)) => values.contains(text),
            (ParameterType::Integer { min, max }, Scalar::Integer(number)) => {
                (min..=max).contains(&number)
            }
            (ParameterType::Date { min, max }, Scalar::Text(text)) => {
                match (min.parse::<jiff::civil::Date>(), max.parse(), text.parse()) {
                    (Ok(min), Ok(max), Ok(date)) => (min..=max).contains(&date),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Completes `given` with defaults and checks it against `declared`.
    ///
    /// # Errors
    /// [`ParameterError`] for the first parameter that is unknown, missing or out of range.
    pub fn bind(declared: &[Self], given: &Parameters) -> Result<Parameters, ParameterError> {
        if let Some(name) = given
            .keys()
            .find(|name| !declared.iter().any(|p| &p.name == *name))
        {
            return Err(ParameterError::Unknown { name: name.clone() });
        }
        let mut bound = Parameters::new();
        for parameter in declared {
            let name = parameter.name.clone();
            let value = given.get(&name).or(parameter.default.as_ref());
            let value = value.ok_or_else(|| ParameterError::Missing { name: name.clone() })?;
            if !parameter.admits(value) {
                return Err(ParameterError::OutOfRange { name });
            }
            bound.insert(name, value.clone());
        }
        Ok(bound)
    }
}

/// Why parameters do not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParameterError {
    /// Not declared.
    #[error("parameter `{name}` is not declared")]
    Unknown {
        /// Name.
        name: Name,
    },
    /// Declared without a default, and not given.
    #[error("parameter `{name}` is missing")]
    Missing {
        /// Name.
        name: Name,
    },
    /// Of another type, or out of its range.
    #[error("parameter `{name}` is out of its declared range")]
    OutOfRange {
        /// Name.
        name: Name,
    },
}
