//! Scenarios: 无场景不授权.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, NewScenario};
use yunei_model::{Scenario, ScenarioId};

use super::grants::TAG;
use super::words::Reasoned;
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
        post("/api/v1/scenarios", propose)
            .decided_by(&[Action::ProposeScenario])
            .writes(&[Kind::ScenarioProposed])
            .described(
                Description::new(TAG, "proposeScenario", "Proposes a scenario.")
                    .takes("NewScenario")
                    .gives_as(StatusCode::CREATED, "proposed", "Scenario"),
            ),
        get("/api/v1/scenarios", list)
            .decided_by(&[Action::ViewScenario])
            .reads("purposes in words, and no data")
            .described(
                Description::new(TAG, "scenarios", "Scenarios.")
                    .asks::<Part<ScenarioId>>()
                    .lists("Scenario"),
            ),
        post("/api/v1/scenarios/{id}/approve", approve)
            .decided_by(&[Action::ApproveScenario])
            .writes(&[Kind::ScenarioApproved])
            .described(
                Description::new(TAG, "approveScenario", "Approves a scenario.").gives("Scenario"),
            ),
        post("/api/v1/scenarios/{id}/close", close)
            .decided_by(&[Action::CloseScenario])
            .writes(&[Kind::ScenarioClosed])
            .described(
                Description::new(
                    TAG,
                    "closeScenario",
                    "Closes a scenario to new grants; those that name it stay in force.",
                )
                .takes("Reason")
                .gives("Scenario"),
            ),
    ]
}

async fn propose(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<NewScenario>,
) -> Answered<Scenario> {
    let scenario = domain.propose_scenario(&actor, value).await?;
    Ok(Answer::created(scenario))
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<ScenarioId>>,
) -> Answered<Listed<Scenario, ScenarioId>> {
    let items = domain.scenarios(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn approve(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(scenario): Segment<ScenarioId>,
) -> Answered<Scenario> {
    let scenario = domain.approve_scenario(&actor, scenario).await?;
    Ok(Answer::ok(scenario))
}

async fn close(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(scenario): Segment<ScenarioId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Scenario> {
    let scenario = domain
        .close_scenario(&actor, scenario, &value.reason)
        .await?;
    Ok(Answer::ok(scenario))
}
