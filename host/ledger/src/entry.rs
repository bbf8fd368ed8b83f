//! Entries: one state change or decision each, as canonical JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yunei_model::{
    AccountId, CallDecision, Digest, EntryId, GrantId, ModuleId, Name, OrganisationId, RunId,
    Timestamp,
};

use crate::{Draft, INTEGER_MAX, Kind, LedgerError, tree, value};

/// Longest entry in bytes.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// The format that entries are written in.
pub const ENTRY_FORMAT: u32 = 1;
/// Bytes of the secret nonce that keeps the digests of an entry from being guessed.
pub const NONCE_BYTES: usize = 16;
/// Name of the fact that holds the run's id.
pub const RUN: &str = "run";
/// Name of the fact that holds the grant's id.
pub const GRANT: &str = "grant";
/// Name of the fact that holds the module's id.
pub const MODULE: &str = "module";
/// Name of the fact that holds a resource's name.
pub const RESOURCE: &str = "resource";
/// Name of the fact that holds the clauses by which policy permitted or denied.
pub const CLAUSES: &str = "clauses";
/// Name of the fact that tells what a decision was about: `kind` and `id`.
pub const TARGET: &str = "target";
/// Name of the fact that holds the root of the run's trace tree.
pub const TRACE_ROOT: &str = "trace_root";
/// Name of the fact that holds the number of calls in the trace.
pub const CALLS: &str = "calls";
/// Name of the fact that holds the public key that signed up to here.
pub const KEY_FROM: &str = "from";
/// Name of the fact that holds the public key that signs from here on.
pub const KEY_TO: &str = "to";
/// Name of the observation that holds the time, in microseconds since the epoch.
pub const AT: &str = "at";

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<AccountId>,
    facts: Map<String, Value>,
    format: u32,
    id: EntryId,
    kind: Kind,
    nonce: String,
    observed: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<OrganisationId>,
}

/// One entry of the record.
///
/// INVARIANT: `canonical` is the one spelling of `body`, and no longer than [`ENTRY_BYTES_MAX`].
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    body: Body,
    at: Timestamp,
    canonical: Vec<u8>,
}

impl std::fmt::Debug for Entry {
    /// Without the nonce.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({} {})", self.body.kind, self.body.id)
    }
}

impl Entry {
    /// Makes a draft final. `nonce` comes from a cryptographic random source and is used once.
    ///
    /// # Errors
    /// [`LedgerError`] for whatever is wrong with a fact, for a time out of range, or when it gets too long.
    pub fn seal(
        draft: Draft,
        id: EntryId,
        nonce: [u8; NONCE_BYTES],
        at: Timestamp,
    ) -> Result<Self, LedgerError> {
        if let Some(fault) = draft.fault {
            return Err(fault);
        }
        if at.as_micros().unsigned_abs() > INTEGER_MAX {
            return Err(LedgerError::Time);
        }
        let mut observed = draft.observed;
        observed.insert(AT.to_owned(), Value::from(at.as_micros()));
        let body = Body {
            actor: draft.actor,
            facts: draft.facts,
            format: ENTRY_FORMAT,
            id,
            kind: draft.kind,
            nonce: hex::encode(nonce),
            observed,
            operator: draft.operator,
        };
        let canonical = value::canonical("entry", &body)?;
        let bytes = canonical.len();
        if bytes > ENTRY_BYTES_MAX {
            return Err(LedgerError::TooLong { bytes });
        }
        Ok(Self {
            body,
            at,
            canonical,
        })
    }

    /// Reads an entry back from its canonical bytes, and refuses any other spelling.
    ///
    /// # Errors
    /// [`LedgerError`] when the bytes are not those that [`Entry::seal`] would have made.
    pub fn parse(bytes: &[u8]) -> Result<Self, LedgerError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(LedgerError::TooLong { bytes: bytes.len() });
        }
        let body: Body = serde_json::from_slice(bytes).map_err(LedgerError::Malformed)?;
        if body.format != ENTRY_FORMAT {
            return Err(LedgerError::UnknownFormat {
                format: body.format,
            });
        }
        let mut members = body.facts.iter().chain(&body.observed);
        let nonce = hex::decode(&body.nonce).unwrap_or_default();
        if value::canonical("entry", &body)? != bytes
            || nonce.len() != NONCE_BYTES
            || nonce_spelling(&body.nonce)
            || !members.all(|(name, fact)| Name::parse(name).is_ok() && value::is_normal(fact))
        {
            return Err(LedgerError::NotCanonical);
        }
        let at = body.observed.get(AT).and_then(Value::as_i64);
        let at = Timestamp::from_micros(at.ok_or(LedgerError::Time)?);
        Ok(Self {
            body,
            at,
            canonical: bytes.to_vec(),
        })
    }

    /// Its bytes: what is kept, hashed and proven.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// Its leaf hash in the log: SHA-256 of a zero byte and the canonical bytes (RFC 6962, section 2.1).
    #[must_use]
    pub fn leaf_hash(&self) -> Digest {
        tree::leaf_hash(&self.canonical)
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.body.id
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind
    }

    /// When it was made.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The account that did it; absent for the system itself.
    #[must_use]
    pub const fn actor(&self) -> Option<AccountId> {
        self.body.actor
    }

    /// The operating unit that it is about.
    #[must_use]
    pub const fn operator(&self) -> Option<OrganisationId> {
        self.body.operator
    }

    /// What is so: a second run of the same would say the same.
    #[must_use]
    pub const fn facts(&self) -> &Map<String, Value> {
        &self.body.facts
    }

    /// What was merely observed, [`AT`] among it.
    #[must_use]
    pub const fn observed(&self) -> &Map<String, Value> {
        &self.body.observed
    }

    /// The run that it is about, from the fact [`RUN`].
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        self.text(RUN)?.parse().ok()
    }

    /// The grant that it is about: the fact [`GRANT`], or the [`TARGET`] of a decision.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        self.text(GRANT)
            .or_else(|| self.target(GRANT))?
            .parse()
            .ok()
    }

    /// The module that it is about: the fact [`MODULE`], or the [`TARGET`] of a decision.
    #[must_use]
    pub fn module(&self) -> Option<ModuleId> {
        self.text(MODULE)
            .or_else(|| self.target(MODULE))?
            .parse()
            .ok()
    }

    /// The resource that it names itself, from the fact [`RESOURCE`].
    #[must_use]
    pub fn resource(&self) -> Option<Name> {
        Name::parse(self.text(RESOURCE)?).ok()
    }

    /// What policy said, where it was asked: denied for denials and refused runs, allowed where clauses permitted.
    #[must_use]
    pub fn decision(&self) -> Option<CallDecision> {
        match self.body.kind {
            Kind::DecisionDenied | Kind::RunRefused => Some(CallDecision::Denied),
            _ => self
                .body
                .facts
                .contains_key(CLAUSES)
                .then_some(CallDecision::Allowed),
        }
    }

    /// The trace root that it commits to, from the fact [`TRACE_ROOT`].
    #[must_use]
    pub fn trace_root(&self) -> Option<Digest> {
        self.text(TRACE_ROOT)?.parse().ok()
    }

    /// The number of calls that it commits to, from the fact [`CALLS`].
    #[must_use]
    pub fn calls(&self) -> Option<u64> {
        let value = self.body.facts.get(CALLS)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    fn target(&self, kind: &str) -> Option<&str> {
        let target = self.body.facts.get(TARGET)?;
        let named = target.get("kind")?.as_str()? == kind;
        target.get("id")?.as_str().filter(|_| named)
    }

    /// The public keys that signed up to here and sign from here on, of an entry that tells of that.
    #[must_use]
    pub fn rotation(&self) -> Option<(&str, &str)> {
        (self.kind() == Kind::LogKeyRotated)
            .then(|| Some((self.text(KEY_FROM)?, self.text(KEY_TO)?)))?
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.body.facts.get(name)?.as_str()
    }
}

fn nonce_spelling(nonce: &str) -> bool {
    nonce.bytes().any(|byte| byte.is_ascii_uppercase())
}
