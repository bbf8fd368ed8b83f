//! Listening: the HTTP interface of tlog-witness, and its limits.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_http::timeout::TimeoutLayer;
use yunei_telemetry::event;

use crate::{REQUEST_BYTES_MAX, Refused, Witness, WitnessError};

/// Connections at once at most; further ones wait in the operating system's queue.
const CONNECTIONS_MAX: usize = 256;
/// Requests that are checked at once at most; a further one is sent away.
const REQUESTS_MAX: usize = 32;
/// Seconds in which a client sends the head of a request; also how long a connection may idle.
const HEAD_SECONDS_MAX: u64 = 30;
/// Seconds that a request may take, from its head to its answer.
const REQUEST_SECONDS_MAX: u64 = 20;
/// Headers of a request at most.
const HEADERS_MAX: usize = 32;
/// Bytes that a connection buffers at most.
const BUFFER_BYTES_MAX: usize = 128 << 10;
/// Seconds that requests under way have to end when the witness stops.
const GRACE_SECONDS: u64 = 10;
/// Milliseconds to wait after a connection could not be accepted.
const ACCEPT_PAUSE_MS: u64 = 100;
/// Connections in a row that cannot be accepted before the witness gives up.
const ACCEPT_FAILURES_MAX: u32 = 100;
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
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let address = listener.local_addr().map_err(WitnessError::Listener)?;
    event!(INFO, SERVER_STARTED, SERVER_ADDRESS = %address.ip(), SERVER_PORT = address.port());
    let ended = tokio::select! {
        failed = accept(&listener, &router, &stopping, &mut connections) => failed,
        () = shutdown => Ok(()),
    };
    drop(listener);
    stop.send_replace(true);
    let last = async { while connections.join_next().await.is_some() {} };
    let rest = timeout(Duration::from_secs(GRACE_SECONDS), last).await;
    event!(
        INFO,
        SERVER_STOPPED,
        COUNT = if rest.is_ok() { 0 } else { connections.len() }
    );
    ended
}

/// Takes connections; comes back only when there are none to be had.
async fn accept(
    listener: &TcpListener,
    router: &Router,
    stopping: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) -> Result<(), WitnessError> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut failures = 0;
    loop {
        while connections.try_join_next().is_some() {}
        let place = Arc::clone(&places).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                failures = 0;
                let service = TowerToHyperService::new(router.clone());
                let stopping = stopping.clone();
                connections.spawn(async move {
                    let _place = place;
                    converse(stream, service, stopping).await;
                });
            }
            Err(_) if failures < ACCEPT_FAILURES_MAX => {
                failures += 1;
                sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
            Err(error) => return Err(WitnessError::Listener(error)),
        }
    }
}

/// One connection. What goes wrong on it is the client's to see.
async fn converse(
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    mut stopping: watch::Receiver<bool>,
) {
    // Without this an answer is slower, and still one.
    let _slower = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        _stop = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
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
