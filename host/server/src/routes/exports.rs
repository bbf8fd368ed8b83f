//! Exports of the record: streamed as they are read, each line with what a receipt needs.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use yunei_authority::Action;
use yunei_lifecycle::Domain;

use super::choice::asks_for_entries;
use super::record::TAG;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::lines::{Head, Lines, Written, streamed};
use crate::query::Asked;
use crate::route::{Route, get};
use crate::streams::{Lasting, Streams};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/record/export", export)
            .decided_by(&[Action::ViewRecord])
            .reads("whoever may read the record leaves `queried`, as its policies want")
            .described(
                Description::new(TAG, "exportRecord", ABOUT)
                    .asks::<Exporting>()
                    .gives_file("the entries that the asker may see, up to where the record stood at the beginning"),
            ),
    ]
}

const ABOUT: &str = "Entries as JSON lines or CSV, as large as the record is. The first lines tell the checkpoint and how to \
verify, the last one that it is complete. Each entry comes with its index and leaf hash in the log, and with `receipts` its inclusion proof.";

asks_for_entries! {
    /// Which entries, and how.
    dated struct Exporting {
        /// `jsonl` (the default) or `csv`.
        #[serde(default)]
        #[param(value_type = Option<String>)]
        format: Written,
        /// With the inclusion proof of each entry under the checkpoint.
        #[serde(default)]
        #[param(value_type = Option<bool>)]
        receipts: bool,
    }
}

async fn export(
    State(domain): State<Arc<Domain>>,
    State(streams): State<Arc<Streams>>,
    Caller(actor): Caller,
    Asked(asked): Asked<Exporting>,
) -> Result<Response, Failure> {
    let place = streams.place(Lasting::Export, actor.principal().account)?;
    let (format, receipts) = (asked.format, asked.receipts);
    let filter = asked.dated_filter();
    let export = domain.export(&actor, filter, receipts).await?;
    let head = Head::of(&domain, &export, None);
    let lines = Lines::entries(export, format, receipts, head, place);
    Ok(streamed(
        Body::from_stream(lines.stream()),
        format,
        "record",
    ))
}
