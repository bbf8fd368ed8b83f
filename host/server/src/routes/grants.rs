//! Grants: drafted, consented to, in force, suspended, ended.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Actor, Domain, NewGrant};
use yunei_model::{Grant, GrantId, Name};

use super::words::{Noted, Reasoned};
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::repeat::{Key, Repeatable, Repeats};
use crate::route::{Route, get, post};
use crate::segment::Segment;

pub(super) const TAG: &str = "grants";

const GRANTS: &str = "/api/v1/grants";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = terms();
    routes.extend(steps());
    routes
}

fn terms() -> Vec<Route> {
    vec![
        post(GRANTS, draft)
            .decided_by(&[Action::DraftGrant])
            .writes(&[Kind::GrantDrafted])
            .described(
                Description::new(
                    TAG,
                    "draftGrant",
                    "Drafts a grant, or a new version of one.",
                )
                .repeatable()
                .takes("NewGrant")
                .gives_as(StatusCode::CREATED, "drafted", "Grant"),
            ),
        get(GRANTS, list)
            .decided_by(&[Action::ViewGrant])
            .reads("terms, and no data")
            .described(
                Description::new(TAG, "grants", "Grants, the newest version of each.")
                    .asks::<Part<GrantId>>()
                    .lists("Grant"),
            ),
        get("/api/v1/grants/{id}", one)
            .decided_by(&[Action::ViewGrant])
            .reads("terms, and no data")
            .described(Description::new(TAG, "grant", "One grant, newest version.").gives("Grant")),
        get("/api/v1/grants/{id}/usage", usage)
            .decided_by(&[Action::ViewUsage])
            .reads("how much of the quota is used")
            .described(
                Description::new(TAG, "usage", "What has been used of a grant.").gives("Usage"),
            ),
        post("/api/v1/grants/{id}/consents", consent)
            .decided_by(&[Action::ConsentGrant])
            .writes(&[Kind::GrantConsented])
            .described(
                Description::new(
                    TAG,
                    "consentGrant",
                    "A source unit consents, for one of its resources.",
                )
                .takes("NewConsent")
                .gives_as(StatusCode::CREATED, "consented", "Grant"),
            ),
    ]
}

fn steps() -> Vec<Route> {
    vec![
        post("/api/v1/grants/{id}/activate", activate)
            .decided_by(&[Action::ActivateGrant])
            .writes(&[
                Kind::GrantActivated,
                Kind::RunStopped,
                Kind::SealedOutputDestroyed,
            ])
            .described(
                Description::new(
                    TAG,
                    "activateGrant",
                    "Brings a consented grant into force; runs that use what an amendment gives no more stop at once.",
                )
                .takes("Note")
                .gives("Grant"),
            ),
        post("/api/v1/grants/{id}/suspend", suspend)
            .decided_by(&[Action::SuspendGrant])
            .writes(&[
                Kind::GrantSuspended,
                Kind::RunStopped,
                Kind::SealedOutputDestroyed,
            ])
            .described(
                Description::new(
                    TAG,
                    "suspendGrant",
                    "Suspends a grant; its runs stop at once.",
                )
                .takes("Reason")
                .gives("Grant"),
            ),
        post("/api/v1/grants/{id}/resume", resume)
            .decided_by(&[Action::ResumeGrant])
            .writes(&[Kind::GrantResumed])
            .described(
                Description::new(TAG, "resumeGrant", "Resumes a suspended grant.")
                    .takes("Note")
                    .gives("Grant"),
            ),
        post("/api/v1/grants/{id}/revoke", revoke)
            .decided_by(&[Action::RevokeGrant])
            .writes(&[
                Kind::GrantRevoked,
                Kind::RunStopped,
                Kind::SealedOutputDestroyed,
            ])
            .described(
                Description::new(
                    TAG,
                    "revokeGrant",
                    "Revokes a grant; its runs stop at once, and what they sealed is destroyed.",
                )
                .takes("Reason")
                .gives("Grant"),
            ),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewConsent {
    resource: Name,
}

#[derive(Debug, Serialize)]
struct Usage {
    runs: u64,
    rows: u64,
    released_cells: u64,
}

async fn draft(
    State(domain): State<Arc<Domain>>,
    State(repeats): State<Arc<Repeats>>,
    Caller(actor): Caller,
    key: Option<Key>,
    Sent { value, bytes }: Sent<NewGrant>,
) -> Result<Response, Failure> {
    let request = Repeatable {
        domain: &domain,
        repeats: &repeats,
        key,
        path: GRANTS,
        body: &bytes,
        status: StatusCode::CREATED,
    };
    let draft = async |actor: &Actor| domain.draft_grant(actor, value).await;
    request.serve(actor, draft).await
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<GrantId>>,
) -> Answered<Listed<Grant, GrantId>> {
    let items = domain.grants(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn one(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
) -> Answered<Grant> {
    Ok(Answer::ok(domain.grant(&actor, grant).await?))
}

async fn usage(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
) -> Answered<Usage> {
    let used = domain.usage(&actor, grant).await?;
    Ok(Answer::ok(Usage {
        runs: used.runs,
        rows: used.rows,
        released_cells: used.released_cells,
    }))
}

async fn consent(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
    Sent { value, .. }: Sent<NewConsent>,
) -> Answered<Grant> {
    let grant = domain.consent_grant(&actor, grant, &value.resource).await?;
    Ok(Answer::created(grant))
}

async fn activate(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
    Sent { value, .. }: Sent<Noted>,
) -> Answered<Grant> {
    let grant = domain.activate_grant(&actor, grant, &value.reason).await?;
    Ok(Answer::ok(grant))
}

async fn suspend(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Grant> {
    let grant = domain.suspend_grant(&actor, grant, &value.reason).await?;
    Ok(Answer::ok(grant))
}

async fn resume(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
    Sent { value, .. }: Sent<Noted>,
) -> Answered<Grant> {
    let grant = domain.resume_grant(&actor, grant, &value.reason).await?;
    Ok(Answer::ok(grant))
}

async fn revoke(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(grant): Segment<GrantId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Grant> {
    let grant = domain.revoke_grant(&actor, grant, &value.reason).await?;
    Ok(Answer::ok(grant))
}
