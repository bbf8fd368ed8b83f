//! `yunei emergency`: the emergency stop 紧急停用.

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use yunei_model::{
    AccountId, GrantId, OrganisationId, RunId, StopRequestId, StopTarget, Timestamp,
};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::page::{self, Part};
use crate::sheet::{Sheet, time};

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
    /// Asks the bureau for a stop of a run, of a grant, or of everything
    Request {
        /// The run
        #[arg(long, value_name = "ID", conflicts_with = "grant")]
        run: Option<RunId>,
        /// The grant
        #[arg(long, value_name = "ID")]
        grant: Option<GrantId>,
        /// Why; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lists the stops that were asked for
    Requests(Part),
}

/// A request for a stop, as a list has it.
#[derive(Debug, Deserialize)]
struct Requested {
    id: StopRequestId,
    target: StopTarget,
    reason: String,
    organisation: OrganisationId,
    at: Timestamp,
    open: bool,
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
            Self::Request { run, grant, reason } => {
                let target = match (run, grant) {
                    (Some(run), _) => StopTarget::Run { run },
                    (None, Some(grant)) => StopTarget::Grant { grant },
                    (None, None) => StopTarget::Domain,
                };
                let asked = client
                    .post("/stop-requests")
                    .json(&json!({ "target": target, "reason": reason }))?;
                printer.show(&asked, |asked: Requested| {
                    format!("the bureau is asked: {}", asked.id)
                })?;
            }
            Self::Requests(part) => {
                page::show(printer, &part, || client.get("/stop-requests"), requests)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn requests(requests: Vec<Requested>) -> Sheet {
    let mut sheet = Sheet::new(["id", "at", "authority", "about", "goes on", "reason"]);
    for request in requests {
        let about = match request.target {
            StopTarget::Domain => "everything".to_owned(),
            StopTarget::Grant { grant } => format!("grant {grant}"),
            StopTarget::Run { run } => format!("run {run}"),
        };
        sheet.row([
            request.id.to_string(),
            time(request.at),
            request.organisation.to_string(),
            about,
            if request.open { "yes" } else { "no" }.to_owned(),
            request.reason,
        ]);
    }
    sheet
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
