//! Reasons that people give, as requests carry them.

use serde::{Deserialize, Deserializer, de};

/// Characters of a reason at most.
const REASON_CHARACTERS_MAX: usize = 500;

/// A reason that must be given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasoned {
    #[serde(deserialize_with = "given")]
    pub(super) reason: String,
}

/// A reason that may be given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Noted {
    #[serde(default, deserialize_with = "short")]
    pub(super) reason: String,
}

/// A text that is not too long.
pub(super) fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.chars().nth(REASON_CHARACTERS_MAX).is_some() {
        let detail = format!("a reason has {REASON_CHARACTERS_MAX} characters at most");
        return Err(de::Error::custom(detail));
    }
    Ok(text)
}

/// A text that says something, and is not too long.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = short(deserializer)?;
    if text.trim().is_empty() {
        return Err(de::Error::custom("a reason is given in words"));
    }
    Ok(text)
}
