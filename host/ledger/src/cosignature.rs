//! Cosignatures of witnesses over checkpoints: `cosignature/v1` of C2SP tlog-cosignature (Ed25519, timestamped).
//!
//! A cosignature says that, at its time, this checkpoint was the largest tree of its log that the witness had seen, and
//! that it begins with every tree of that log that the witness had seen before.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature as Ed25519Signature, Signer as _};
use signed_note::{Note, Signature, Verifier, VerifierError, VerifierList};

use crate::{CHECKPOINT_BYTES_MAX, LedgerError};

/// Ed25519 cosignatures' number among signature types of signed notes.
const COSIGNATURE: u8 = 4;
/// Bytes of the time in front of the signature.
const TIME_BYTES: usize = 8;
/// Largest time in seconds since 1970 that a cosignature may have.
const SECONDS_MAX: u64 = i64::MAX.unsigned_abs();
/// Cosignature lines that an answer of one witness may have.
pub const COSIGNATURE_LINES_MAX: usize = 16;

/// A cosignature that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness made it, in seconds since 1970.
    pub at_seconds: u64,
    /// Its line of a signed note, with the newline.
    pub line: String,
}

/// The key that a witness cosigns with.
pub struct CosigningKey {
    key: ed25519_dalek::SigningKey,
    public: WitnessKey,
}

impl std::fmt::Debug for CosigningKey {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CosigningKey({})", self.public.name)
    }
}

impl CosigningKey {
    /// The key of that name from 32 secret bytes. A witness uses its key for nothing else: the signed message does not
    /// hold the witness's name.
    ///
    /// # Errors
    /// [`LedgerError`] when the name is empty, or has a space or `+`.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, LedgerError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = WitnessKey::new(name, key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// The public key that goes with it.
    #[must_use]
    pub const fn public(&self) -> &WitnessKey {
        &self.public
    }

    /// Cosigns the text of a signed note at a time in seconds since 1970. Whoever calls has checked the checkpoint, and has
    /// made durable that it was seen.
    ///
    /// # Errors
    /// [`LedgerError`] when it is no signed note, or the time is out of range.
    pub fn cosign(&self, note: &[u8], at_seconds: u64) -> Result<Cosignature, LedgerError> {
        if at_seconds > SECONDS_MAX {
            return Err(LedgerError::Time);
        }
        let note = read(note)?;
        let mut signature = at_seconds.to_be_bytes().to_vec();
        let signed = self.key.sign(&message(note.text(), at_seconds));
        signature.extend_from_slice(&signed.to_bytes());
        let signature = Signature::new(self.public.name.clone(), self.public.id, signature)
            .map_err(LedgerError::Signature)?;
        Ok(Cosignature {
            at_seconds,
            line: line(&signature)?,
        })
    }
}

/// The public key of a witness; written `name+id+key` as in signed notes, with signature type 4.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    id: u32,
    key: ed25519_dalek::VerifyingKey,
}

impl WitnessKey {
    fn new(name: &str, key: ed25519_dalek::VerifyingKey) -> Result<Self, LedgerError> {
        if !signed_note::is_key_name_valid(name) || name.chars().any(char::is_control) {
            return Err(LedgerError::VerifierKey(VerifierError::Format));
        }
        Ok(Self {
            name: name.to_owned(),
            id: signed_note::key_id(name, &typed(&key)),
            key,
        })
    }

    /// Reads `name+id+key`.
    ///
    /// # Errors
    /// [`LedgerError::VerifierKey`] when it is none, or one that does not cosign.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let wrong = |fault| LedgerError::VerifierKey(fault);
        let format = || wrong(VerifierError::Format);
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format());
        };
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| format())?;
        let (kind, key) = bytes.split_first().ok_or_else(format)?;
        if *kind != COSIGNATURE {
            return Err(wrong(VerifierError::Alg));
        }
        let key: &[u8; 32] = key.try_into().map_err(|_| format())?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| format())?;
        let read = Self::new(name, key)?;
        if format!("{:08x}", read.id) != id.to_ascii_lowercase() {
            return Err(wrong(VerifierError::Id));
        }
        Ok(read)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the key itself: two names of one key are one witness.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The cosignature of this witness on a signed note, if there is one that holds.
    ///
    /// # Errors
    /// [`LedgerError`] when it is no signed note, or a line is of this key and does not hold.
    pub fn cosignature(&self, note: &[u8]) -> Result<Option<Cosignature>, LedgerError> {
        let known = VerifierList::new(vec![Box::new(self.clone())]);
        let found = match read(note)?.verify(&known) {
            Ok((found, _)) => found,
            Err(signed_note::NoteError::UnverifiedNote) => return Ok(None),
            Err(error) => return Err(LedgerError::Signature(error)),
        };
        let found = found.first().map(|signature| {
            let (at_seconds, _) = parts(signature.signature()).ok_or(LedgerError::NotCheckpoint)?;
            Ok(Cosignature {
                at_seconds,
                line: line(signature)?,
            })
        });
        found.transpose()
    }

    /// Whether a line of a signed note claims to be of this key.
    fn signed(&self, line: &str) -> bool {
        Signature::from_bytes(line.as_bytes())
            .is_ok_and(|read| read.name() == self.name && read.id() == self.id)
    }
}

impl std::fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = BASE64_STANDARD.encode(typed(&self.key));
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

impl std::fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Verifier for WitnessKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        parts(signature).is_some_and(|(at_seconds, signature)| {
            self.key
                .verify_strict(&message(text, at_seconds), &signature)
                .is_ok()
        })
    }
}

/// Puts a verified cosignature onto a signed note, in the place of an earlier one of the same key.
///
/// # Errors
/// [`LedgerError`] when `note` is no signed note, or the cosignature is not of this key over this note.
pub fn merge(
    note: &str,
    cosignature: &Cosignature,
    key: &WitnessKey,
) -> Result<String, LedgerError> {
    read(note.as_bytes())?;
    let (text, signatures) = note.rsplit_once("\n\n").ok_or(LedgerError::NotCheckpoint)?;
    let mut merged = format!("{text}\n\n");
    for line in signatures.lines().filter(|line| !key.signed(line)) {
        merged.push_str(line);
        merged.push('\n');
    }
    merged.push_str(&cosignature.line);
    match key.cosignature(merged.as_bytes())? {
        Some(kept) if kept == *cosignature => Ok(merged),
        _ => Err(LedgerError::NotCheckpoint),
    }
}

/// The cosignature of `key` among the lines that a witness answered with; lines of other keys are let be.
///
/// # Errors
/// [`LedgerError`] when the answer is no list of lines, or a line is of this key and does not hold over `note`.
pub fn answered(
    note: &str,
    lines: &str,
    key: &WitnessKey,
) -> Result<Option<Cosignature>, LedgerError> {
    let count = lines.lines().count();
    if count == 0 || count > COSIGNATURE_LINES_MAX || !lines.ends_with('\n') {
        return Err(LedgerError::NotCheckpoint);
    }
    let (text, _) = note.rsplit_once("\n\n").ok_or(LedgerError::NotCheckpoint)?;
    key.cosignature(format!("{text}\n\n{lines}").as_bytes())
}

/// Origin, that is the first line, of a signed note, before any signature is checked.
///
/// # Errors
/// [`LedgerError`] when it is no signed note.
pub fn origin(note: &[u8]) -> Result<String, LedgerError> {
    let note = read(note)?;
    let text = std::str::from_utf8(note.text()).map_err(|_| LedgerError::NotCheckpoint)?;
    let origin = text.lines().next().filter(|line| !line.is_empty());
    origin.map(str::to_owned).ok_or(LedgerError::NotCheckpoint)
}

fn read(note: &[u8]) -> Result<Note, LedgerError> {
    if note.len() > CHECKPOINT_BYTES_MAX {
        return Err(LedgerError::NotCheckpoint);
    }
    Note::from_bytes(note).map_err(LedgerError::Signature)
}

/// What is signed: header, time, and the whole text of the note.
fn message(text: &[u8], at_seconds: u64) -> Vec<u8> {
    let mut message = format!("cosignature/v1\ntime {at_seconds}\n").into_bytes();
    message.extend_from_slice(text);
    message
}

/// Time and signature.
fn parts(bytes: &[u8]) -> Option<(u64, Ed25519Signature)> {
    let (at_seconds, signature) = bytes.split_at_checked(TIME_BYTES)?;
    let at_seconds = u64::from_be_bytes(at_seconds.try_into().ok()?);
    let signature = Ed25519Signature::from_slice(signature).ok()?;
    (at_seconds <= SECONDS_MAX).then_some((at_seconds, signature))
}

fn typed(key: &ed25519_dalek::VerifyingKey) -> Vec<u8> {
    let mut bytes = vec![COSIGNATURE];
    bytes.extend_from_slice(key.as_bytes());
    bytes
}

fn line(signature: &Signature) -> Result<String, LedgerError> {
    String::from_utf8(signature.to_bytes()).map_err(|_| LedgerError::NotCheckpoint)
}

#[cfg(test)]
mod tests;
