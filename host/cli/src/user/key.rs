//! `yunei user key`: the key that a reviewer opens sealed outputs with. It is an age key: any age implementation reads them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use yunei_model::{Account, AccountId, Recipient, ReviewerKey};

use crate::caller::Caller;
use crate::client::Client;
use crate::failure::Input;
use crate::files;
use crate::lookup::{self, Named};
use crate::printer::read;
use crate::sheet::{Sheet, time};

/// Reviewers' keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Makes a key pair, on this machine alone, and prints its public key
    New {
        /// Where the identity goes; its owner alone may read it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Registers a public key for one's own account; one that replaces another waits for the security administrator
    Register {
        /// The public key, age1…
        recipient: Recipient,
    },
    /// Shows the key of an account, by default of one's own
    Show {
        /// Id or name of the account
        account: Option<Named<AccountId>>,
    },
    /// Confirms a reviewer's new key, which the reviewer told on another way
    Confirm {
        /// Id or name of the account
        account: Named<AccountId>,
        /// The public key, age1…
        recipient: Recipient,
    },
}

impl Keys {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let printer = caller.printer();
        let key = match self {
            Self::New { out } => {
                let recipient = make(&out)?;
                let told = json!({ "file": out, "recipient": recipient });
                return printer.say(&told, &recipient);
            }
            Self::Register { recipient } => {
                let client = caller.client()?;
                let account = own(&client)?;
                client
                    .post(format!("/accounts/{account}/reviewer-key"))
                    .json(&json!({ "recipient": recipient }))?
            }
            Self::Show { account } => {
                let client = caller.client()?;
                let account = match account {
                    Some(named) => lookup::account(&client, &named)?,
                    None => own(&client)?,
                };
                client
                    .get(format!("/accounts/{account}/reviewer-key"))
                    .send()?
            }
            Self::Confirm { account, recipient } => {
                let client = caller.client()?;
                let account = lookup::account(&client, &account)?;
                client
                    .post(format!("/accounts/{account}/reviewer-key/confirm"))
                    .json(&json!({ "recipient": recipient }))?
            }
        };
        printer.sheet(&key, |key: ReviewerKey| one(&key))
    }
}

fn own(client: &Client) -> anyhow::Result<AccountId> {
    let me: Account = read(&client.get("/me").send()?)?;
    Ok(me.id)
}

/// Makes an identity in the format of `age-keygen`. Gives its public key.
fn make(path: &Path) -> anyhow::Result<String> {
    if path.exists() {
        return Err(Input::new(format!("`{}` is there already", path.display())).into());
    }
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let secret = identity.to_string();
    let mut text = String::new();
    write!(
        text,
        "# public key: {recipient}\n{}\n",
        secret.expose_secret()
    )
    .context("cannot write a key")?;
    files::write_secret(path, &text)?;
    Ok(recipient)
}

fn one(key: &ReviewerKey) -> Sheet {
    let mut sheet = Sheet::facts();
    sheet
        .fact("account", key.account)
        .fact("public key", &key.recipient)
        .fact("registered", time(key.registered_at))
        .fact(
            "in force",
            if key.in_force {
                "yes"
            } else {
                "no: it waits for the security administrator"
            },
        )
        .fact_if("confirmed by", key.confirmed_by);
    sheet
}
