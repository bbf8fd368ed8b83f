//! Listening: the HTTP interface of tlog-witness, and its limits.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_http::timeout::TimeoutLayer;
use yunei_listener::{Bounds, Connections};
use yunei_telemetry::event;

use crate::{REQUEST_BYTES_MAX, Refused, Witness, WitnessError};

/// What a witness bears.
const BOUNDS: Bounds = Bounds {
    connections_max: 256,
    head_seconds_max: 30,
    headers_max: 32,
    head_bytes_max: 32 << 10,
    buffer_bytes_max: 128 << 10,
};
/// Requests that are checked at once at most; a further one is sent away.
const REQUESTS_MAX: usize = 32;
/// Seconds that a request may take, from its head to its answer.
const REQUEST_SECONDS_MAX: u64 = 20;
/// Seconds that requests under way have to end when the witness stops.
const GRACE_SECONDS: u64 = 10;
/// Media type of the size that a stale request is answered with.
const SIZE_TYPE: &str = "text/x.tlog.size";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";
/// Length of the hexadecimal hash of an origin.
const HASH_DIGITS: usize = 64;

#[derive(Clone)]
struct Desk {
    witness: Arc<Witness>,
    places: Arc<Semaphore>,
}

/// Serves a witness on `listener` until `shutdown` is over; then requests under way may end, for some seconds.
///
/// # Errors
/// [`WitnessError::Listener`] when it cannot go on.
pub async fn serve(
    witness: Arc<Witness>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WitnessError> {
    let desk = Desk {
        witness,
        places: Arc::new(Semaphore::new(REQUESTS_MAX)),
    };
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin}/checkpoint", get(checkpoint))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            Duration::from_secs(REQUEST_SECONDS_MAX),
        ))
        .with_state(desk);
    let mut connections = Connections::new(BOUNDS);
    let address = listener.local_addr().map_err(WitnessError::Listener)?;
    event!(INFO, SERVER_STARTED, SERVER_ADDRESS = %address.ip(), SERVER_PORT = address.port());
    let ended = tokio::select! {
        failed = connections.accept(&listener, &router) => Err(WitnessError::Listener(failed)),
        () = shutdown => Ok(()),
    };
    drop(listener);
    connections.stop();
    let _rest = timeout(Duration::from_secs(GRACE_SECONDS), connections.ended()).await;
    event!(INFO, SERVER_STOPPED, COUNT = connections.count());
    ended
}

async fn add_checkpoint(State(desk): State<Desk>, body: Bytes) -> Response {
    let witness = desk.witness.clone();
    answer(&desk, move || witness.add_checkpoint(&body)).await
}

async fn checkpoint(State(desk): State<Desk>, Path(origin): Path<String>) -> Response {
    if origin.len() != HASH_DIGITS {
        return refusal(&Refused::UnknownLog);
    }
    let witness = desk.witness.clone();
    answer(&desk, move || witness.checkpoint(&origin)).await
}

/// Does the work, which writes to disk, on a thread for such.
async fn answer(
    desk: &Desk,
    work: impl FnOnce() -> Result<String, Refused> + Send + 'static,
) -> Response {
    let Ok(place) = Arc::clone(&desk.places).try_acquire_owned() else {
        let later = [(header::RETRY_AFTER, "1")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, "busy\n").into_response();
    };
    let done = tokio::task::spawn_blocking(move || {
        // Whoever gave up waiting does not free the place: the work is done either way.
        let _place = place;
        work()
    });
    match done.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, TEXT_TYPE)], text).into_response(),
        Ok(Err(refused)) => refusal(&refused),
        Err(_) => refusal(&Refused::Failed(WitnessError::Broken)),
    }
}

fn refusal(refused: &Refused) -> Response {
    if let Refused::Failed(error) = refused {
        event!(ERROR, REQUEST_FAILED, CODE = refused.word(), CAUSE = %error);
    } else {
        event!(
            INFO,
            REQUEST_ANSWERED,
            CODE = refused.word(),
            HTTP_STATUS = refused.status()
        );
    }
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let of = |kind: &'static str, text: String| -> Response {
        let head: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, kind)];
        (status, head, text).into_response()
    };
    match refused {
        Refused::Stale { known } => of(SIZE_TYPE, format!("{known}\n")),
        // What failed inside is the witness's own to know.
        Refused::Failed(_) => of(
            TEXT_TYPE,
            "the witness failed; nothing was cosigned\n".to_owned(),
        ),
        refused => of(TEXT_TYPE, format!("{refused}\n")),
    }
}
