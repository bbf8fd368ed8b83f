//! Alerts: what the rules over the record raised, and who took notice.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{AlertView, Domain};
use yunei_model::AlertId;

use super::record::TAG;
use super::words::Reasoned;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, page};
use crate::query::Asked;
use crate::route::{Route, get, post};
use crate::segment::Segment;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/alerts", list)
            .decided_by(&[Action::ViewAlert])
            .reads("counts and ids, for those who supervise; authorities' reading is `queried`")
            .described(
                Description::new(
                    TAG,
                    "alerts",
                    "What the rules over the record raised, the oldest first.",
                )
                .asks::<Alerts>()
                .lists("Alert"),
            ),
        post("/api/v1/alerts/{id}/acknowledgement", acknowledge)
            .decided_by(&[Action::ViewAlert, Action::AcknowledgeAlert])
            .writes(&[Kind::AlertAcknowledged])
            .described(
                Description::new(
                    TAG,
                    "acknowledgeAlert",
                    "Takes notice of an alert; its rule may raise another one about the same from then on.",
                )
                .takes("Reason")
                .gives("Alert"),
            ),
    ]
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Alerts {
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<AlertId>,
    /// Items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Only those that nobody has acknowledged.
    #[serde(default)]
    #[param(required = false)]
    open: bool,
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(asked): Asked<Alerts>,
) -> Answered<Listed<AlertView, AlertId>> {
    let page = page(asked.after, asked.limit)?;
    let alerts = domain.alerts(&actor, asked.open, page).await?;
    Ok(Answer::ok(alerts.into()))
}

async fn acknowledge(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(alert): Segment<AlertId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<AlertView> {
    let alert = domain
        .acknowledge_alert(&actor, alert, &value.reason)
        .await?;
    Ok(Answer::ok(alert))
}
