//! `yunei retrieval`: evidence under an approval number 调取, with the signature of a second person.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{Name, OrganisationId, Retrieval, RetrievalId, RunId, Timestamp};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::files;
use crate::page::{self, Part};
use crate::sheet::{Sheet, time};

/// Seconds that handing over may take.
const FETCH_SECONDS_MAX: u64 = 6 * 3600;

/// Retrieval of evidence.
#[derive(Debug, Subcommand)]
pub enum Retrievals {
    /// Asks for evidence of a run or of a span of time
    Request(Request),
    /// Lists who asked for what, and who signed or refused
    List(Part),
    /// Signs as the second person
    Sign {
        /// Its id
        id: RetrievalId,
        /// Why it may be handed over
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Refuses with a reason what nobody has signed for, or takes one's own request back
    Refuse {
        /// Its id
        id: RetrievalId,
        /// Why it is not handed over; the authority that asked reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Fetches the evidence once it is signed for
    Fetch {
        /// Its id
        id: RetrievalId,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// What is asked for.
#[derive(Debug, Args)]
pub struct Request {
    /// Number of the approval 批准文号
    #[arg(long, value_name = "NUMBER")]
    approval: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Of this run
    #[arg(long, value_name = "ID", required_unless_present = "since")]
    run: Option<RunId>,
    /// Made at or after this time
    #[arg(long, value_name = "TIME", requires = "until")]
    since: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<Timestamp>,
    /// About this operating unit
    #[arg(long, value_name = "ID")]
    operator: Option<OrganisationId>,
    /// About this resource
    #[arg(long, value_name = "NAME")]
    resource: Option<Name>,
}

impl Retrievals {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let (client, printer) = (caller.client()?, caller.printer());
        match self {
            Self::Request(request) => {
                let mut scope = serde_json::Map::new();
                for (name, value) in [
                    ("run", request.run.map(|id| json!(id))),
                    ("since", request.since.map(|at| json!(at))),
                    ("until", request.until.map(|at| json!(at))),
                    ("operator", request.operator.map(|id| json!(id))),
                    ("resource", request.resource.map(|name| json!(name))),
                ] {
                    scope.extend(value.map(|value| (name.to_owned(), value)));
                }
                let new = json!({ "approval": request.approval, "reason": request.reason, "scope": scope });
                let asked = client.post("/retrievals").json(&new)?;
                printer.show(&asked, words)?;
            }
            Self::List(part) => page::show(printer, &part, || client.get("/retrievals"), sheet)?,
            Self::Sign { id, reason } => {
                let path = format!("/retrievals/{id}/signature");
                let signed = client.post(path).json(&json!({ "reason": reason }))?;
                printer.show(&signed, words)?;
            }
            Self::Refuse { id, reason } => {
                let path = format!("/retrievals/{id}/refusal");
                let refused = client.post(path).json(&json!({ "reason": reason }))?;
                printer.show(&refused, words)?;
            }
            Self::Fetch { id, out } => {
                let ask = client.get(format!("/retrievals/{id}/package"));
                let ask = ask.waiting(FETCH_SECONDS_MAX).large();
                let bytes = files::written(&out, |file| ask.copy_to(file))?;
                let told = json!({ "file": out, "bytes": bytes });
                let words = format!(
                    "{bytes} bytes in `{}`; its last line says whether it is complete",
                    out.display()
                );
                printer.say(&told, &words)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn words(retrieval: Retrieval) -> String {
    let Retrieval {
        id,
        approval,
        state,
        refused,
        ..
    } = retrieval;
    let why = refused.map(|refused| format!(": {}", refused.reason));
    let why = why.unwrap_or_default();
    format!("{id}: evidence under {approval} is {state}{why}")
}

fn sheet(retrievals: Vec<Retrieval>) -> Sheet {
    let mut sheet = Sheet::new([
        "id",
        "approval",
        "asked",
        "state",
        "signed",
        "of",
        "reason",
        "refused for",
    ]);
    for retrieval in retrievals {
        let scope = &retrieval.scope;
        let span = scope.since.zip(scope.until);
        let of = match (scope.run, span) {
            (Some(run), _) => run.to_string(),
            (None, Some((since, until))) => format!("{} – {}", time(since), time(until)),
            (None, None) => String::new(),
        };
        sheet.row([
            retrieval.id.to_string(),
            retrieval.approval,
            time(retrieval.requested_at),
            retrieval.state.to_string(),
            retrieval.signed_at.map(time).unwrap_or_default(),
            of,
            retrieval.reason,
            retrieval
                .refused
                .map(|refused| refused.reason)
                .unwrap_or_default(),
        ]);
    }
    sheet
}
