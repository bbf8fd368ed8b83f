//! `yunei grant`: who may use what, for which purpose, until when.

mod told;
mod written;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{Grant, GrantId, GrantTerms, Name};

use crate::caller::Caller;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::lookup;
use crate::page::{self, Part};
use crate::printer::read;

/// Grants.
#[derive(Debug, Subcommand)]
pub enum Grants {
    /// Drafts a grant, or a new version of one
    Draft(Draft),
    /// Consents to a grant, as the source unit of one of its resources
    Consent {
        /// Id of the grant
        grant: GrantId,
        /// Name of the resource
        #[arg(long, value_name = "NAME")]
        resource: Name,
    },
    /// Brings a consented grant into force
    Activate(Step),
    /// Suspends a grant; its runs stop at once
    Suspend(Reasoned),
    /// Resumes a suspended grant
    Resume(Step),
    /// Revokes a grant for good; its runs stop at once, and what they sealed is destroyed
    Revoke(Reasoned),
    /// Lists grants
    List(Part),
    /// Shows the terms of a grant
    Show {
        /// Id of the grant
        grant: GrantId,
    },
    /// Shows how much of a grant's quota is used
    Usage {
        /// Id of the grant
        grant: GrantId,
    },
}

/// A grant to be drafted.
#[derive(Debug, Args)]
pub struct Draft {
    /// The terms: TOML in which operator and scenario stand by name, or JSON as the interface has it
    file: PathBuf,
    /// The grant that this is a new version of
    #[arg(long, value_name = "ID")]
    amends: Option<GrantId>,
}

/// A step for which a reason may be given.
#[derive(Debug, Args)]
pub struct Step {
    /// Id of the grant
    grant: GrantId,
    /// Why; it goes onto the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// A step for which a reason must be given.
#[derive(Debug, Args)]
pub struct Reasoned {
    /// Id of the grant
    grant: GrantId,
    /// Why; it goes onto the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Grants {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        let step = |grant: GrantId, step: &str, reason: &str| -> anyhow::Result<()> {
            let changed = client
                .post(format!("/grants/{grant}/{step}"))
                .json(&json!({ "reason": reason }))?;
            printer.show(&changed, told::state)
        };
        match self {
            Self::Draft(draft) => draft.run(caller, &client)?,
            Self::Consent { grant, resource } => {
                let ask = client.post(format!("/grants/{grant}/consents"));
                printer.show(&ask.json(&json!({ "resource": resource }))?, told::state)?;
            }
            Self::Activate(to) => step(to.grant, "activate", &to.reason)?,
            Self::Suspend(to) => step(to.grant, "suspend", &to.reason)?,
            Self::Resume(to) => step(to.grant, "resume", &to.reason)?,
            Self::Revoke(to) => step(to.grant, "revoke", &to.reason)?,
            Self::List(part) => {
                page::show(printer, &part, || client.get("/grants"), told::list_of)?
            }
            Self::Show { grant } => {
                let grant = client.get(format!("/grants/{grant}")).send()?;
                printer.sheet(&grant, |grant: Grant| told::one(&grant))?;
            }
            Self::Usage { grant } => usage(caller, &client, grant)?,
        }
        Ok(Exit::Done)
    }
}

/// People also want to know how much there is; programs ask for what they need.
fn usage(caller: &Caller, client: &Client, grant: GrantId) -> anyhow::Result<()> {
    let printer = caller.printer();
    let usage = client.get(format!("/grants/{grant}/usage")).send()?;
    if printer.is_json() {
        return printer.say(&usage, "");
    }
    let grant: Grant = read(&client.get(format!("/grants/{grant}")).send()?)?;
    printer.sheet(&usage, |usage: told::Usage| {
        told::usage(&usage, &grant.terms.quota)
    })
}

impl Draft {
    fn run(self, caller: &Caller, client: &Client) -> anyhow::Result<()> {
        let is_json = self.file.extension().is_some_and(|ending| ending == "json");
        let terms: GrantTerms = if is_json {
            files::json(&self.file)?
        } else {
            let written = written::parse(&files::text(&self.file)?).map_err(|error| {
                Input::new(format!("`{}` is no grant", self.file.display())).because(error)
            })?;
            let operator = lookup::organisation(client, &written.operator)?;
            let scenario = lookup::scenario(client, &written.scenario)?;
            written.terms(operator, scenario)
        };
        if let Err(errors) = terms.check() {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Err(Input::new(format!(
                "`{}` cannot stand: {}",
                self.file.display(),
                errors.join("; ")
            ))
            .into());
        }
        let grant = client
            .post("/grants")
            .json(&json!({ "amends": self.amends, "terms": terms }))?;
        caller
            .printer()
            .sheet(&grant, |grant: Grant| told::one(&grant))
    }
}
