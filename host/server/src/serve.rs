//! Listening, connections, and stopping in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::timeout;
use yunei_lifecycle::Domain;
use yunei_listener::{Bounds, Connections};
use yunei_telemetry::event;

use crate::guard::Work;
use crate::router::with_work;
use crate::streams::Streams;
use crate::upload::discard_unfinished;

/// What the server bears.
pub(crate) const BOUNDS: Bounds = Bounds {
    connections_max: 1024,
    head_seconds_max: 30,
    headers_max: 64,
    head_bytes_max: 32 << 10,
    buffer_bytes_max: 128 << 10,
};
/// Seconds that requests under way have to end when the server stops.
pub const GRACE_SECONDS: u64 = 20;
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
    let mut connections = Connections::new(BOUNDS);
    let address = listener.local_addr().map_err(ServerError::Listener)?;
    event!(INFO, SERVER_STARTED, SERVER_ADDRESS = %address.ip(), SERVER_PORT = address.port());
    let ended = tokio::select! {
        failed = connections.accept(&listener, &router) => Err(ServerError::Listener(failed)),
        () = shutdown => Ok(()),
    };
    // From here on nobody connects any more.
    drop(listener);
    event!(INFO, SERVER_STOPPING);
    connections.stop();
    streams.end();
    let last = async {
        connections.ended().await;
        work.done().await;
    };
    if timeout(Duration::from_secs(GRACE_SECONDS), last)
        .await
        .is_err()
    {
        event!(WARN, SERVER_STOPPED, COUNT = connections.count());
    } else {
        event!(INFO, SERVER_STOPPED);
    }
    ended
}
