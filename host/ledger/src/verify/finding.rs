//! What a verification finds.

use serde::Serialize;
use yunei_model::{EntryId, RunId};

/// Findings kept in a report at most; the rest is counted.
pub const FINDINGS_MAX: usize = 1000;

/// One thing wrong with the record, and where. Indexes are those of the log, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Finding {
    /// The entry at `index` is not the one that the log has there.
    Altered {
        /// Index in the log.
        index: u64,
    },
    /// The entry at `index` is gone.
    Missing {
        /// Index in the log.
        index: u64,
    },
    /// An entry that the log does not have.
    Added {
        /// Index that it claims.
        index: u64,
    },
    /// An entry out of its place.
    Reordered {
        /// Index that it claims.
        index: u64,
        /// Index that the log has it at.
        expected: u64,
    },
    /// An entry in its place among the others, under another index.
    Misnumbered {
        /// Index that it claims.
        index: u64,
        /// Index that the log has it at.
        expected: u64,
    },
    /// Not an entry in canonical form.
    Malformed {
        /// Index in the log.
        index: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The columns that an entry is searched by do not say what its body says.
    Misfiled {
        /// Index in the log.
        index: u64,
    },
    /// Two entries of one id.
    IdTwice {
        /// Index of the second.
        index: u64,
        /// The id.
        id: EntryId,
    },
    /// A checkpoint that is none, or not signed by the log's key.
    ForgedCheckpoint {
        /// Its number in the order handed in, from 0.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Two signed checkpoints of one size with different roots.
    Fork {
        /// The size.
        size: u64,
    },
    /// Between two checkpoints something was altered, added, removed or reordered.
    RootMismatch {
        /// First index that may be wrong: the size of the newest checkpoint that holds.
        from: u64,
        /// Size of the oldest checkpoint that does not hold.
        to: u64,
    },
    /// A stored hash of the tree is wrong, gone, or one too many.
    HashAltered {
        /// Its position.
        position: u64,
    },
    /// A run's calls do not give the root that its entry commits to.
    TraceMismatch {
        /// Index of the entry.
        index: u64,
        /// The run.
        run: RunId,
        /// Calls that the entry commits to.
        expected_calls: Option<u64>,
        /// Calls found.
        calls: u64,
    },
    /// A run's calls are not numbered one after the other.
    TraceGap {
        /// The run.
        run: RunId,
        /// Index that belongs there.
        expected: u64,
        /// Index found.
        index: u64,
    },
    /// A tile or bundle of a published log that is not what the signed root says.
    TileAltered {
        /// Its path.
        path: String,
        /// The first entry under the first hash that is wrong.
        index: u64,
    },
    /// A tile or bundle that a log of that size has, and that is not there.
    TileMissing {
        /// Its path.
        path: String,
    },
    /// A tile or bundle that cannot be read as one.
    TileMalformed {
        /// Its path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is no part of a published log, or cannot be read as one.
    Stray {
        /// Its path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A trace that no entry commits to.
    TraceStray {
        /// The run.
        run: RunId,
    },
    /// No checkpoint whose signature holds: everything else proves nothing.
    NoCheckpoint,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Altered { index } => write!(f, "entry {index}: altered"),
            Self::Missing { index } => write!(f, "entry {index}: missing"),
            Self::Added { index } => write!(f, "entry {index}: added, the log does not have it"),
            Self::Reordered { index, expected } => {
                write!(f, "entry {index}: reordered, the log has it at {expected}")
            }
            Self::Misnumbered { index, expected } => {
                write!(
                    f,
                    "entry {index}: misnumbered, the log has it at {expected}"
                )
            }
            Self::Malformed { index, reason } => write!(f, "entry {index}: malformed, {reason}"),
            Self::Misfiled { index } => {
                write!(f, "entry {index}: filed under other columns than its body")
            }
            Self::IdTwice { index, id } => write!(f, "entry {index}: id {id} stands already"),
            Self::ForgedCheckpoint { number, reason } => {
                write!(f, "checkpoint number {number}: forged, {reason}")
            }
            Self::Fork { size } => write!(f, "checkpoints of size {size}: two different roots"),
            Self::RootMismatch { from, to } => write!(
                f,
                "entries {from} to {}: something altered, added, missing or reordered",
                to.saturating_sub(1)
            ),
            Self::HashAltered { position } => write!(f, "stored hash {position}: altered"),
            Self::TraceMismatch {
                index,
                run,
                expected_calls,
                calls,
            } => {
                write!(f, "run {run}: {calls} calls")?;
                if let Some(expected) = expected_calls {
                    write!(f, " of {expected}")?;
                }
                write!(f, " do not give the root in entry {index}")
            }
            Self::TraceGap {
                run,
                expected,
                index,
            } => write!(f, "run {run}: call {index} where call {expected} belongs"),
            Self::TileAltered { path, index } => {
                write!(f, "{path}: altered, from entry {index} on")
            }
            Self::TileMissing { path } => write!(f, "{path}: missing"),
            Self::TileMalformed { path, reason } => write!(f, "{path}: malformed, {reason}"),
            Self::Stray { path, reason } => write!(f, "{path}: {reason}"),
            Self::TraceStray { run } => write!(f, "run {run}: calls that no entry commits to"),
            Self::NoCheckpoint => write!(f, "there is no checkpoint whose signature holds"),
        }
    }
}

/// What a verification says of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries with an index.
    pub entries: u64,
    /// Entries that wait to be sequenced.
    pub pending: u64,
    /// Entries under the newest signed checkpoint: later ones rest on the log's own hashes alone.
    pub covered: u64,
    /// Checkpoints whose signature holds.
    pub checkpoints: u64,
    /// Runs whose trace was compared with an entry.
    pub runs: u64,
    /// Runs with calls, and no entry yet that commits to them.
    pub open_runs: u64,
    /// Calls over all runs.
    pub calls: u64,
    /// What is wrong, [`FINDINGS_MAX`] at most.
    pub findings: Vec<Finding>,
    /// How much is wrong in all.
    pub findings_total: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.findings_total == 0
    }

    /// Adds what another verification of the same record found.
    pub fn add_findings_of(&mut self, other: Self) {
        let untold = other.findings_total - other.findings.len() as u64;
        other
            .findings
            .into_iter()
            .for_each(|finding| self.add(finding));
        self.findings_total += untold;
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} entries, {} of them under {} signed checkpoints, {} waiting; {} runs with {} calls, {} runs open",
            self.entries,
            self.covered,
            self.checkpoints,
            self.pending,
            self.runs,
            self.calls,
            self.open_runs
        )?;
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let more = self
            .findings_total
            .saturating_sub(self.findings.len() as u64);
        if more > 0 {
            writeln!(f, "{more} more findings")?;
        }
        Ok(())
    }
}
