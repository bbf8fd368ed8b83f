//! The values that facts may have, and their one spelling (RFC 8785).

use serde::Serialize;
use serde_json::{Map, Value};
use yunei_model::Digest;

use crate::LedgerError;

/// Deepest nesting of a fact.
pub const FACT_DEPTH_MAX: usize = 8;
/// Greatest integer that every JSON reader holds exactly (2⁵³); beyond it an integer is written as a string.
pub const INTEGER_MAX: u64 = 1 << 53;

/// Turns a value into the form that the record has: absent members left out, great integers as strings.
/// `None` is an absent value.
///
/// # Errors
/// [`LedgerError`] for a floating-point number, an absent value in a list, or too deep a nesting.
pub(crate) fn normalise(name: &str, value: Value) -> Result<Option<Value>, LedgerError> {
    normalise_at(name, value, FACT_DEPTH_MAX)
}

fn normalise_at(name: &str, value: Value, depth: usize) -> Result<Option<Value>, LedgerError> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(LedgerError::Depth { name: name.into() });
    };
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(_) | Value::String(_) => value,
        Value::Number(number) => {
            let magnitude = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs));
            match magnitude {
                None => return Err(LedgerError::Float { name: name.into() }),
                Some(magnitude) if magnitude > INTEGER_MAX => Value::String(number.to_string()),
                Some(_) => Value::Number(number),
            }
        }
        Value::Array(items) => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                match normalise_at(name, item, deeper)? {
                    Some(item) => list.push(item),
                    None => return Err(LedgerError::Absent { name: name.into() }),
                }
            }
            Value::Array(list)
        }
        Value::Object(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                if let Some(member) = normalise_at(name, member, deeper)? {
                    object.insert(key, member);
                }
            }
            Value::Object(object)
        }
    }))
}

/// Whether a value already has the form that [`normalise`] gives.
pub(crate) fn is_normal(value: &Value) -> bool {
    matches!(normalise("", value.clone()), Ok(Some(normal)) if &normal == value)
}

/// SHA-256 of the canonical JSON of a value.
///
/// # Errors
/// [`LedgerError::Unserialisable`] when it has none.
pub fn canonical_digest(value: &impl Serialize) -> Result<Digest, LedgerError> {
    Ok(Digest::of(&canonical("value", value)?))
}

/// The canonical JSON of a value.
///
/// # Errors
/// [`LedgerError::Unserialisable`] when it has none.
pub(crate) fn canonical(name: &str, value: &impl Serialize) -> Result<Vec<u8>, LedgerError> {
    serde_json_canonicalizer::to_vec(value).map_err(|source| LedgerError::Unserialisable {
        name: name.into(),
        source,
    })
}
