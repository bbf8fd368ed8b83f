//! `yunei module`: from an empty directory to an admitted component.

mod build;
mod check;
mod rehearsal;
mod scaffold;
mod told;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{Limits, ModuleId, ReviewOutcome};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::lookup::{self, Named};
use crate::page::{self, Part};

/// Seconds that an upload may take: it is compiled before the answer.
const UPLOAD_SECONDS_MAX: u64 = 300;

/// Modules.
#[derive(Debug, Subcommand)]
pub enum Modules {
    /// Begins a module: a crate with its manifest
    New(scaffold::New),
    /// Builds a crate into a component with its manifest inside
    Build(build::Build),
    /// Says what admission would say of a component, and what the gate would say of it over synthetic data
    Check(Box<check::Check>),
    /// Uploads a component; its owner is the operating unit of whoever is signed in
    Upload {
        /// The component
        file: PathBuf,
    },
    /// Lists modules
    List(Part),
    /// Shows a module
    Show {
        /// Id, or the manifest's name for the newest that was admitted
        module: Named<ModuleId>,
    },
    /// Approves or rejects a module's algorithm, as one of two reviewers
    Review(Review),
    /// Takes a module back
    Withdraw {
        /// Id, or the manifest's name for the newest that was admitted
        module: Named<ModuleId>,
    },
}

/// A review.
#[derive(Debug, Args)]
pub struct Review {
    /// Id of the module
    module: ModuleId,
    #[command(flatten)]
    opinion: Opinion,
}

/// What a reviewer says.
#[derive(Debug, Clone, Args)]
pub struct Opinion {
    /// Yes
    #[arg(long, required_unless_present = "reject")]
    approve: bool,
    /// No
    #[arg(long, conflicts_with = "approve")]
    reject: bool,
    /// Why; it goes onto the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Opinion {
    /// As the server wants it.
    pub fn body(&self) -> serde_json::Value {
        let outcome = if self.approve {
            ReviewOutcome::Approved
        } else {
            ReviewOutcome::Rejected
        };
        json!({ "outcome": outcome, "reason": self.reason })
    }
}

impl Modules {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let printer = caller.printer();
        match self {
            Self::New(new) => return new.run(printer),
            Self::Build(build) => return build.run(printer),
            Self::Check(check) => return check.run(printer, caller.language),
            Self::Upload { file } => upload(caller, &file)?,
            Self::List(part) => {
                let client = caller.client()?;
                page::show(printer, &part, || client.get("/modules"), told::list_of)?;
            }
            Self::Show { module } => {
                let client = caller.client()?;
                let id = lookup::module(&client, &module)?;
                printer.show(&client.get(format!("/modules/{id}")).send()?, told::one)?;
            }
            Self::Review(review) => {
                let ask = caller.client()?;
                let ask = ask.post(format!("/modules/{}/reviews", review.module));
                printer.show(&ask.json(&review.opinion.body())?, told::state)?;
            }
            Self::Withdraw { module } => {
                let client = caller.client()?;
                let id = lookup::module(&client, &module)?;
                printer.show(
                    &client.post(format!("/modules/{id}/withdraw")).empty()?,
                    told::state,
                )?;
            }
        }
        Ok(Exit::Done)
    }
}

fn upload(caller: &Caller, path: &std::path::Path) -> anyhow::Result<()> {
    let client = caller.client()?;
    let (mut file, length) = files::open(path)?;
    let bytes_max = Limits::default().component_bytes_max;
    if length > bytes_max {
        return Err(Input::new(format!(
            "`{}` is larger than {bytes_max} bytes",
            path.display()
        ))
        .into());
    }
    let ask = client.post("/modules").waiting(UPLOAD_SECONDS_MAX);
    let module = ask.bytes("application/wasm", length, &mut file)?;
    caller.printer().show(&module, told::one)
}
