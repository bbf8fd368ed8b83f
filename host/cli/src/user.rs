//! `yunei user`: sign-in, and who is who.

mod account;
mod key;
mod organisation;
mod token;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{Account, AccountId, Name, Role, Timestamp};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::files;
use crate::lookup::{self, Named};
use crate::secret;

/// People.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Signs in, and prints the session's token
    SignIn(SignIn),
    /// Ends the session or token that the command comes with
    SignOut,
    /// Shows one's own account
    Me,
    /// API tokens of one's own account
    #[command(subcommand)]
    Token(token::Tokens),
    /// The key that a reviewer opens sealed outputs with
    #[command(subcommand)]
    Key(key::Keys),
    /// Organisations
    #[command(subcommand)]
    Organisation(organisation::Organisations),
    /// Accounts
    #[command(subcommand)]
    Account(account::Accounts),
    /// Gives an account a role
    Appoint(Appoint),
    /// Ends a role of an account, from now on
    Dismiss {
        #[command(flatten)]
        about: About,
        /// The role
        #[arg(long)]
        role: Role,
    },
    /// Closes an account; its tokens end
    Close(About),
    /// Lifts the lock-out of an account after failed sign-ins
    Unlock(About),
}

/// An account, and why something is done to it.
#[derive(Debug, Args)]
pub struct About {
    /// Id or name of the account
    account: Named<AccountId>,
    /// Why; it goes onto the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Who signs in. The password comes from standard input, or from a file.
#[derive(Debug, Args)]
pub struct SignIn {
    /// Name of the account
    account: Name,
    /// File that holds the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Keeps the token in this file instead of printing it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// An appointment, from now on.
#[derive(Debug, Args)]
pub struct Appoint {
    /// Id or name of the account
    account: Named<AccountId>,
    /// The role
    #[arg(long)]
    role: Role,
    /// When it ends, such as 2027-01-01T00:00:00+08:00
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Resources that a regulator's remit covers; none means all
    #[arg(long = "resource", value_name = "NAME")]
    resources: Vec<Name>,
}

impl User {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::SignIn(sign_in) => sign_in.run(caller)?,
            Self::SignOut => {
                caller.client()?.delete("/sessions").empty()?;
                caller.printer().say(&json!({}), "signed out")?;
            }
            Self::Me => {
                let me = caller.client()?.get("/me").send()?;
                caller
                    .printer()
                    .sheet(&me, |account: Account| account::one(&account))?;
            }
            Self::Token(tokens) => tokens.run(caller)?,
            Self::Key(keys) => keys.run(caller)?,
            Self::Organisation(organisations) => organisations.run(caller)?,
            Self::Account(accounts) => accounts.run(caller)?,
            Self::Appoint(appoint) => appoint.run(caller)?,
            Self::Dismiss { about, role } => about.run(caller, "dismiss", Some(role))?,
            Self::Close(about) => about.run(caller, "close", None)?,
            Self::Unlock(about) => about.run(caller, "unlock", None)?,
        }
        Ok(Exit::Done)
    }
}

impl SignIn {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.stranger()?;
        let password = secret::password(
            self.password_file.as_deref(),
            &format!("password of {}", self.account),
        )?;
        let ask = client.post("/sessions");
        let issued = ask.json(&json!({ "account": self.account, "password": password }))?;
        token::hand_over(caller.printer(), &issued, self.save.as_deref())
    }
}

impl About {
    fn run(self, caller: &Caller, step: &str, role: Option<Role>) -> anyhow::Result<()> {
        let client = caller.client()?;
        let id = lookup::account(&client, &self.account)?;
        let mut body = json!({ "reason": self.reason });
        if let (Some(role), Some(fields)) = (role, body.as_object_mut()) {
            fields.insert("role".to_owned(), json!(role));
        }
        let account = client.post(format!("/accounts/{id}/{step}")).json(&body)?;
        caller
            .printer()
            .sheet(&account, |account: Account| account::one(&account))
    }
}

impl Appoint {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let id = lookup::account(&client, &self.account)?;
        let body = json!({ "role": self.role, "until": self.until, "remit": { "resources": self.resources } });
        let account = client
            .post(format!("/accounts/{id}/appointments"))
            .json(&body)?;
        caller
            .printer()
            .sheet(&account, |account: Account| account::one(&account))
    }
}

/// A title in both languages, as arguments.
#[derive(Debug, Clone, Args)]
pub struct Title {
    /// Title in Chinese
    #[arg(long, value_name = "TEXT")]
    title_zh: Option<String>,
    /// Title in English
    #[arg(long, value_name = "TEXT")]
    title_en: Option<String>,
}

impl Title {
    /// The title; a language that was not given takes the other's, and both take the name.
    pub fn text(&self, name: &Name) -> yunei_model::Text {
        let either = self.title_zh.as_ref().or(self.title_en.as_ref());
        let either = either.map_or_else(|| name.to_string(), Clone::clone);
        yunei_model::Text {
            zh: self.title_zh.clone().unwrap_or_else(|| either.clone()),
            en: self.title_en.clone().unwrap_or(either),
        }
    }
}

/// Reads a file that lists several new things under one key, such as `[[organisation]]`.
pub fn several<T: serde::de::DeserializeOwned>(
    path: &std::path::Path,
    key: &str,
) -> Result<Vec<T>, crate::failure::Input> {
    let mut tables: std::collections::BTreeMap<String, Vec<T>> = files::toml(path)?;
    let things = tables.remove(key);
    match things {
        Some(things) if tables.is_empty() => Ok(things),
        _ => Err(crate::failure::Input::new(format!(
            "`{}` has `[[{key}]]` and nothing else",
            path.display()
        ))),
    }
}
