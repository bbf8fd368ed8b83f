//! The catalogue's resources.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::Domain;
use yunei_model::{Name, Resource, ResourceId};

use crate::answer::{Answer, Answered};
use crate::body::Raw;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Route, get, post};
use crate::segment::Segment;

pub(super) const TAG: &str = "catalogue";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/resources", register)
            .decided_by(&[Action::RegisterResource])
            .writes(&[Kind::ResourceRegistered])
            .described(
                Description::new(
                    TAG,
                    "registerResource",
                    "Registers a resource from its catalogue entry in TOML.",
                )
                .takes_raw("text/plain")
                .gives_as(StatusCode::CREATED, "registered", "Resource"),
            ),
        get("/api/v1/resources", list)
            .decided_by(&[Action::ViewCatalogue])
            .reads("the catalogue: descriptions, and no data")
            .described(
                Description::new(TAG, "resources", "Resources.")
                    .asks::<Part<ResourceId>>()
                    .lists("Resource"),
            ),
        get("/api/v1/resources/{name}", one)
            .decided_by(&[Action::ViewCatalogue])
            .reads("the catalogue: descriptions, and no data")
            .described(Description::new(TAG, "resource", "One resource.").gives("Resource")),
    ]
}

async fn register(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Raw(entry): Raw,
) -> Answered<Resource> {
    let entry = std::str::from_utf8(&entry)
        .map_err(|_| Failure::malformed("a catalogue entry is text in UTF-8"))?;
    let resource = domain.register_resource(&actor, entry).await?;
    Ok(Answer::created(resource))
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<ResourceId>>,
) -> Answered<Listed<Resource, ResourceId>> {
    let items = domain.resources(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn one(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(name): Segment<Name>,
) -> Answered<Resource> {
    Ok(Answer::ok(domain.resource(&actor, &name).await?))
}
