//! Reading the body of `add-checkpoint`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use yunei_ledger::{CHECKPOINT_BYTES_MAX, Proof};
use yunei_model::Digest;

use crate::Refused;

/// Lines of a consistency proof at most.
pub const PROOF_LINES_MAX: usize = 63;
/// Bytes of one proof line: 32 bytes in base64.
const PROOF_LINE_BYTES: usize = 44;
/// Bytes of a request at most.
pub const REQUEST_BYTES_MAX: usize =
    CHECKPOINT_BYTES_MAX + PROOF_LINES_MAX * (PROOF_LINE_BYTES + 1) + 64;

/// What a log, or a monitor, asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request<'b> {
    /// Size of the checkpoint that the proof begins at.
    pub old_size: u64,
    /// Proof from there.
    pub proof: Proof,
    /// The checkpoint, as a signed note.
    pub note: &'b [u8],
}

impl<'b> Request<'b> {
    /// Reads `old N`, proof lines, an empty line, and the checkpoint.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub(crate) fn parse(body: &'b [u8]) -> Result<Self, Refused> {
        if body.len() > REQUEST_BYTES_MAX {
            return Err(Refused::Malformed("it is too long"));
        }
        let (first, mut rest) = line(body)?;
        let old_size = first.strip_prefix("old ").and_then(decimal);
        let old_size =
            old_size.ok_or(Refused::Malformed("the first line is not `old` and a size"))?;
        let mut proof = Vec::new();
        loop {
            let (text, after) = line(rest)?;
            rest = after;
            if text.is_empty() {
                break;
            }
            if proof.len() == PROOF_LINES_MAX {
                return Err(Refused::Malformed("the proof has too many lines"));
            }
            proof.push(hash(text).ok_or(Refused::Malformed("a proof line is no hash in base64"))?);
        }
        Ok(Self {
            old_size,
            proof: Proof(proof),
            note: rest,
        })
    }
}

fn line(body: &[u8]) -> Result<(&str, &[u8]), Refused> {
    let end = body.iter().position(|byte| *byte == b'\n');
    let split = end.and_then(|end| Some((body.get(..end)?, body.get(end + 1..)?)));
    let (text, rest) = split.ok_or(Refused::Malformed("a line does not end"))?;
    let text = std::str::from_utf8(text);
    Ok((
        text.map_err(|_| Refused::Malformed("a line is no text"))?,
        rest,
    ))
}

/// A number in the one spelling that it has.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn hash(text: &str) -> Option<Digest> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    Some(Digest::from_bytes(bytes))
}
