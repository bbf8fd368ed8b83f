//! Canonical entries, trace trees, the Merkle log, checkpoints and their offline verification.
//!
//! Duty: fix the bytes of the record. An [`Entry`] is one state change or decision as canonical JSON; a
//! [`TraceTree`] is every host call of one run; [`log`] is RFC 6962 hashing over entries; a [`Checkpoint`]
//! is a signed tree head in the C2SP format; a [`Tile`] is a part of the log as a static file; a [`Receipt`] proves one entry or
//! one call by itself; a [`Certificate`] says what a released table rests on; a [`Verification`], and [`Published`] for copies, re-compute all of it and say where it breaks.
//!
//! Invariants: one meaning has one spelling, so that equal entries have equal bytes and any other spelling
//! is refused when read. The body of an entry holds neither its index nor an earlier hash. Facts are
//! deterministic; what was merely observed (times, durations, fuel) stands apart and is never hashed into a trace.
//!
//! Never: network, SQL, files, clocks or randomness: nonces, ids, times and keys are passed in. Never a row value.

mod certificate;
mod checkpoint;
pub mod cosignature;
mod draft;
mod entry;
mod error;
mod kind;
pub mod log;
mod quorum;
mod receipt;
pub mod tile;
mod trace;
mod tree;
mod value;
mod verify;

pub use certificate::{
    CERTIFICATE_BYTES_MAX, CERTIFICATE_FORMAT, CERTIFICATES, Certificate, CertificateFile,
    CertificateReport, CertifiedCells, CertifiedColumn, CertifiedGate, CertifiedGrant,
    CertifiedModule, CertifiedRows, CertifiedTable, Commitments, CommittedFigures, Guarantee, Held,
    LEAVES_COMMITTED_MAX, OPENING_BYTES_MAX, OPENING_FORMAT, OpenedLeaf, Opening, Presented,
    PresentedTable, SALT, SALT_BYTES, Step, StepTaken,
};
pub use checkpoint::{CHECKPOINT_BYTES_MAX, Checkpoint, SigningKey, VerifierKey};
pub use cosignature::{COSIGNATURE_LINES_MAX, Cosignature, CosigningKey, WitnessKey};
pub use draft::Draft;
pub use entry::{
    AT, CALLS, CLAUSES, ENTRY_BYTES_MAX, ENTRY_FORMAT, Entry, GRANT, KEY_FROM, KEY_TO, MODULE,
    NONCE_BYTES, RESOURCE, RUN, TARGET, TRACE_ROOT,
};
pub use error::LedgerError;
pub use kind::Kind;
pub use quorum::{
    GROUPS_MAX, POLICY_BYTES_MAX, Quorum, QuorumError, QuorumStatus, WITNESSES_MAX, Witness,
};
pub use receipt::{CallProof, Proven, RECEIPT_BYTES_MAX, Receipt};
pub use tile::{BUNDLE_BYTES_MAX, TILE_WIDTH, Tile, TileKind};
pub use trace::{TraceTree, call_facts, call_from, call_observed, verify_call};
pub use tree::{Frontier, HashSource, Hashes, LEAVES_MAX, Proof, Tree};
pub use value::{FACT_DEPTH_MAX, INTEGER_MAX, canonical_digest};
pub use verify::{FINDINGS_MAX, Finding, Published, Report, Scope, Verification};

#[cfg(test)]
mod tests;
