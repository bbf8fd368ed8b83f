//! `yunei user organisation`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yunei_model::{Name, Organisation, OrganisationKind, Text};

use super::{Title, several};
use crate::caller::Caller;
use crate::failure::Input;
use crate::page::{self, Part};
use crate::sheet::Sheet;

/// Organisations.
#[derive(Debug, Subcommand)]
pub enum Organisations {
    /// Registers an organisation, or those of a file
    Add(Add),
    /// Lists organisations
    List(Part),
}

/// One organisation by arguments, or several by a file.
#[derive(Debug, Args)]
pub struct Add {
    /// Name, unique in the domain
    #[arg(required_unless_present = "file", requires = "kind")]
    name: Option<Name>,
    /// What it is to the domain: bureau, operator, source, cyberspace, public-security, state-security, sector, host
    #[arg(long)]
    kind: Option<OrganisationKind>,
    #[command(flatten)]
    title: Title,
    /// TOML file of `[[organisation]]` with name, title and kind
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    file: Option<PathBuf>,
}

/// An organisation to be registered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: Name,
    title: Text,
    kind: OrganisationKind,
}

impl Add {
    fn wanted(self) -> Result<Vec<New>, Input> {
        match (self.file, self.name, self.kind) {
            (Some(path), ..) => several(&path, "organisation"),
            (None, Some(name), Some(kind)) => Ok(vec![New {
                title: self.title.text(&name),
                name,
                kind,
            }]),
            _ => Err(Input::new("say its name and --kind, or --file")),
        }
    }
}

impl Organisations {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        match self {
            Self::Add(add) => {
                let mut added = Vec::new();
                for new in add.wanted()? {
                    added.push(client.post("/organisations").json(&new)?);
                }
                caller.printer().sheet(&Value::from(added), sheet)
            }
            Self::List(part) => page::show(
                caller.printer(),
                &part,
                || client.get("/organisations"),
                sheet,
            ),
        }
    }
}

fn sheet(organisations: Vec<Organisation>) -> Sheet {
    let mut sheet = Sheet::new(["id", "name", "kind", "title"]);
    for organisation in organisations {
        sheet.row([
            organisation.id.to_string(),
            organisation.name.to_string(),
            organisation.kind.to_string(),
            format!("{} · {}", organisation.title.zh, organisation.title.en),
        ]);
    }
    sheet
}
