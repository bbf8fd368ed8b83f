//! Trace trees: every host call of one run, as leaves.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use yunei_model::{Call, CallDecision, CallKind, Digest, Name};

use crate::{INTEGER_MAX, LedgerError, Proof, Tree, log, tree};

/// The facts of a call. Members stand in the order of their names, which is the canonical one, and no spelling of
/// theirs is left to choose: so they are written in one go.
#[derive(Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    argument_digest: Option<&'a str>,
    bytes: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    clause: Option<&'a str>,
    decision: CallDecision,
    fields: &'a [Name],
    index: Count,
    kind: CallKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a Name>,
    rows: Count,
}

/// What was observed about a call, in the order of names too.
#[derive(Serialize)]
struct Observed {
    at: Moment,
    duration_us: Count,
}

/// A number; a string where not every reader would hold it exactly.
struct Count(u64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 > INTEGER_MAX {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

/// A time in microseconds since the epoch, spelt as a [`Count`] is.
struct Moment(i64);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.unsigned_abs() > INTEGER_MAX {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

/// The canonical JSON of a call's facts: its leaf. All but the time and the duration.
///
/// # Errors
/// [`LedgerError`] never happens for a call of the domain model.
pub fn call_facts(call: &Call) -> Result<Vec<u8>, LedgerError> {
    let facts = Facts {
        argument_digest: call.argument_digest.as_deref(),
        bytes: Count(call.bytes),
        clause: call.clause.as_deref(),
        decision: call.decision,
        fields: &call.fields,
        index: Count(call.index),
        kind: call.kind,
        resource: call.resource.as_ref(),
        rows: Count(call.rows),
    };
    serde_json::to_vec(&facts).map_err(LedgerError::Malformed)
}

/// The canonical JSON of what was observed about a call: its time and its duration.
///
/// # Errors
/// [`LedgerError`] never happens for a call of the domain model.
pub fn call_observed(call: &Call) -> Result<Vec<u8>, LedgerError> {
    let observed = Observed {
        at: Moment(call.at.as_micros()),
        duration_us: Count(call.duration_us),
    };
    serde_json::to_vec(&observed).map_err(LedgerError::Malformed)
}

/// A call from its two parts.
///
/// # Errors
/// [`LedgerError`] when they are not canonical, or together no call.
pub fn call_from(facts: &[u8], observed: &[u8]) -> Result<Call, LedgerError> {
    let mut members: Map<String, Value> =
        serde_json::from_slice(facts).map_err(LedgerError::Malformed)?;
    let rest: Map<String, Value> =
        serde_json::from_slice(observed).map_err(LedgerError::Malformed)?;
    members.extend(rest);
    for count in ["index", "rows", "bytes", "duration_us"] {
        let number = members.get(count).and_then(Value::as_str);
        if let Some(number) = number.and_then(|text| text.parse::<u64>().ok()) {
            members.insert(count.to_owned(), Value::from(number));
        }
    }
    let call: Call =
        serde_json::from_value(Value::Object(members)).map_err(LedgerError::Malformed)?;
    if call_facts(&call)? == facts && call_observed(&call)? == observed {
        Ok(call)
    } else {
        Err(LedgerError::NotCanonical)
    }
}

/// The Merkle tree over a run's calls.
///
/// INVARIANT: the call with index n is leaf n.
#[derive(Debug, Clone, Default)]
pub struct TraceTree(Tree);

impl TraceTree {
    /// Adds the next call.
    ///
    /// # Errors
    /// [`LedgerError::CallOrder`] when its index is not the next one.
    pub fn push(&mut self, call: &Call) -> Result<(), LedgerError> {
        if call.index != self.0.size() {
            return Err(LedgerError::CallOrder {
                index: call.index,
                expected: self.0.size(),
            });
        }
        self.push_facts(&call_facts(call)?)
    }

    /// Adds the next call by the canonical JSON of its facts, as it was kept.
    ///
    /// # Errors
    /// [`LedgerError::OutOfTree`] when the tree is full.
    pub fn push_facts(&mut self, facts: &[u8]) -> Result<(), LedgerError> {
        self.0.push(tree::leaf_hash(facts))
    }

    /// Number of calls.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.0.size()
    }

    /// Root; of no call it is SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        // INVARIANT: a whole tree has every hash that its root needs; were one missing, the root of nothing proves nothing.
        self.0.root().unwrap_or_else(|_| Digest::of(b""))
    }

    /// Proves that the call at `index` is in the tree.
    ///
    /// # Errors
    /// [`LedgerError::OutOfTree`] when there is no such call.
    pub fn proof(&self, index: u64) -> Result<Proof, LedgerError> {
        log::inclusion(self.0.size(), index, &self.0)
    }
}

/// Checks that a call is the one at its index in a trace of `calls` calls with that root.
///
/// # Errors
/// [`LedgerError`] when the proof does not hold.
pub fn verify_call(
    call: &Call,
    proof: &Proof,
    calls: u64,
    root: Digest,
) -> Result<(), LedgerError> {
    let leaf = tree::leaf_hash(&call_facts(call)?);
    proof.verify_inclusion(leaf, call.index, calls, root)
}
