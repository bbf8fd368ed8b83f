//! Requests for stops: authorities ask, the bureau sees.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Actor, Domain, NewStopRequest, StopRequestView};
use yunei_model::{StopRequestId, StopTarget};

use super::record::TAG;
use super::words::given;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::repeat::{Key, Repeatable, Repeats};
use crate::route::{Route, get, post};

const STOP_REQUESTS: &str = "/api/v1/stop-requests";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post(STOP_REQUESTS, ask)
            .decided_by(&[Action::RequestStop])
            .writes(&[Kind::StopRequested])
            .described(
                Description::new(
                    TAG,
                    "requestStop",
                    "An authority asks the bureau for a stop of a run, of a grant, or of everything.",
                )
                .repeatable()
                .takes("NewStopRequest")
                .gives_as(StatusCode::CREATED, "asked for", "StopRequest"),
            ),
        get(STOP_REQUESTS, list)
            .decided_by(&[Action::ViewStopRequests])
            .reads("what stops were asked for, and whether what they are about goes on")
            .described(
                Description::new(TAG, "stopRequests", "Requests for stops.")
                    .asks::<Part<StopRequestId>>()
                    .lists("StopRequest"),
            ),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    target: StopTarget,
    #[serde(deserialize_with = "given")]
    reason: String,
}

async fn ask(
    State(domain): State<Arc<Domain>>,
    State(repeats): State<Arc<Repeats>>,
    Caller(actor): Caller,
    key: Option<Key>,
    Sent { value, bytes }: Sent<New>,
) -> Result<Response, Failure> {
    let request = Repeatable {
        domain: &domain,
        repeats: &repeats,
        key,
        path: STOP_REQUESTS,
        body: &bytes,
        status: StatusCode::CREATED,
    };
    let New { target, reason } = value;
    let new = NewStopRequest { target, reason };
    let ask = async |actor: &Actor| domain.request_stop(actor, new).await;
    request.serve(actor, ask).await
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<StopRequestId>>,
) -> Answered<Listed<StopRequestView, StopRequestId>> {
    let listed = domain.stop_requests(&actor, part.page()?).await?;
    Ok(Answer::ok(listed.into()))
}
