//! `yunei ledger`: the record.

mod export;
mod export_entries;
mod filter;
mod follow;
mod key;
mod place;
mod query;
mod quorum;
mod receipt;
mod tail;
mod verify;
mod witnesses;

pub use key::Key;
pub use quorum::policy;

use clap::Subcommand;
use serde::Deserialize;
use yunei_model::Timestamp;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::sheet::{number, time};

/// The record.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Shows the last entries, or those after a position
    Tail(tail::Tail),
    /// Shows entries that a filter wants, oldest first
    Query(query::Query),
    /// Shows host calls over all runs
    Calls(query::Calls),
    /// Writes entries to a file, with what a receipt needs
    ExportEntries(export_entries::ExportEntries),
    /// Shows what is recorded as it comes; for operating units, what becomes of their runs
    Follow(follow::Follow),
    /// Shows the newest signed checkpoint: keep it, and later ones must agree with it
    Checkpoint,
    /// Shows how far the log is witnessed, and how it stands with each witness
    Witnesses,
    /// Computes the record anew and says what does not hold
    Verify(verify::Verify),
    /// Copies the whole log with its calls into a directory, for whoever verifies it without anyone's help
    Export(export::Export),
    /// Proofs of single entries and calls
    #[command(subcommand)]
    Receipt(receipt::Receipts),
}

#[derive(Debug, Deserialize)]
struct Checkpoint {
    size: u64,
    note: String,
    signed_at: Timestamp,
}

impl Ledger {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::Tail(tail) => tail.run(caller)?,
            Self::Query(query) => query.run(caller)?,
            Self::Calls(calls) => calls.run(caller)?,
            Self::ExportEntries(export) => export.run(caller)?,
            Self::Follow(follow) => follow.run(caller)?,
            Self::Checkpoint => {
                let checkpoint = caller.client()?.get("/record/checkpoint").send()?;
                caller
                    .printer()
                    .show(&checkpoint, |checkpoint: Checkpoint| {
                        let signed = time(checkpoint.signed_at);
                        format!(
                            "{} entries, signed {signed}\n\n{}",
                            number(checkpoint.size),
                            checkpoint.note.trim_end()
                        )
                    })?;
            }
            Self::Witnesses => witnesses::show(caller)?,
            Self::Verify(verify) => return verify.run(caller),
            Self::Export(export) => return export.run(caller),
            Self::Receipt(receipts) => return receipts.run(caller),
        }
        Ok(Exit::Done)
    }
}
