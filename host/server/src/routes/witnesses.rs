//! The log's witnesses: how far it is witnessed, and how it stands with each.

use std::sync::Arc;

use axum::extract::State;
use yunei_authority::Action;
use yunei_lifecycle::{Domain, WitnessingView};

use super::record::TAG;
use crate::answer::{Answer, Answered};
use crate::caller::Caller;
use crate::document::Description;
use crate::route::{Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/log/witnesses", witnesses)
            .decided_by(&[Action::VerifyRecord])
            .reads("everyone may check, as often as they like; operating units learn no size and no time")
            .described(
                Description::new(
                    TAG,
                    "witnesses",
                    "How far the log is witnessed, and how it stands with each witness.",
                )
                .gives("Witnessing"),
            ),
    ]
}

async fn witnesses(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
) -> Answered<WitnessingView> {
    Ok(Answer::ok(domain.witnessing(&actor).await?))
}
