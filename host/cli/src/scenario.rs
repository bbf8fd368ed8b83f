//! `yunei scenario`: 无场景不授权, no grant without a scenario.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yunei_model::{Name, Scenario, ScenarioId, Text};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::lookup::{self, Named};
use crate::page::{self, Part};
use crate::sheet::{Sheet, list};
use crate::user::{Title, several};

/// Scenarios.
#[derive(Debug, Subcommand)]
pub enum Scenarios {
    /// Proposes a scenario, or those of a file
    Propose(Propose),
    /// Approves a scenario, so that grants may name it
    Approve {
        /// Id or name
        scenario: Named<ScenarioId>,
    },
    /// Closes a scenario to new grants; those that name it stay in force
    Close {
        /// Id or name
        scenario: Named<ScenarioId>,
        /// Why; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lists scenarios
    List(Part),
}

/// One scenario by arguments, or several by a file.
#[derive(Debug, Args)]
pub struct Propose {
    /// Name, unique in the domain
    #[arg(required_unless_present = "file")]
    name: Option<Name>,
    /// A purpose that grants under it may have; several are possible
    #[arg(
        long = "purpose",
        value_name = "NAME",
        required_unless_present = "file"
    )]
    purposes: Vec<Name>,
    #[command(flatten)]
    title: Title,
    /// TOML file of `[[scenario]]` with name, title and purposes
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    file: Option<PathBuf>,
}

/// A scenario to be proposed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: Name,
    title: Text,
    purposes: Vec<Name>,
}

impl Propose {
    fn wanted(self) -> Result<Vec<New>, Input> {
        match (self.file, self.name) {
            (Some(path), _) => several(&path, "scenario"),
            (None, Some(name)) => Ok(vec![New {
                title: self.title.text(&name),
                name,
                purposes: self.purposes,
            }]),
            (None, None) => Err(Input::new("say its name and --purpose, or --file")),
        }
    }
}

impl Scenarios {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        match self {
            Self::Propose(propose) => {
                let mut proposed = Vec::new();
                for new in propose.wanted()? {
                    proposed.push(client.post("/scenarios").json(&new)?);
                }
                printer.sheet(&Value::from(proposed), sheet)?;
            }
            Self::Approve { scenario } => {
                let id = lookup::scenario(&client, &scenario)?;
                let approved = client.post(format!("/scenarios/{id}/approve")).empty()?;
                printer.show(&approved, |scenario: Scenario| {
                    format!("{} is {}", scenario.name, scenario.state)
                })?;
            }
            Self::Close { scenario, reason } => {
                let id = lookup::scenario(&client, &scenario)?;
                let closed = client
                    .post(format!("/scenarios/{id}/close"))
                    .json(&json!({ "reason": reason }))?;
                printer.show(&closed, |scenario: Scenario| {
                    format!("{} is {}", scenario.name, scenario.state)
                })?;
            }
            Self::List(part) => page::show(printer, &part, || client.get("/scenarios"), sheet)?,
        }
        Ok(Exit::Done)
    }
}

fn sheet(scenarios: Vec<Scenario>) -> Sheet {
    let mut sheet = Sheet::new(["id", "name", "state", "purposes", "title"]);
    for scenario in scenarios {
        sheet.row([
            scenario.id.to_string(),
            scenario.name.to_string(),
            scenario.state.to_string(),
            list(&scenario.purposes),
            format!("{} · {}", scenario.title.zh, scenario.title.en),
        ]);
    }
    sheet
}
