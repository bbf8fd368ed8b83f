//! Standing approvals.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, StandingReason};
use yunei_model::{RunId, Standing, StandingId};

use super::releases::TAG;
use super::words::{Reasoned, given};
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Route, get, post};
use crate::segment::Segment;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/standing", list)
            .decided_by(&[Action::ViewRun, Action::WithdrawStanding])
            .reads("which editions leave without being asked about, and who approved that")
            .described(
                Description::new(
                    TAG,
                    "standingApprovals",
                    "Standing approvals, those over among them.",
                )
                .asks::<Part<StandingId>>()
                .lists("Standing"),
            ),
        post("/api/v1/runs/{id}/standing", approve)
            .decided_by(&[Action::ApproveStanding])
            .writes(&[Kind::StandingApproved])
            .described(
                Description::new(
                    TAG,
                    "approveStanding",
                    "Approves that later editions of a product leave when they pass every check, on the grounds of one that two reviewers released. Two people put it in force.",
                )
                .takes("NewStanding")
                .gives_as(StatusCode::CREATED, "approved", "Standing"),
            ),
        post("/api/v1/standing/{id}/withdraw", withdraw)
            .decided_by(&[Action::WithdrawStanding])
            .writes(&[Kind::StandingWithdrawn])
            .described(
                Description::new(
                    TAG,
                    "withdrawStanding",
                    "Takes a standing approval back, at once.",
                )
                .takes("Reason")
                .gives("Standing"),
            ),
    ]
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<StandingId>>,
) -> Answered<Listed<Standing, StandingId>> {
    let listed = domain.standing_approvals(&actor, part.page()?).await?;
    Ok(Answer::ok(listed.into()))
}

/// Why, and for how long.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStanding {
    #[serde(deserialize_with = "given")]
    reason: String,
    #[serde(default)]
    days: Option<u32>,
}

async fn approve(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
    Sent { value, .. }: Sent<NewStanding>,
) -> Answered<Standing> {
    let given = StandingReason {
        reason: &value.reason,
        days: value.days,
    };
    let standing = domain.approve_standing(&actor, run, given).await?;
    Ok(Answer::created(standing))
}

async fn withdraw(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(id): Segment<StandingId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Standing> {
    let standing = domain.withdraw_standing(&actor, id, &value.reason).await?;
    Ok(Answer::ok(standing))
}
