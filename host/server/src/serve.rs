//! Listening, connections, and stopping in order.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use yunei_lifecycle::Domain;
use yunei_telemetry::event;

use crate::guard::Work;
use crate::router::with_work;
use crate::streams::Streams;
use crate::upload::discard_unfinished;

/// Connections at once at most; further ones wait in the operating system's queue.
const CONNECTIONS_MAX: usize = 1024;
/// Seconds in which a client sends the head of a request; also how long a connection may idle.
const HEAD_SECONDS_MAX: u64 = 30;
/// Headers of a request at most.
const HEADERS_MAX: usize = 64;
/// Bytes of the head of a request at most.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Bytes that a connection buffers at most.
const BUFFER_BYTES_MAX: usize = 128 << 10;
/// Seconds that requests under way have to end when the server stops.
pub const GRACE_SECONDS: u64 = 20;
/// Milliseconds to wait after a connection could not be accepted.
const ACCEPT_PAUSE_MS: u64 = 100;
/// Connections in a row that cannot be accepted before the server gives up.
const ACCEPT_FAILURES_MAX: u32 = 100;

/// Why the server ended before it was told to.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The listener gives no connection any more.
    #[error("the listener gives no connection any more")]
    Listener(#[source] std::io::Error),
    /// Metrics were to be served where others can reach them.
    #[error("metrics are for this machine alone: `{address}` is not on loopback")]
    Exposed {
        /// The address.
        address: std::net::SocketAddr,
    },
    /// The directory of uploads cannot be used.
    #[error("the directory of uploads cannot be used")]
    Uploads(#[source] std::io::Error),
}

/// Serves the interface on `listener` until `shutdown` is over; then requests under way may end, for [`GRACE_SECONDS`].
///
/// # Errors
/// [`ServerError`] when it cannot start or go on.
pub async fn serve(
    domain: Arc<Domain>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    discard_unfinished(&domain).map_err(ServerError::Uploads)?;
    let work = Work::default();
    let streams = Arc::<Streams>::default();
    let router = with_work(domain, &work, Arc::clone(&streams));
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let address = listener.local_addr().map_err(ServerError::Listener)?;
    event!(INFO, SERVER_STARTED, SERVER_ADDRESS = %address.ip(), SERVER_PORT = address.port());
    let ended = {
        let accepting = accept(&listener, &router, &stopping, &mut connections);
        tokio::select! {
            failed = accepting => failed,
            () = shutdown => Ok(()),
        }
    };
    // From here on nobody connects any more.
    drop(listener);
    event!(INFO, SERVER_STOPPING);
    stop.send_replace(true);
    streams.end();
    let last = async {
        while connections.join_next().await.is_some() {}
        work.done().await;
    };
    if timeout(Duration::from_secs(GRACE_SECONDS), last)
        .await
        .is_err()
    {
        event!(WARN, SERVER_STOPPED, COUNT = connections.len());
    } else {
        event!(INFO, SERVER_STOPPED);
    }
    ended
}

/// Takes connections; comes back only when there are none to be had.
pub(crate) async fn accept(
    listener: &TcpListener,
    router: &Router,
    stopping: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) -> Result<(), ServerError> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut failures = 0;
    loop {
        // Tasks that have ended are forgotten, so that the set stays as small as the connections are few.
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
            // Of one connection, or of a moment: file descriptors run out and come back.
            Err(_) if failures < ACCEPT_FAILURES_MAX => {
                failures += 1;
                sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
            Err(error) => return Err(ServerError::Listener(error)),
        }
    }
}

/// One connection. What goes wrong on it is the client's to see.
async fn converse(
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are small: they are not held back. Without this a connection is slower, and still one.
    let _slower = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        _stop = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
