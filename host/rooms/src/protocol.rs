//! What the rooms and the supervisor say to each other.

use serde::{Deserialize, Serialize};
use yunei_model::{Code, Digest, LimitExceeded, Name, Table, Verdict};
use yunei_sandbox::{Malformed, TrapKind};

use crate::lockdown::Layer;
use crate::ring::{BatchLayout, SubjectsLayout};

/// The clause that refuses an output.
pub const UNDECLARED_OUTPUT: &str = "manifest.outputs";

/// Supervisor → feed.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToFeed {
    /// Start reading columns of a table, given by position.
    Scan {
        reader: u32,
        table: Name,
        columns: Vec<usize>,
    },
    /// Start a query.
    Sql { reader: u32, text: String },
    /// Start reading every granted table, subject by subject.
    Subjects { reader: u32 },
}

/// Feed → supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum FeedSays {
    /// The lock is set.
    Locked { layers: Vec<Layer> },
    /// A reader is open, or why not.
    Opened {
        reader: u32,
        outcome: Result<Vec<Read>, FeedRefusal>,
    },
    /// A batch was handed to the cell.
    Fed {
        reader: u32,
        sequence: u64,
        rows: u64,
        bytes: u64,
    },
    /// No reader has any more rows: until another is opened, the feed has nothing to do.
    Idle,
    /// The feed failed.
    Failed { detail: String },
}

/// Columns of one table that a query reads, as its plan says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Read {
    /// Table.
    pub table: Name,
    /// Columns.
    pub fields: Vec<Name>,
}

/// Why a reader cannot be opened; told to the guest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedRefusal {
    /// Stable code.
    pub code: Code,
}

/// Cell → feed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Next {
    /// Which reader.
    pub reader: u32,
    /// Where to put the batch.
    pub slot: usize,
}

/// Feed → cell.
#[derive(Debug, Serialize, Deserialize)]
pub enum Filled {
    /// A batch lies in the slot.
    Batch {
        reader: u32,
        slot: usize,
        layout: BatchLayout,
    },
    /// Whole data subjects lie in the slot.
    Subjects {
        reader: u32,
        slot: usize,
        layout: SubjectsLayout,
    },
    /// The reader has no more rows.
    End { reader: u32 },
    /// The reader failed.
    Failed { reader: u32, code: Code },
}

/// Cell → supervisor.
///
/// INVARIANT: guest code may have taken the cell over. So there is no text in what it says but what a guest asked for, which is held
/// against the plan and never kept as it came, and a guest's own error, which is sealed: outputs are positions, ends are of a fixed list.
#[derive(Debug, Serialize, Deserialize)]
pub enum CellSays {
    /// The lock is set and the component is loaded.
    Locked { layers: Vec<Layer> },
    /// It could not lock itself, or load the component: nothing of a guest has run.
    Failed { detail: String },
    /// The guest asks for something that must be on record before it happens.
    Ask(Ask),
    /// The guest did something that its capability covers, and the host worked on it for so long.
    Did { did: Did, duration_us: u64 },
    /// The guest is done.
    Ended(Result<(), CellEnd>),
}

/// What must be on record before it happens.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// `data.open`.
    Open { name: String },
    /// `data.table.scan`.
    Scan {
        reader: u32,
        table: Name,
        columns: Vec<usize>,
    },
    /// `query.sql`.
    Sql { reader: u32, text: String },
    /// Every granted table, subject by subject: what the cell of a `per-subject` module asks for, once.
    Subjects { reader: u32 },
}

/// What is on record soon after it happened.
#[derive(Debug, Serialize, Deserialize)]
pub enum Did {
    /// A batch went to the guest.
    Batch {
        reader: u32,
        sequence: u64,
        rows: u64,
        bytes: u64,
    },
    /// The output of that position among the manifest's was opened; none: one was refused that the manifest does not declare.
    OutputCreate { output: Option<u32> },
    /// Rows went to the output of that position; none: derived columns.
    OutputAppend {
        output: Option<u32>,
        rows: u64,
        bytes: u64,
    },
    /// A note was written.
    Note { bytes: u64 },
    /// A parameter was read.
    Parameter,
}

/// How a guest ended without success.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CellEnd {
    /// It returned an error, with this message.
    Error(String),
    /// It trapped.
    Trap(TrapKind),
    /// It handed over columns that are none.
    Malformed(Malformed),
    /// Its time was over.
    Deadline,
    /// It passed a limit.
    Limit(LimitExceeded),
    /// It imports an interface that it was not granted.
    Denied(String),
    /// What the cell asked for on its behalf was refused.
    Refused(Code),
    /// The cell itself failed.
    Host,
}

/// Supervisor → cell.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToCell {
    /// What was asked is on record, and done.
    Go,
    /// What was asked is refused.
    Refused { code: Code, clause: Option<String> },
    /// So many calls are on record.
    Acknowledged { calls: u64 },
}

/// Supervisor → gate, which is started while the guest runs.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToGate {
    /// The feed has nothing to do: what does not depend on the output can be computed.
    Compute,
    /// The cell has ended and nobody writes the output any more: it is to be sealed, and judged.
    Seal,
}

/// Gate → supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum GateSays {
    /// The lock is set.
    Locked { layers: Vec<Layer> },
    /// The output is sealed.
    Sealed { digest: Digest, bytes: u64 },
    /// The verdicts.
    Judged {
        outputs: Vec<(Verdict, Option<Table>)>,
        /// Outputs in which a decoy was seen.
        decoys: Vec<Name>,
        /// Digest of what waits for people, sealed; tables of it are in no message.
        candidate: Option<Digest>,
    },
    /// The opened output, encrypted to one reviewer: an armoured age file.
    Opened { ciphertext: String },
    /// The tables that two reviewers let pass.
    ToRelease { tables: Vec<(Name, Table)> },
    /// The gate failed.
    Failed { detail: String },
}
