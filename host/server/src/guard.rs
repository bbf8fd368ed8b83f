//! What stands before every handler: places, time, and a task of its own for changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument as _;
use yunei_model::Code;

use crate::failure::Failure;
use crate::route::{Budget, Route};

/// Seconds that a request waits for a place.
const PLACE_WAIT_SECONDS: u64 = 5;
/// Changes at once at most, over all budgets.
const CHANGES_MAX: u32 = 512;

/// How many bytes of body the route's budget has; extractors read no more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) u64);

/// Changes that have begun: the server waits for them before it stops.
#[derive(Clone)]
pub(crate) struct Work(Arc<Semaphore>);

impl Default for Work {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CHANGES_MAX as usize)))
    }
}

impl Work {
    /// Waits until no change is under way.
    pub(crate) async fn done(&self) {
        // An error means that the semaphore is closed, which nobody does.
        let _all = self.0.acquire_many(CHANGES_MAX).await;
    }
}

/// One route's guard.
#[derive(Clone)]
pub(crate) struct Guarded {
    budget: Budget,
    places: Arc<Semaphore>,
    /// How long a request waits for a place.
    wait: Duration,
    /// Set where the route changes something.
    change: Option<Work>,
}

impl Guarded {
    pub(crate) fn new(route: &Route, places: &HashMap<&str, Arc<Semaphore>>, work: Work) -> Self {
        let budget = route.budget();
        let places = places.get(budget.name).map_or_else(
            // A budget that is not in the list of all gets places of its own.
            || Arc::new(Semaphore::new(budget.at_once_max)),
            Arc::clone,
        );
        Self {
            budget,
            places,
            wait: Duration::from_secs(PLACE_WAIT_SECONDS),
            change: (route.method() != Method::GET).then_some(work),
        }
    }
}

/// Serves a request within its budget. A change goes on in a task of its own when the client hangs up:
/// it ends by itself or by its time, never half done.
pub(crate) async fn guard(
    State(guarded): State<Guarded>,
    mut request: Request,
    next: Next,
) -> Response {
    let wait = guarded.wait;
    let Ok(Ok(place)) = timeout(wait, Arc::clone(&guarded.places).acquire_owned()).await else {
        return Failure::from(Code::TooManyRequests).into_response();
    };
    request
        .extensions_mut()
        .insert(BodyLimit(guarded.budget.body_bytes_max));
    let time = Duration::from_secs(guarded.budget.duration_seconds_max);
    let work = async move {
        let _place = place;
        timeout(time, next.run(request))
            .await
            .unwrap_or_else(|_| Failure::from(Code::TimedOut).into_response())
    };
    let Some(Work(changes)) = guarded.change else {
        return work.await;
    };
    let Ok(Ok(change)) = timeout(wait, changes.acquire_owned()).await else {
        return Failure::from(Code::TooManyRequests).into_response();
    };
    let task = tokio::spawn(
        async move {
            let _change = change;
            work.await
        }
        .in_current_span(),
    );
    task.await
        .unwrap_or_else(|_| Failure::inside("a handler panicked").into_response())
}

#[cfg(test)]
mod tests;
