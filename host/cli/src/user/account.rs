//! `yunei user account`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{Account, AccountId, Appointment, Name};

use crate::caller::Caller;
use crate::lookup::{self, Named};
use crate::page::{self, Part};
use crate::secret;
use crate::sheet::{Sheet, list, time};

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// Opens an account without a role; the password comes from standard input, or from a file
    Add(Add),
    /// Lists accounts
    List(Part),
}

/// An account to be opened.
#[derive(Debug, Args)]
pub struct Add {
    /// Name to sign in with, unique in the domain
    name: Name,
    /// Name of the organisation that it acts for
    #[arg(long, value_name = "NAME")]
    organisation: Name,
    /// File that holds the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Another account of the same person, by id or name
    #[arg(long, value_name = "ACCOUNT")]
    same_person_as: Option<Named<AccountId>>,
}

impl Accounts {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(caller),
            Self::List(part) => {
                let client = caller.client()?;
                page::show(caller.printer(), &part, || client.get("/accounts"), sheet)
            }
        }
    }
}

impl Add {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let same_person_as = self
            .same_person_as
            .map(|named| lookup::account(&client, &named))
            .transpose()?;
        let password = secret::password(
            self.password_file.as_deref(),
            &format!("password for {}", self.name),
        )?;
        let new = json!({
            "name": self.name,
            "organisation": self.organisation,
            "password": password,
            "same_person_as": same_person_as,
        });
        let account = client.post("/accounts").json(&new)?;
        caller
            .printer()
            .sheet(&account, |account: Account| one(&account))
    }
}

/// One account.
pub fn one(account: &Account) -> Sheet {
    let mut sheet = Sheet::facts();
    sheet
        .fact("id", account.id)
        .fact("name", &account.name)
        .fact("organisation", account.organisation)
        .fact("person", account.person)
        .fact("active", if account.active { "yes" } else { "no" });
    for appointment in &account.appointments {
        let until = appointment
            .until
            .map(|until| format!(" until {}", time(until)))
            .unwrap_or_default();
        sheet.fact(
            "role",
            format!(
                "{} since {}{until}",
                role(appointment),
                time(appointment.from)
            ),
        );
    }
    sheet
}

fn sheet(accounts: Vec<Account>) -> Sheet {
    let mut sheet = Sheet::new(["id", "name", "organisation", "roles"]);
    for account in accounts {
        sheet.row([
            account.id.to_string(),
            account.name.to_string(),
            account.organisation.to_string(),
            list(account.appointments.iter().map(role)),
        ]);
    }
    sheet
}

fn role(appointment: &Appointment) -> String {
    let remit = list(&appointment.remit.resources);
    match remit.as_str() {
        "" => appointment.role.to_string(),
        remit => format!("{} ({remit})", appointment.role),
    }
}
