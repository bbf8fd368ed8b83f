//! Sealing: the cell's output as ciphertext under a key of its own.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use yunei_model::Digest;

use crate::{RoomError, SealKey};

/// Seals and opens with one run's key, and names what it sealed with another one.
///
/// A key seals exactly one message, so the nonce is constant: XChaCha20-Poly1305 with a fresh 256-bit key per message.
#[derive(Debug)]
pub struct Sealer<'a> {
    key: &'a SealKey,
    digest_key: &'a SealKey,
}

/// What names the key of a gate's candidate.
const CANDIDATE: &[u8] = b"yunei gate candidate v1";
/// Bytes by which a ciphertext is longer than its plaintext.
const TAG_BYTES: u64 = 16;

const NONCE: [u8; 24] = *b"yunei sealed output v1 \0";

impl<'a> Sealer<'a> {
    /// For the run whose keys these are.
    #[must_use]
    pub const fn new(key: &'a SealKey, digest_key: &'a SealKey) -> Self {
        Self { key, digest_key }
    }

    /// The key of what the gate itself would release of the same run: it follows from the run's key, and ends with it. Each
    /// judgement but the first has a `salt` of its own, so that a key seals one candidate.
    ///
    /// # Errors
    /// Never in practice; HMAC takes keys of any length.
    pub fn candidate_key(&self, salt: Option<&Digest>) -> Result<SealKey, RoomError> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key.0)
            .map_err(|_| RoomError::Unsealable)?;
        mac.update(CANDIDATE);
        if let Some(salt) = salt {
            mac.update(salt.as_bytes());
        }
        Ok(SealKey::from_bytes(mac.finalize().into_bytes().into()))
    }

    /// Bytes of the ciphertext of a plaintext of so many bytes.
    #[must_use]
    pub const fn sealed_bytes(plaintext_bytes: u64) -> u64 {
        plaintext_bytes.saturating_add(TAG_BYTES)
    }

    /// HMAC-SHA-256 of the plaintext: names it without letting anyone guess it who has not the domain's evidence key.
    ///
    /// # Errors
    /// Never in practice; HMAC takes keys of any length.
    pub fn digest(&self, plaintext: &[u8]) -> Result<Digest, RoomError> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.digest_key.0)
            .map_err(|_| RoomError::Unsealable)?;
        mac.update(b"yunei sealed output digest v2");
        mac.update(plaintext);
        Ok(Digest::from_bytes(mac.finalize().into_bytes().into()))
    }

    /// The ciphertext.
    ///
    /// # Errors
    /// [`RoomError::Unsealable`] when the cipher refuses the length.
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, RoomError> {
        self.cipher()
            .encrypt(
                XNonce::from_slice(&NONCE),
                Payload {
                    msg: plaintext,
                    aad: b"",
                },
            )
            .map_err(|_| RoomError::Unsealable)
    }

    /// The plaintext, if key, ciphertext and digest belong together.
    ///
    /// # Errors
    /// [`RoomError::Unsealable`] when they do not.
    pub fn open(&self, ciphertext: &[u8], digest: &Digest) -> Result<Vec<u8>, RoomError> {
        let plaintext = self
            .cipher()
            .decrypt(
                XNonce::from_slice(&NONCE),
                Payload {
                    msg: ciphertext,
                    aad: b"",
                },
            )
            .map_err(|_| RoomError::Unsealable)?;
        if self.digest(&plaintext)? == *digest {
            Ok(plaintext)
        } else {
            Err(RoomError::Unsealable)
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.key.0.into())
    }
}
