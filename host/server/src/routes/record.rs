//! The record: entries, checkpoints, verification.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yunei_authority::Action;
use yunei_ledger::{Finding, Report};
use yunei_lifecycle::Domain;
use yunei_model::{Code, Timestamp};
use yunei_store::Recorded;

use super::choice::asks_for_entries;
use crate::answer::{Answer, Answered};
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, page};
use crate::query::Asked;
use crate::route::{Budget, Route, get};

pub(super) const TAG: &str = "record";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/record", entries)
            .decided_by(&[Action::ViewRecord])
            .reads("whoever may read the record leaves `queried`, as its policies want")
            .described(
                Description::new(TAG, "record", "Entries of the record, in the order of commits.")
                    .asks::<Entries>()
                    .lists("Recorded"),
            ),
        get("/api/v1/record/checkpoint", checkpoint)
            .decided_by(&[Action::ViewRecord])
            .reads("whoever may read the record leaves `queried`, as its policies want")
            .described(
                Description::new(TAG, "checkpoint", "The newest signed checkpoint.").gives("Checkpoint"),
            ),
        get("/api/v1/record/verify", verify)
            .decided_by(&[Action::VerifyRecord])
            .reads("everyone may check, as often as they like; it tells whether the record holds")
            .described(
                Description::new(TAG, "verifyRecord", "Computes the record anew. Operating units learn whether it holds, and no figure.")
                    .gives("Report"),
            )
            .costing(Budget::RECORD),
        get("/api/v1/log/key", key)
            .public("whoever checks the record needs it")
            .reads("the same for everyone")
            .described(
                Description::new(TAG, "logKey", "The public key of the transparency log.").gives("LogKey"),
            ),
    ]
}

asks_for_entries! {
    /// Which entries.
    dated struct Entries {
        /// The `next` of the page before.
        after: Option<u64>,
        /// Items at most.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit: Option<u32>,
        /// Oldest first (`rising`, unless it says otherwise), or newest first (`falling`).
        #[serde(default)]
        #[param(value_type = Option<String>)]
        order: Direction,
    }
}

/// In which direction a list is read.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Direction {
    #[default]
    Rising,
    Falling,
}

/// An entry and its place.
#[derive(Debug, Serialize)]
struct Placed {
    position: u64,
    index: Option<u64>,
    entry: Value,
}

#[derive(Debug, Serialize)]
struct Checkpoint {
    size: u64,
    note: String,
    signed_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct LogKey {
    key: String,
}

/// What a verification found; figures only for those who are not an operating unit.
#[derive(Debug, Serialize)]
struct Found {
    holds: bool,
    #[serde(flatten)]
    figures: Option<Figures>,
}

#[derive(Debug, Serialize)]
struct Figures {
    entries: u64,
    pending: u64,
    covered: u64,
    checkpoints: u64,
    runs: u64,
    open_runs: u64,
    calls: u64,
    findings: Vec<Finding>,
    findings_total: u64,
}

impl From<Report> for Figures {
    fn from(report: Report) -> Self {
        Self {
            entries: report.entries,
            pending: report.pending,
            covered: report.covered,
            checkpoints: report.checkpoints,
            runs: report.runs,
            open_runs: report.open_runs,
            calls: report.calls,
            findings: report.findings,
            findings_total: report.findings_total,
        }
    }
}

async fn entries(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(asked): Asked<Entries>,
) -> Answered<Listed<Placed, u64>> {
    let page = page(asked.after, asked.limit)?;
    let page = match asked.order {
        Direction::Rising => page,
        Direction::Falling => page.falling(),
    };
    let filter = asked.dated_filter();
    let found = domain.entries(&actor, &filter, page).await?;
    let items: Result<Vec<Placed>, Failure> = found.items.iter().map(value).collect();
    let (items, next) = (items?, found.next);
    Ok(Answer::ok(yunei_lifecycle::Listed { items, next }.into()))
}

fn value(recorded: &Recorded) -> Result<Placed, Failure> {
    let entry = serde_json::from_slice(recorded.entry.canonical()).map_err(Failure::inside)?;
    Ok(Placed {
        position: recorded.position,
        index: recorded.index,
        entry,
    })
}

/// The same as text, with the entry as it was hashed.
pub(super) fn placed(recorded: &Recorded) -> String {
    let entry = String::from_utf8_lossy(recorded.entry.canonical());
    let index = recorded.index.map_or("null".to_owned(), |i| i.to_string());
    let position = recorded.position;
    format!(r#"{{"position":{position},"index":{index},"entry":{entry}}}"#)
}

async fn checkpoint(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
) -> Answered<Checkpoint> {
    let newest = domain.checkpoint(&actor).await?.ok_or(Code::NotFound)?;
    Ok(Answer::ok(Checkpoint {
        size: newest.size,
        note: newest.note,
        signed_at: newest.signed_at,
    }))
}

async fn verify(State(domain): State<Arc<Domain>>, Caller(actor): Caller) -> Answered<Found> {
    let report = domain.verify_record(&actor).await?;
    // Counts of entries and calls tell of other people's runs, and of what data did to one's own.
    let figures = actor.operator().is_none();
    Ok(Answer::ok(Found {
        holds: report.holds(),
        figures: figures.then(|| Figures::from(report)),
    }))
}

async fn key(State(domain): State<Arc<Domain>>) -> Answer<LogKey> {
    Answer::ok(LogKey {
        key: domain.log_key().to_string(),
    })
}
