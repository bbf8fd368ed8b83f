//! The OpenAPI document: made of the routes, so that it tells of all of them and of nothing else.

mod description;

use serde_json::{Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, HttpMethod, InfoBuilder, License, OpenApi, OpenApiBuilder, PathsBuilder,
};

pub(crate) use description::Description;

use crate::route::{Decision, Effect, Route};
use crate::schema;

/// Name of the security scheme.
const BEARER: &str = "bearer";
/// What the document says of the whole.
const ABOUT: &str = "An authorized operation domain for public data. Operating units upload modules and submit runs; what leaves \
is a vetted table. Times are microseconds since 1970-01-01T00:00:00Z; ids are UUIDs. A thing that is not there and a thing that \
is not the asker's to see give the same answer, `not-found`. Each operation says under `x-decision` which actions of the \
policies decide about it, and under `x-record` which entries it leaves on the record; a denial leaves `decision-denied`, \
and what an authority looks at leaves `queried`.";

/// The document, OpenAPI 3.1.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for route in crate::routes() {
        let operation = operation(&route);
        let item = PathItem::new(method(&route), operation);
        paths = paths.path(route.path(), item);
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A session of `POST /sessions`, or an API token."))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme(BEARER, SecurityScheme::Http(scheme))
        .schemas_from_iter(schema::all());
    let info = InfoBuilder::new()
        .title("Yunei")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(License::new(env!("CARGO_PKG_LICENSE"))))
        .build();
    let tags = crate::routes::TAGS.iter().map(|(name, about)| {
        TagBuilder::new()
            .name(*name)
            .description(Some(*about))
            .build()
    });
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags))
        .build()
}

fn method(route: &Route) -> HttpMethod {
    match route.method().as_str() {
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        // INVARIANT: `route` makes routes for these three methods alone.
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> Operation {
    let extensions = ExtensionsBuilder::new()
        .add("x-decision", decision(route))
        .add("x-record", effect(route))
        .build();
    let security = match route.decision() {
        Decision::Public(_) => None,
        _ => Some(vec![SecurityRequirement::new(BEARER, [""; 0])]),
    };
    let failure = schema::json_response("refused or failed", schema::of("Failure"));
    let operation: OperationBuilder = route.description.operation(route.path());
    operation
        .response("default", failure)
        .securities(security)
        .extensions(Some(extensions))
        .build()
}

fn decision(route: &Route) -> Value {
    match route.decision() {
        Decision::Public(reason) => json!({ "by": "nobody", "reason": reason }),
        Decision::SignedIn(reason) => json!({ "by": "token", "reason": reason }),
        Decision::Policy(actions) => json!({ "by": "policy", "actions": actions }),
    }
}

fn effect(route: &Route) -> Value {
    match route.effect() {
        Effect::Writes(kinds) => json!({ "writes": kinds }),
        Effect::Reads(reason) => json!({ "writes": [], "reason": reason }),
    }
}
