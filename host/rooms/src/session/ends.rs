//! How a guest ended, as its cell says: of a fixed list, with no text of it but the guest's own message, which is for the seal alone.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use yunei_model::{Digest, EndCause, LimitExceeded, Limits};
use yunei_sandbox::{Level, MESSAGE_BYTES_MAX, wit};

use super::Session;
use crate::cell::{Frame, written};
use crate::protocol::CellEnd;
use crate::{RoomError, Sealer};

/// Limits of a cell beside those of [`Limits`].
const OTHER_LIMITS: [&str; 3] = ["columns", "output_columns", "readers_max"];
/// What a module may import.
const INTERFACES: [&str; 6] = [
    wit::DATA,
    wit::QUERY,
    wit::OUTPUT,
    wit::JOURNAL,
    wit::INPUTS,
    wit::TABLES,
];

/// What a guest said of its error: up to [`MESSAGE_BYTES_MAX`] bytes, which may be rows.
pub struct GuestMessage(String);

/// A guest's message behind the seal of its run, as an output that has one note and nothing else.
#[derive(Debug)]
pub struct SealedMessage {
    /// What is kept.
    pub ciphertext: Vec<u8>,
    /// Keyed digest of its plaintext.
    pub digest: Digest,
    /// Bytes of its plaintext.
    pub bytes: u64,
}

impl GuestMessage {
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Seals it. INVARIANT: the run's key seals one message: a run that failed has no other output.
    ///
    /// # Errors
    /// [`RoomError::Unsealable`] when the cipher refuses.
    pub fn sealed(&self, sealer: &Sealer<'_>) -> Result<SealedMessage, RoomError> {
        let plaintext = written(&Frame::Note {
            level: Level::Error,
            message: self.0.clone(),
        })?;
        Ok(SealedMessage {
            ciphertext: sealer.seal(&plaintext)?,
            digest: sealer.digest(&plaintext)?,
            bytes: plaintext.len() as u64,
        })
    }
}

impl std::fmt::Debug for GuestMessage {
    /// Without the message.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GuestMessage")
    }
}

impl Session<'_> {
    /// The cause that an end means; a guest's message is set apart, and the cause names it by a keyed digest.
    pub(super) fn end_cause(&mut self, end: CellEnd) -> Result<EndCause, RoomError> {
        let trap = |trap: String| EndCause::Trap { trap };
        Ok(match end {
            CellEnd::Error(message) => {
                if message.len() > MESSAGE_BYTES_MAX {
                    return Err(RoomError::protocol("a message beyond its limit"));
                }
                let digest = Some(self.message_digest(&message)?);
                self.message = Some(GuestMessage(message));
                EndCause::GuestError { digest }
            }
            CellEnd::Trap(kind) => trap(kind.to_string()),
            CellEnd::Malformed(malformed) => trap(malformed.to_string()),
            CellEnd::Deadline => trap("deadline".to_owned()),
            CellEnd::Limit(limit) if is_limit(&limit) => EndCause::Limit { limit },
            CellEnd::Limit(_) => return Err(RoomError::protocol("a limit that there is not")),
            CellEnd::Denied(clause) if INTERFACES.contains(&clause.as_str()) => {
                EndCause::Denied { clause }
            }
            CellEnd::Denied(_) => {
                return Err(RoomError::protocol("an interface that there is not"));
            }
            CellEnd::Refused(code) => EndCause::Host {
                detail: format!("the cell was refused: {code}"),
            },
            CellEnd::Host => EndCause::Host {
                detail: "the cell failed".to_owned(),
            },
        })
    }

    /// HMAC-SHA-256 of a message: tells whether two runs said the same, and lets nobody guess what.
    fn message_digest(&self, message: &str) -> Result<Digest, RoomError> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.argument_key)
            .map_err(RoomError::protocol)?;
        mac.update(b"yunei message of a guest v1");
        mac.update(message.as_bytes());
        Ok(Digest::from_bytes(mac.finalize().into_bytes().into()))
    }
}

fn is_limit(limit: &LimitExceeded) -> bool {
    let name = limit.name.as_str();
    Limits::NAMES.contains(&name) || OTHER_LIMITS.contains(&name)
}
