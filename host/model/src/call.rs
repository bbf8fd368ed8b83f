//! Host calls: the leaves of a run's trace tree.

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{Name, Timestamp};

names! {
    /// What a guest asked of the host.
    CallKind {
        /// `data.open`.
        Open = "data.open",
        /// `data.table.scan`.
        Scan = "data.scan",
        /// `data.reader.next`, or a block of rows handed to a `per-row` module.
        Batch = "data.batch",
        /// `query.sql`.
        Sql = "query.sql",
        /// `output.create`.
        OutputCreate = "output.create",
        /// `output.table.append`.
        OutputAppend = "output.append",
        /// `journal.note`.
        Note = "journal.note",
        /// `inputs.parameter`.
        Parameter = "inputs.parameter",
    }
}

names! {
    /// What the host answered.
    CallDecision {
        /// Served.
        Allowed = "allowed",
        /// Refused.
        Denied = "denied",
    }
}

/// One host call. Everything but `at` and `duration_us` is a fact: the same run yields the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Position in the run's trace, from 0.
    pub index: u64,
    /// What was asked.
    pub kind: CallKind,
    /// Resource, as the catalogue names it; absent for an unknown one.
    pub resource: Option<Name>,
    /// Fields, as the catalogue names them.
    pub fields: Vec<Name>,
    /// Rows that crossed.
    pub rows: u64,
    /// Bytes that crossed.
    pub bytes: u64,
    /// Answer.
    pub decision: CallDecision,
    /// Clause that decided a refusal.
    pub clause: Option<String>,
    /// HMAC of the arguments under the run's evidence key, in hexadecimal, where they are more than names.
    pub argument_digest: Option<String>,
    /// When (observed).
    pub at: Timestamp,
    /// Microseconds in the host (observed).
    pub duration_us: u64,
}
