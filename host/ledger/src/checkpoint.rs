//! Checkpoints: signed tree heads in the C2SP formats tlog-checkpoint and signed-note (Ed25519).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use signed_note::{Note, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use yunei_model::Digest;

use crate::tree::{digest, hash};
use crate::{LEAVES_MAX, LedgerError};

/// Longest checkpoint note in bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 64 << 10;
/// Ed25519's number among signature types of signed notes.
const ED25519: u8 = 1;

/// A tree head: so many entries, this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: that of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of their tree.
    pub root: Digest,
}

impl Checkpoint {
    /// The signed note. The checkpoint's origin must be the key's name.
    ///
    /// # Errors
    /// [`LedgerError`] when the origin is another, or no line of text.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, LedgerError> {
        self.sign_by(&[key])
    }

    /// The note signed by each of several keys: the one that hands over, and the one that goes on.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn sign_by(&self, keys: &[&SigningKey]) -> Result<Vec<u8>, LedgerError> {
        if keys.iter().any(|key| self.origin != key.name) || self.size > LEAVES_MAX {
            return Err(LedgerError::Origin {
                origin: self.origin.clone(),
            });
        }
        let text = tlog_tiles::Checkpoint::new(&self.origin, self.size, hash(self.root), "")
            .map_err(|_| LedgerError::NotCheckpoint)?
            .to_bytes();
        let mut note = Note::new(&text, &[]).map_err(LedgerError::Signature)?;
        for key in keys {
            note.add_sigs(&[&key.signer])
                .map_err(LedgerError::Signature)?;
        }
        Ok(note.to_bytes())
    }

    /// Reads a signed note and checks the signature of `key`; signatures of others are let be.
    ///
    /// # Errors
    /// [`LedgerError`] when it is no checkpoint, of another origin, or not signed by `key`.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Self, LedgerError> {
        Self::open_any(note, std::slice::from_ref(key)).map(|(read, _)| read)
    }

    /// Reads a signed note and checks that one of `keys`, which are of one origin, signed it, and that no signature that claims to
    /// be of one of them fails. Gives the note, too, with their signatures alone.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn open_any(note: &[u8], keys: &[VerifierKey]) -> Result<(Self, String), LedgerError> {
        let note = note_of(note)?;
        let known = keys.iter().map(|key| Box::new(key.verifier.clone()) as _);
        let (signatures, _) = note
            .verify(&VerifierList::new(known.collect()))
            .map_err(LedgerError::Signature)?;
        let read = Self::of_text(note.text())?;
        if keys.iter().all(|key| key.name() != read.origin) {
            return Err(LedgerError::Origin {
                origin: read.origin,
            });
        }
        let bare = Note::new(note.text(), &signatures).map_err(LedgerError::Signature)?;
        let bare = String::from_utf8(bare.to_bytes()).map_err(|_| LedgerError::NotCheckpoint)?;
        Ok((read, bare))
    }

    /// Reads a signed note without a look at its signatures: for one that was checked before it was kept.
    ///
    /// # Errors
    /// [`LedgerError`] when it is no checkpoint.
    pub fn unverified(note: &[u8]) -> Result<Self, LedgerError> {
        Self::of_text(note_of(note)?.text())
    }

    fn of_text(text: &[u8]) -> Result<Self, LedgerError> {
        let read =
            tlog_tiles::Checkpoint::from_bytes(text).map_err(|_| LedgerError::NotCheckpoint)?;
        if read.size() > LEAVES_MAX {
            return Err(LedgerError::NotCheckpoint);
        }
        Ok(Self {
            origin: read.origin().to_owned(),
            size: read.size(),
            root: digest(*read.hash()),
        })
    }
}

fn note_of(note: &[u8]) -> Result<Note, LedgerError> {
    if note.len() > CHECKPOINT_BYTES_MAX {
        return Err(LedgerError::NotCheckpoint);
    }
    Note::from_bytes(note).map_err(LedgerError::Signature)
}

/// The key that signs checkpoints.
pub struct SigningKey {
    name: String,
    signer: StandardSigner,
    verifier: VerifierKey,
}

impl std::fmt::Debug for SigningKey {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.name)
    }
}

impl SigningKey {
    /// The key of that name from 32 secret bytes. The name is the log's origin, such as `yunei.example/log`.
    ///
    /// # Errors
    /// [`LedgerError`] when the name is empty, or has a space or `+`.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, LedgerError> {
        let public = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key();
        let verifier = VerifierKey::parse(&signed_note::new_ed25519_verifier_key(name, &public))?;
        let mut secret = vec![ED25519];
        secret.extend_from_slice(seed);
        let text = format!(
            "PRIVATE+KEY+{name}+{:08x}+{}",
            verifier.verifier.key_id(),
            BASE64_STANDARD.encode(secret)
        );
        Ok(Self {
            name: name.to_owned(),
            signer: StandardSigner::new(&text).map_err(LedgerError::SigningKey)?,
            verifier,
        })
    }

    /// Signs a text that is no checkpoint: what calls this sees to it that the text cannot be taken for one.
    pub(crate) fn sign_note(&self, text: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let mut note = Note::new(text, &[]).map_err(LedgerError::Signature)?;
        note.add_sigs(&[&self.signer])
            .map_err(LedgerError::Signature)?;
        Ok(note.to_bytes())
    }

    /// Its name: the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key that goes with it.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
}

/// The public key that checkpoints are verified with; written `name+id+key` as in signed notes.
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    verifier: StandardVerifier,
}

impl VerifierKey {
    /// Reads `name+id+key`.
    ///
    /// # Errors
    /// [`LedgerError::VerifierKey`] when it is none.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let verifier = StandardVerifier::new(text.trim()).map_err(LedgerError::VerifierKey)?;
        Ok(Self {
            text: text.trim().to_owned(),
            verifier,
        })
    }

    /// Its name: the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// The key as a list of known keys takes it.
    pub(crate) fn boxed(&self) -> Box<dyn signed_note::Verifier> {
        Box::new(self.verifier.clone())
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
