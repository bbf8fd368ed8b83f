//! The emergency stop 紧急停用.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::Domain;
use yunei_store::Emergency;

use super::record::TAG;
use super::words::Reasoned;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::route::{Route, delete, get, post};

const EMERGENCY: &str = "/api/v1/emergency";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post(EMERGENCY, declare)
            .decided_by(&[Action::EmergencyStop])
            .writes(&[
                Kind::EmergencyStop,
                Kind::RunStopped,
                Kind::SealedOutputDestroyed,
            ])
            .described(
                Description::new(
                    TAG,
                    "emergencyStop",
                    "Stops everything that runs; nothing new starts.",
                )
                .takes("Reason")
                .gives_as(StatusCode::CREATED, "stopped", "Emergency"),
            ),
        delete(EMERGENCY, lift)
            .decided_by(&[Action::LiftEmergency])
            .writes(&[Kind::EmergencyLifted])
            .described(
                Description::new(TAG, "liftEmergency", "Lifts the emergency stop.")
                    .takes("Reason")
                    .gives_nothing(),
            ),
        get(EMERGENCY, state)
            .signed_in("everyone who works here must know why nothing runs")
            .reads("the same for everyone")
            .described(
                Description::new(TAG, "emergency", "Whether everything is stopped.")
                    .gives("EmergencyState"),
            ),
    ]
}

#[derive(Debug, Serialize)]
struct EmergencyState {
    emergency: Option<Emergency>,
}

async fn declare(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Emergency> {
    let emergency = domain.emergency_stop(&actor, &value.reason).await?;
    Ok(Answer::created(emergency))
}

async fn lift(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<Reasoned>,
) -> Result<StatusCode, Failure> {
    domain.lift_emergency(&actor, &value.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn state(State(domain): State<Arc<Domain>>, Caller(_): Caller) -> Answered<EmergencyState> {
    let emergency = domain.emergency().await?;
    Ok(Answer::ok(EmergencyState { emergency }))
}
