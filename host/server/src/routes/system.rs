//! The server itself: whether it answers, what it answers, and a page that points there.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use serde::Serialize;
use yunei_authority::Action;
use yunei_lifecycle::{Domain, SystemView};

use crate::answer::{Answer, Answered, json};
use crate::caller::Caller;
use crate::document::{Description, document};
use crate::failure::Failure;
use crate::route::{Route, get};

pub(super) const TAG: &str = "system";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/", pointer)
            .public("a page that points to the interface")
            .reads("the same for everyone")
            .described(
                Description::new(TAG, "pointer", "Points to the interface.")
                    .gives_file("a page of HTML"),
            ),
        get("/api/v1/health", health)
            .public("tells that the server and its store answer, and no more")
            .reads("tells nothing of what is in the domain")
            .described(
                Description::new(TAG, "health", "Whether server and store answer.").gives("Health"),
            ),
        get("/api/v1/system", system)
            .decided_by(&[Action::ViewSystem])
            .reads("configuration and health, and no data")
            .described(
                Description::new(TAG, "system", "What runs here, and how it is.").gives("System"),
            ),
        get("/api/v1/openapi.json", openapi)
            .public("the interface is no secret")
            .reads("the same for everyone")
            .described(
                Description::new(TAG, "openapi", "This document.")
                    .gives_file("OpenAPI 3.1 in JSON"),
            ),
    ]
}

#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct System {
    version: &'static str,
    #[serde(flatten)]
    view: SystemView,
}

async fn system(State(domain): State<Arc<Domain>>, Caller(actor): Caller) -> Answered<System> {
    Ok(Answer::ok(System {
        version: env!("CARGO_PKG_VERSION"),
        view: domain.system(&actor).await?,
    }))
}

async fn pointer() -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>域内 Yunei</title>\
         <p>公共数据授权运营域。接口文档：<a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a></p>\
         <p lang=\"en\">An authorized operation domain for public data. The interface is described at \
         <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></html>\n",
    )
}

async fn health(State(domain): State<Arc<Domain>>) -> Answered<Health> {
    // The store has to answer a question of its own.
    domain.emergency().await?;
    Ok(Answer::ok(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// The document does not change while the program runs.
static OPENAPI: OnceLock<String> = OnceLock::new();

async fn openapi() -> Result<Response, Failure> {
    if let Some(text) = OPENAPI.get() {
        return Ok(json(StatusCode::OK, text.clone()));
    }
    // By way of a value, whose keys are sorted: the same document every time.
    let value = serde_json::to_value(document()).map_err(Failure::inside)?;
    let text = OPENAPI.get_or_init(|| value.to_string());
    Ok(json(StatusCode::OK, text.clone()).into_response())
}
