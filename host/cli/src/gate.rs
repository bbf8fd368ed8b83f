//! `yunei gate`: the release gate's rules, on files.

mod columns;
mod earlier;
mod review;
mod told;

use clap::Subcommand;

use crate::caller::Caller;
use crate::exit::Exit;

/// The gate.
#[derive(Debug, Subcommand)]
pub enum Gate {
    /// Reviews tables made of microdata as the gate would: cell by cell, blanks attacked
    Review(review::Review),
}

impl Gate {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::Review(review) => review.run(caller),
        }
    }
}
