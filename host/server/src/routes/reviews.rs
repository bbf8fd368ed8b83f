//! Outputs that people decide about.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, RunDetail, SealedForReviewer};
use yunei_model::{AccountId, Recipient, ReviewOutcome, ReviewerKey, RunId};

use super::releases::TAG;
use super::words::short;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Budget, Route, get, post};
use crate::segment::Segment;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = outputs();
    routes.extend(keys());
    routes
}

/// Outputs, and decisions about them.
fn outputs() -> Vec<Route> {
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
                Description::new(
                    TAG,
                    "output",
                    "Opens a sealed output for a reviewer: encrypted to the key that they registered.",
                )
                .gives("SealedForReviewer"),
            )
            .costing(Budget::TABLE),
        post("/api/v1/runs/{id}/reviews", review)
            .decided_by(&[Action::ReviewRelease])
            .writes(&[
                Kind::ReleaseReviewed,
                Kind::RunReleased,
                Kind::RunJudgedAnew,
                Kind::RunWithheld,
                Kind::RunStopped,
                Kind::SealedOutputDestroyed,
            ])
            .described(
                Description::new(
                    TAG,
                    "reviewOutput",
                    "Decides about an output. Two people release it, one keeps it inside. What left meanwhile has it judged anew, and people asked anew.",
                )
                .takes("NewOutputReview")
                .gives_as(StatusCode::CREATED, "reviewed", "RunDetail"),
            )
            .costing(Budget::TABLE),
    ]
}

/// Keys that reviewers open outputs with.
fn keys() -> Vec<Route> {
    vec![
        get("/api/v1/accounts/{id}/reviewer-key", key)
            .decided_by(&[Action::ViewAccount])
            .reads("a public key, for its owner and those who run the register")
            .described(
                Description::new(
                    TAG,
                    "reviewerKey",
                    "The key that an account opens sealed outputs with.",
                )
                .gives("ReviewerKey"),
            ),
        post("/api/v1/accounts/{id}/reviewer-key", register_key)
            .decided_by(&[Action::RegisterReviewerKey])
            .writes(&[Kind::ReviewerKeyRegistered])
            .described(
                Description::new(
                    TAG,
                    "registerReviewerKey",
                    "Registers the key that the own account opens sealed outputs with. One that replaces another waits for the security administrator.",
                )
                .takes("NewReviewerKey")
                .gives_as(StatusCode::CREATED, "registered", "ReviewerKey"),
            ),
        post("/api/v1/accounts/{id}/reviewer-key/confirm", confirm_key)
            .decided_by(&[Action::ConfirmReviewerKey])
            .writes(&[Kind::ReviewerKeyConfirmed])
            .described(
                Description::new(
                    TAG,
                    "confirmReviewerKey",
                    "Confirms a key that replaced another.",
                )
                .takes("NewReviewerKey")
                .gives("ReviewerKey"),
            ),
    ]
}

/// One person's review of an output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOutputReview {
    outcome: ReviewOutcome,
    #[serde(default, deserialize_with = "short")]
    reason: String,
    judgement: Option<u64>,
}

/// A reviewer's public key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewReviewerKey {
    recipient: Recipient,
}

async fn key(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
) -> Answered<ReviewerKey> {
    Ok(Answer::ok(domain.reviewer_key(&actor, account).await?))
}

async fn register_key(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
    Sent { value, .. }: Sent<NewReviewerKey>,
) -> Answered<ReviewerKey> {
    let key = domain
        .register_reviewer_key(&actor, account, value.recipient)
        .await?;
    Ok(Answer::created(key))
}

async fn confirm_key(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
    Sent { value, .. }: Sent<NewReviewerKey>,
) -> Answered<ReviewerKey> {
    let key = domain
        .confirm_reviewer_key(&actor, account, &value.recipient)
        .await?;
    Ok(Answer::ok(key))
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
) -> Answered<SealedForReviewer> {
    Ok(Answer::ok(domain.open_output(&actor, run).await?))
}

async fn review(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
    Sent { value, .. }: Sent<NewOutputReview>,
) -> Answered<RunDetail> {
    let detail = domain
        .review_release(&actor, run, value.outcome, &value.reason, value.judgement)
        .await?;
    Ok(Answer::created(detail))
}
