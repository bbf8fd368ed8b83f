//! Receipts: what proves, offline and by itself, that an entry is in the log, in the C2SP format tlog-proof.
//!
//! The extra data are lines. The first is the entry, whose hash is the leaf. The receipt of one host call goes on with the
//! call's facts, the number of calls in the run's trace, and the hashes that prove it under the trace root in the entry.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use yunei_model::Digest;

use crate::{Checkpoint, Entry, LEAVES_MAX, LedgerError, Proof, VerifierKey, tree};

/// Longest receipt in bytes.
pub const RECEIPT_BYTES_MAX: usize = 1 << 20;
/// First line of every receipt.
const HEADING: &str = "c2sp.org/tlog-proof@v1";
/// Member of a call's facts that tells its place in the trace.
const CALL_INDEX: &str = "index";

/// Proves that an entry is in the log, and perhaps that a call is in the trace that the entry commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's canonical bytes.
    pub entry: Vec<u8>,
    /// One call of the run that the entry is about.
    pub call: Option<CallProof>,
    /// The entry's index in the log.
    pub index: u64,
    /// The entry's inclusion under the checkpoint.
    pub proof: Proof,
    /// The checkpoint, as a signed note.
    pub checkpoint: String,
}

/// Proves that a call is in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallProof {
    /// Canonical JSON of the call's facts.
    pub facts: Vec<u8>,
    /// Calls of the trace.
    pub calls: u64,
    /// The call's inclusion under the trace root.
    pub proof: Proof,
}

/// What a receipt proves once it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The entry.
    pub entry: Entry,
    /// Its index in the log.
    pub index: u64,
    /// The checkpoint that covers it.
    pub checkpoint: Checkpoint,
    /// Index and facts of the call, if the receipt is of one.
    pub call: Option<(u64, serde_json::Map<String, serde_json::Value>)>,
}

impl Receipt {
    /// The receipt as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut extra = self.entry.clone();
        if let Some(call) = &self.call {
            extra.push(b'\n');
            extra.extend_from_slice(&call.facts);
            extra.extend_from_slice(format!("\ncalls {}", call.calls).as_bytes());
            for line in lines(&call.proof) {
                extra.push(b'\n');
                extra.extend_from_slice(line.as_bytes());
            }
        }
        let mut text = format!(
            "{HEADING}\nextra {}\nindex {}\n",
            BASE64_STANDARD.encode(extra),
            self.index
        );
        for line in lines(&self.proof) {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{line}");
        }
        text + "\n" + &self.checkpoint
    }

    /// Reads a receipt. Nothing of it is true before it was verified.
    ///
    /// # Errors
    /// [`LedgerError::NotReceipt`] when it is none, or spelled in another way than [`Self::to_text`] does.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        read(text)
            .filter(|receipt| receipt.to_text() == text)
            .ok_or(LedgerError::NotReceipt)
    }

    /// Checks everything, trusting `key` to sign checkpoints.
    ///
    /// # Errors
    /// [`LedgerError`] for the first thing that does not hold.
    pub fn verify(&self, key: &VerifierKey) -> Result<Proven, LedgerError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), key)?;
        let leaf = tree::leaf_hash(&self.entry);
        self.proof
            .verify_inclusion(leaf, self.index, checkpoint.size, checkpoint.root)?;
        let entry = Entry::parse(&self.entry)?;
        let call = match &self.call {
            Some(call) => Some(call.verify(&entry)?),
            None => None,
        };
        Ok(Proven {
            entry,
            index: self.index,
            checkpoint,
            call,
        })
    }
}

impl CallProof {
    fn verify(
        &self,
        entry: &Entry,
    ) -> Result<(u64, serde_json::Map<String, serde_json::Value>), LedgerError> {
        let (Some(root), Some(calls)) = (entry.trace_root(), entry.calls()) else {
            return Err(LedgerError::NoTrace);
        };
        if calls != self.calls {
            return Err(LedgerError::NoTrace);
        }
        let facts: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&self.facts).map_err(LedgerError::Malformed)?;
        let index = facts
            .get(CALL_INDEX)
            .and_then(|index| index.as_u64().or_else(|| index.as_str()?.parse().ok()))
            .ok_or(LedgerError::NotReceipt)?;
        let leaf = tree::leaf_hash(&self.facts);
        self.proof.verify_inclusion(leaf, index, calls, root)?;
        Ok((index, facts))
    }
}

fn lines(proof: &Proof) -> impl Iterator<Item = String> {
    proof
        .0
        .iter()
        .map(|hash| BASE64_STANDARD.encode(hash.as_bytes()))
}

fn hash(line: &str) -> Option<Digest> {
    let bytes = BASE64_STANDARD.decode(line).ok()?;
    Some(Digest::from_bytes(bytes.try_into().ok()?))
}

fn read(text: &str) -> Option<Receipt> {
    if text.len() > RECEIPT_BYTES_MAX {
        return None;
    }
    let (proof, checkpoint) = text.split_once("\n\n")?;
    let mut lines = proof.split('\n');
    if lines.next()? != HEADING {
        return None;
    }
    let extra = BASE64_STANDARD
        .decode(lines.next()?.strip_prefix("extra ")?)
        .ok()?;
    let index: u64 = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let hashes: Option<Vec<Digest>> = lines.map(hash).collect();
    let mut parts = extra.split(|byte| *byte == b'\n');
    let entry = parts.next()?.to_vec();
    let call = match parts.next() {
        Some(facts) => Some(call(facts, parts)?),
        None => None,
    };
    (index < LEAVES_MAX).then_some(Receipt {
        entry,
        call,
        index,
        proof: Proof(hashes?),
        checkpoint: checkpoint.to_owned(),
    })
}

fn call<'e>(facts: &[u8], mut rest: impl Iterator<Item = &'e [u8]>) -> Option<CallProof> {
    let calls = std::str::from_utf8(rest.next()?).ok()?;
    let calls = calls.strip_prefix("calls ")?.parse().ok()?;
    let hashes: Option<Vec<Digest>> = rest
        .map(|line| hash(std::str::from_utf8(line).ok()?))
        .collect();
    Some(CallProof {
        facts: facts.to_vec(),
        calls,
        proof: Proof(hashes?),
    })
}

#[cfg(test)]
mod tests;
