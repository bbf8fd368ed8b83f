//! Reviewers' keys: what a sealed output is encrypted to when a reviewer opens it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AccountId, PersonId, Timestamp};

/// Characters of bech32, in the order of their values (BIP-173).
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// What each bit of the check takes off, from the lowest (BIP-173).
const GENERATOR: [u32; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];
/// The readable part of an age recipient.
const READABLE: &str = "age";
/// Characters of the check at the end.
const CHECK_CHARACTERS: usize = 6;
/// Characters of an X25519 recipient: `age1`, 32 bytes in groups of five bits, the check.
const CHARACTERS: usize = 62;

/// An age recipient of the kind X25519: a public key, written `age1…` (<https://age-encryption.org/v1>).
///
/// ```
/// # use yunei_model::Recipient;
/// let text = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
/// assert_eq!(Recipient::parse(text).unwrap().as_str(), text);
/// assert!(Recipient::parse("age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pb").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(String);

impl Recipient {
    /// Parses a recipient, and holds it against its check.
    ///
    /// # Errors
    /// [`RecipientError`] when it is no such recipient, or was mistyped.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let data = text.strip_prefix("age1").ok_or(RecipientError)?;
        if text.len() != CHARACTERS {
            return Err(RecipientError);
        }
        let mut values = Vec::with_capacity(CHARACTERS);
        for character in data.chars() {
            let value = BECH32.find(character).ok_or(RecipientError)?;
            values.push(u8::try_from(value).map_err(|_| RecipientError)?);
        }
        let readable = READABLE.bytes().map(|byte| byte >> 5);
        let rest = READABLE.bytes().map(|byte| byte & 31);
        let checked = readable
            .chain([0])
            .chain(rest)
            .chain(values.iter().copied());
        if polymod(checked) != 1 {
            return Err(RecipientError);
        }
        // 32 bytes are 256 bits: 51 groups of five and one bit, so that four bits are left over, and are 0.
        let last = values.len().checked_sub(CHECK_CHARACTERS + 1);
        match last.and_then(|last| values.get(last)) {
            Some(last) if last & 0b1111 == 0 => Ok(Self(text.to_owned())),
            _ => Err(RecipientError),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The remainder that bech32 checks by (BIP-173).
fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    values.fold(1, |check, value| {
        let top = check >> 25;
        let shifted = ((check & 0x01ff_ffff) << 5) ^ u32::from(value);
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| (top >> bit) & 1 == 1)
            .fold(shifted, |check, (_, generator)| check ^ generator)
    })
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Recipient {
    type Err = RecipientError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.0
    }
}

/// Text that is no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a recipient is an age X25519 public key, `age1` and 58 characters")]
pub struct RecipientError;

/// The key that a reviewer registered. The first one holds at once; one that replaces another holds once the security
/// administrator has confirmed it, and meanwhile none does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewerKey {
    /// Account that opens sealed outputs.
    pub account: AccountId,
    /// Person behind it.
    pub person: PersonId,
    /// The public key.
    pub recipient: Recipient,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Whether it may be encrypted to.
    pub in_force: bool,
    /// Who confirmed it; nobody for a first key.
    pub confirmed_by: Option<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_none() {
        let good = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
        assert!(Recipient::parse(good).is_ok());
        for position in 4..good.len() {
            let mut bytes = good.as_bytes().to_vec();
            bytes[position] = if bytes[position] == b'q' { b'p' } else { b'q' };
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(Recipient::parse(&text), Err(RecipientError), "{text}");
        }
        for text in [
            "",
            "age1",
            "ssh-ed25519 AAAA",
            &good.to_uppercase(),
            &format!("{good}q"),
        ] {
            assert_eq!(Recipient::parse(text), Err(RecipientError), "{text}");
        }
        let json = serde_json::to_string(&Recipient::parse(good).unwrap()).unwrap();
        assert_eq!(json, format!("\"{good}\""));
        assert!(serde_json::from_str::<Recipient>("\"age1\"").is_err());
    }
}
