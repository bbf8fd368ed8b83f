//! Metrics, on a listener of their own.
//!
//! They tell times as fine as they are measured and sums over all operating units: an operating unit that read them would see what data
//! did to runs. So they are no route of the interface, whatever token comes: they are served on loopback alone, to the monitoring of
//! whoever runs the machine, and no room can reach it (rooms have no network).

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use yunei_lifecycle::Domain;
use yunei_listener::Connections;
use yunei_telemetry::{event, metrics};

use crate::headers;
use crate::serve::{BOUNDS, ServerError};

/// Where they are.
const PATH: &str = "/metrics";

/// Serves the metrics of `domain` on `listener` until `shutdown` is over.
///
/// # Errors
/// [`ServerError::Exposed`] for a listener that is not on loopback; [`ServerError`] when it cannot go on.
pub async fn serve_metrics(
    domain: Arc<Domain>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    let address = listener.local_addr().map_err(ServerError::Listener)?;
    if !address.ip().is_loopback() {
        return Err(ServerError::Exposed { address });
    }
    let router = Router::new()
        .route(PATH, get(measured))
        .layer(from_fn(headers::protect))
        .with_state(domain);
    // Dropped at the end, with every connection: a scrape that is under way is taken again.
    let mut connections = Connections::new(BOUNDS);
    tokio::select! {
        failed = connections.accept(&listener, &router) => Err(ServerError::Listener(failed)),
        () = shutdown => Ok(()),
    }
}

async fn measured(State(domain): State<Arc<Domain>>) -> Response {
    match domain.measure().await {
        Ok(text) => ([(CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            event!(ERROR, METRICS_FAILED, CAUSE = %error);
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
