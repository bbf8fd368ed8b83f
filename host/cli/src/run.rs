//! `yunei run`: runs of modules under grants.

pub mod checks;
pub mod detail;
mod submit;
mod told;
mod wait;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{Name, RunId};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::page::{self, Part};

/// Runs.
#[derive(Debug, Subcommand)]
pub enum Runs {
    /// Submits a run
    Submit(submit::Submit),
    /// Waits for a run's end
    Wait {
        /// Id of the run
        run: RunId,
        #[command(flatten)]
        patience: wait::Patience,
    },
    /// Lists runs
    List(Part),
    /// Shows a run as its operating unit sees it
    Show {
        /// Id of the run
        run: RunId,
    },
    /// Shows a run as supervision sees it: verdicts with their figures, granted and used fields
    Detail {
        /// Id of the run
        run: RunId,
    },
    /// Shows what the gate found in the cells of an output: every rule with its figure, and what stays unknown of blank cells
    Checks(CheckedCells),
    /// Shows what a run asked of the host
    Calls(Calls),
    /// Stops a run
    Stop {
        /// Id of the run
        run: RunId,
        /// Why; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Which calls.
#[derive(Debug, Args)]
pub struct Calls {
    /// Id of the run
    run: RunId,
    /// Calls at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Begins with this one, from 0
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
}

/// Which cells.
#[derive(Debug, Args)]
pub struct CheckedCells {
    /// Id of the run
    run: RunId,
    /// The output
    #[arg(long, value_name = "NAME")]
    output: Name,
    /// Cells at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Begins with this row of the table, from 0
    #[arg(long, value_name = "ROW", default_value_t = 0)]
    from: u32,
    /// Only cells that are blank or that a rule did not let pass
    #[arg(long)]
    at_risk: bool,
}

impl CheckedCells {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let run = self.run.to_string();
        let asked = checks::Asked {
            run: &run,
            output: self.output.as_str(),
            from: self.from,
            limit: self.limit,
            at_risk: self.at_risk,
        };
        let checked = checks::fetch(&caller.client()?, &asked)?;
        let words = checks::every_rule(&checked, checks::Words(caller.language));
        caller.printer().say(&json!(checked), &words)
    }
}

impl Runs {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        match self {
            Self::Submit(submit) => return submit.run(caller, &client),
            Self::Wait { run, patience } => return wait::end_of(&client, printer, run, &patience),
            Self::List(part) => page::show(printer, &part, || client.get("/runs"), told::list_of)?,
            Self::Show { run } => {
                printer.show(&client.get(format!("/runs/{run}")).send()?, told::one)?
            }
            Self::Detail { run } => printer.show(
                &client.get(format!("/runs/{run}/detail")).send()?,
                detail::one,
            )?,
            Self::Checks(cells) => cells.run(caller)?,
            Self::Calls(Calls { run, limit, from }) => {
                let part = page::Part {
                    limit,
                    after: Some(from.to_string()),
                };
                let path = format!("/runs/{run}/calls");
                page::show_from("from", printer, &part, || client.get(&path), detail::calls)?;
            }
            Self::Stop { run, reason } => {
                let stopped = client
                    .post(format!("/runs/{run}/stop"))
                    .json(&json!({ "reason": reason }))?;
                printer.show(&stopped, detail::one)?;
            }
        }
        Ok(Exit::Done)
    }
}
