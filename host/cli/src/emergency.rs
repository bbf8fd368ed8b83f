//! `yunei emergency`: the emergency stop 紧急停用.

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use yunei_model::{AccountId, Timestamp};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::sheet::time;

/// The emergency stop.
#[derive(Debug, Subcommand)]
pub enum Emergency {
    /// Stops everything that runs, at once; nothing new starts until the stop is lifted
    Stop {
        /// Why; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lifts the stop
    Lift {
        /// Why; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Says whether a stop is in force
    Show,
}

/// A stop in force.
#[derive(Debug, Deserialize)]
struct InForce {
    account: AccountId,
    reason: String,
    at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct State {
    emergency: Option<InForce>,
}

impl Emergency {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        match self {
            Self::Stop { reason } => {
                let stopped = client
                    .post("/emergency")
                    .json(&json!({ "reason": reason }))?;
                printer.show(&stopped, |stop: InForce| in_force(&stop))?;
            }
            Self::Lift { reason } => {
                client
                    .delete("/emergency")
                    .json(&json!({ "reason": reason }))?;
                printer.say(
                    &json!({ "emergency": null }),
                    "the emergency stop is lifted",
                )?;
            }
            Self::Show => {
                let state = client.get("/emergency").send()?;
                let none = || "no emergency stop is in force".to_owned();
                printer.show(&state, |state: State| {
                    state.emergency.as_ref().map_or_else(none, in_force)
                })?;
            }
        }
        Ok(Exit::Done)
    }
}

fn in_force(stop: &InForce) -> String {
    let InForce {
        account,
        reason,
        at,
    } = stop;
    format!(
        "an emergency stop is in force since {}, by {account}: {reason}",
        time(*at)
    )
}
