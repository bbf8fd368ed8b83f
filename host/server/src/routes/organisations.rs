//! Organisations.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, NewOrganisation};
use yunei_model::{Organisation, OrganisationId};

use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Route, get, post};

pub(super) const TAG: &str = "people";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/organisations", register)
            .decided_by(&[Action::RegisterOrganisation])
            .writes(&[Kind::OrganisationRegistered])
            .described(
                Description::new(TAG, "registerOrganisation", "Registers an organisation.")
                    .takes("NewOrganisation")
                    .gives_as(StatusCode::CREATED, "registered", "Organisation"),
            ),
        get("/api/v1/organisations", list)
            .decided_by(&[Action::ViewOrganisation])
            .reads("the register of organisations; no personal data")
            .described(
                Description::new(TAG, "organisations", "Organisations.")
                    .asks::<Part<OrganisationId>>()
                    .lists("Organisation"),
            ),
    ]
}

async fn register(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<NewOrganisation>,
) -> Answered<Organisation> {
    let organisation = domain.register_organisation(&actor, value).await?;
    Ok(Answer::created(organisation))
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<OrganisationId>>,
) -> Answered<Listed<Organisation, OrganisationId>> {
    let items = domain.organisations(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}
