//! Exports of the record: streamed as they are read, each line with what a receipt needs.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::Domain;
use yunei_model::{
    AccountId, CallDecision, GrantId, ModuleId, Name, OrganisationId, RunId, Timestamp,
};
use yunei_store::EntryFilter;

use super::record::TAG;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::lines::{Head, Lines, Written, streamed};
use crate::query::{Asked, moment_if_any, several};
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

/// Which entries, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Exporting {
    /// `jsonl` (the default) or `csv`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    format: Written,
    /// With the inclusion proof of each entry under the checkpoint.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    receipts: bool,
    /// Of these kinds, separated by commas.
    #[serde(default, deserialize_with = "several")]
    #[param(value_type = Option<String>)]
    kind: Vec<Kind>,
    /// About this run.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
    /// About this operating unit.
    #[param(value_type = Option<String>)]
    operator: Option<OrganisationId>,
    /// About this grant.
    #[param(value_type = Option<String>)]
    grant: Option<GrantId>,
    /// About this module.
    #[param(value_type = Option<String>)]
    module: Option<ModuleId>,
    /// About this resource: naming it, or about a run, a grant or a module of it.
    #[param(value_type = Option<String>)]
    resource: Option<Name>,
    /// Done by this account.
    #[param(value_type = Option<String>)]
    actor: Option<AccountId>,
    /// Where policy said so: `allowed` or `denied`.
    #[param(value_type = Option<String>)]
    decision: Option<CallDecision>,
    /// Made at or after, in RFC 3339.
    #[serde(default, deserialize_with = "moment_if_any")]
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Made before, in RFC 3339.
    #[serde(default, deserialize_with = "moment_if_any")]
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
}

async fn export(
    State(domain): State<Arc<Domain>>,
    State(streams): State<Arc<Streams>>,
    Caller(actor): Caller,
    Asked(asked): Asked<Exporting>,
) -> Result<Response, Failure> {
    let place = streams.place(Lasting::Export, actor.principal().account)?;
    let (format, receipts) = (asked.format, asked.receipts);
    let filter = EntryFilter {
        kinds: asked.kind,
        operator: asked.operator,
        run: asked.run,
        actor: asked.actor,
        grant: asked.grant,
        module: asked.module,
        resource: asked.resource,
        decision: asked.decision,
        since: asked.since,
        until: asked.until,
    };
    let export = domain.export(&actor, filter, receipts).await?;
    let head = Head::of(&domain, &export, None);
    let lines = Lines::entries(export, format, receipts, head, place);
    Ok(streamed(
        Body::from_stream(lines.stream()),
        format,
        "record",
    ))
}
