//! Outputs that people decide about.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, OpenedOutput, RunDetail};
use yunei_model::RunId;

use super::modules::NewReview;
use super::releases::TAG;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Budget, Route, get, post};
use crate::segment::Segment;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/reviews", awaiting)
            .decided_by(&[Action::ViewRun, Action::ReviewRelease])
            .reads("which outputs wait, with the figures of checks and without a value of theirs")
            .described(
                Description::new(
                    TAG,
                    "reviews",
                    "Outputs that wait for the asker's decision.",
                )
                .asks::<Part<RunId>>()
                .lists("RunDetail"),
            ),
        get("/api/v1/runs/{id}/output", output)
            .decided_by(&[Action::ViewSealedOutput])
            .writes(&[Kind::ReleaseViewed])
            .described(
                Description::new(TAG, "output", "Opens a sealed output for a reviewer.")
                    .gives("OpenedOutput"),
            )
            .costing(Budget::TABLE),
        post("/api/v1/runs/{id}/reviews", review)
            .decided_by(&[Action::ReviewRelease])
            .writes(&[
                Kind::ReleaseReviewed,
                Kind::RunReleased,
                Kind::RunWithheld,
                Kind::RunStopped,
                Kind::SealedOutputDestroyed,
            ])
            .described(
                Description::new(
                    TAG,
                    "reviewOutput",
                    "Decides about an output. Two people release it, one keeps it inside.",
                )
                .takes("NewReview")
                .gives_as(StatusCode::CREATED, "reviewed", "RunDetail"),
            )
            .costing(Budget::TABLE),
    ]
}

async fn awaiting(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<RunId>>,
) -> Answered<Listed<RunDetail, RunId>> {
    let listed = domain.awaiting_review(&actor, part.page()?).await?;
    Ok(Answer::ok(listed.into()))
}

async fn output(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
) -> Answered<OpenedOutput> {
    Ok(Answer::ok(domain.open_output(&actor, run).await?))
}

async fn review(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
    Sent { value, .. }: Sent<NewReview>,
) -> Answered<RunDetail> {
    let detail = domain
        .review_release(&actor, run, value.outcome, &value.reason)
        .await?;
    Ok(Answer::created(detail))
}
