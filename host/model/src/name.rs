//! Names: lower-case words joined by `-` or `_`, and bilingual text.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest name in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// A machine-readable name: `[a-z][a-z0-9_-]*`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Parses a name.
    ///
    /// # Errors
    /// [`NameError`] when the text is empty, too long, or has a character that a name cannot have.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong { length: text.len() });
        }
        let mut bytes = text.bytes();
        let first_ok = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let rest_ok =
            bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if first_ok && rest_ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Malformed {
                text: text.to_owned(),
            })
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not of the form `[a-z][a-z0-9_-]*`.
    #[error("`{text}` is no name: lower-case letters, digits, `-` and `_`, a letter first")]
    Malformed {
        /// The text.
        text: String,
    },
    /// Longer than `NAME_BYTES_MAX`.
    #[error("a name has at most {NAME_BYTES_MAX} bytes, this one has {length}")]
    TooLong {
        /// Length in bytes.
        length: usize,
    },
    /// Not a member of the closed set.
    #[error("`{text}` is not one of the known names")]
    Unknown {
        /// The text.
        text: String,
    },
}

impl NameError {
    pub(crate) fn unknown(text: &str) -> Self {
        Self::Unknown {
            text: text.chars().take(NAME_BYTES_MAX).collect(),
        }
    }
}

/// A text in the two interface languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}
