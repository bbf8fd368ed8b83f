//! The router: every route of the table, its guard, and what all requests have in common.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use yunei_lifecycle::Domain;
use yunei_model::Code;

use crate::failure::Failure;
use crate::guard::{Guarded, Work, guard};
use crate::repeat::Repeats;
use crate::route::Budget;
use crate::streams::Streams;
use crate::{context, headers};

/// Where the interface begins.
pub const API: &str = "/api/v1";

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Api {
    domain: Arc<Domain>,
    repeats: Arc<Repeats>,
    streams: Arc<Streams>,
}

impl FromRef<Api> for Arc<Domain> {
    fn from_ref(api: &Api) -> Self {
        Arc::clone(&api.domain)
    }
}

impl FromRef<Api> for Arc<Repeats> {
    fn from_ref(api: &Api) -> Self {
        Arc::clone(&api.repeats)
    }
}

impl FromRef<Api> for Arc<Streams> {
    fn from_ref(api: &Api) -> Self {
        Arc::clone(&api.streams)
    }
}

/// The whole interface over `domain`, as a service without a listener.
pub fn router(domain: Arc<Domain>) -> Router {
    with_work(domain, &Work::default(), Arc::default())
}

/// The same; changes that have begun are counted in `work`, and answers that go on for long end with `streams`.
pub(crate) fn with_work(domain: Arc<Domain>, work: &Work, streams: Arc<Streams>) -> Router {
    let places: HashMap<&str, Arc<Semaphore>> = Budget::ALL
        .iter()
        .map(|budget| (budget.name, Arc::new(Semaphore::new(budget.at_once_max))))
        .collect();
    let mut router = Router::<Api>::new();
    for route in crate::routes() {
        let guarded = Guarded::new(&route, &places, work.clone());
        let path = route.pattern();
        let handler = route
            .handler
            .route_layer(from_fn_with_state(guarded, guard));
        router = router.route(&path, handler);
    }
    let api = Api {
        domain: Arc::clone(&domain),
        repeats: Arc::default(),
        streams,
    };
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(domain, context::accompany))
        .layer(from_fn(headers::protect))
        .with_state(api)
}

/// A path or a method that no route has.
async fn nothing_here() -> Failure {
    Failure::from(Code::NotFound)
}

/// The panic itself goes to the panic hook: here it is only answered.
fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    Failure::inside("a handler panicked").into_response()
}
