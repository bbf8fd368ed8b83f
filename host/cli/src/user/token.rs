//! `yunei user token`.

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_model::{Name, Timestamp, TokenId};

use crate::caller::Caller;
use crate::files;
use crate::printer::{Printer, read};
use crate::sheet::time;

/// Tokens.
#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// Issues an API token, and prints it this once
    Issue {
        /// What it is for
        #[arg(long, value_name = "NAME")]
        label: Option<Name>,
        /// Keeps the token in this file instead of printing it
        #[arg(long, value_name = "FILE")]
        save: Option<std::path::PathBuf>,
    },
    /// Revokes a token
    Revoke {
        /// Id of the token
        token: TokenId,
    },
}

/// A token as it was issued.
#[derive(Deserialize)]
struct Issued {
    id: TokenId,
    secret: String,
    expires_at: Timestamp,
}

impl Tokens {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        match self {
            Self::Issue { label, save } => {
                let issued = client.post("/tokens").json(&json!({ "label": label }))?;
                hand_over(caller.printer(), &issued, save.as_deref())
            }
            Self::Revoke { token } => {
                client.delete(format!("/tokens/{token}")).empty()?;
                caller
                    .printer()
                    .say(&json!({ "revoked": token }), &format!("{token} is revoked"))
            }
        }
    }
}

/// Hands a token over: to a file of its owner's alone, or to standard output with nothing else, so that
/// `YUNEI_TOKEN=$(yunei user sign-in …)` works.
pub fn hand_over(printer: Printer, issued: &Value, save: Option<&Path>) -> anyhow::Result<()> {
    let token: Issued = read(issued)?;
    let ends = format!("token {} ends {}", token.id, time(token.expires_at));
    let Some(path) = save else {
        printer.aside(&ends);
        return printer.say(issued, &token.secret);
    };
    files::write_secret(path, &token.secret)?;
    let path = path.to_str().context("the file's name is not UTF-8")?;
    let told = json!({ "id": token.id, "file": path, "expires_at": token.expires_at });
    printer.say(&told, &format!("{ends}; it is in `{path}`"))
}
