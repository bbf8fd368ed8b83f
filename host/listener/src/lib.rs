//! Connections that others make to the host's processes, over HTTP/1.1 and within limits.
//!
//! Duty: take connections from a listener, serve each with a router, and end them in order.
//!
//! Invariants:
//! - There are never more than [`Bounds::connections_max`] at once; further ones wait in the operating system's queue.
//! - Whoever is slow, or sends much, is cut off by the other [`Bounds`]: nobody holds a connection by saying nothing.
//! - A connection ends with the [`Connections`] that it is of.
//!
//! Never: knowing what is served or who asks; a limit on a request's body or work, which are its route's; binding an address.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Milliseconds to wait after a connection could not be accepted.
const ACCEPT_PAUSE_MS: u64 = 100;
/// Connections in a row that cannot be accepted before nobody waits for another.
const ACCEPT_FAILURES_MAX: u32 = 100;

/// What a process bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once at most.
    pub connections_max: usize,
    /// Seconds in which a client sends the head of a request; also how long a connection may idle.
    pub head_seconds_max: u64,
    /// Headers of a request at most.
    pub headers_max: usize,
    /// Bytes of the head of a request at most.
    pub head_bytes_max: usize,
    /// Bytes that a connection buffers at most.
    pub buffer_bytes_max: usize,
}

/// The connections of one listener.
#[derive(Debug)]
pub struct Connections {
    bounds: Bounds,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
        }
    }

    /// Takes connections from `listener` and serves each with `router`. Comes back only when there are none to be had, and says why.
    pub async fn accept(&mut self, listener: &TcpListener, router: &Router) -> std::io::Error {
        let places = Arc::new(Semaphore::new(self.bounds.connections_max));
        let mut failures = 0;
        loop {
            // Tasks that have ended are forgotten, so that the set stays as small as the connections are few.
            while self.tasks.try_join_next().is_some() {}
            let place = Arc::clone(&places).acquire_owned().await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    failures = 0;
                    let service = TowerToHyperService::new(router.clone());
                    let (bounds, stopping) = (self.bounds, self.stop.subscribe());
                    self.tasks.spawn(async move {
                        let _place = place;
                        converse(stream, service, bounds, stopping).await;
                    });
                }
                // Of one connection, or of a moment: file descriptors run out and come back.
                Err(_) if failures < ACCEPT_FAILURES_MAX => {
                    failures += 1;
                    sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
                Err(error) => return error,
            }
        }
    }

    /// Has every connection end after the request that is under way on it, at once where there is none.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits for the end of all of them, which [`Self::stop`] brings about.
    pub async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tasks.len()
    }
}

/// One connection. What goes wrong on it is the client's to see.
async fn converse(
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    bounds: Bounds,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are small: they are not held back. Without this a connection is slower, and still one.
    let _slower = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(bounds.head_seconds_max))
        .max_headers(bounds.headers_max)
        .max_header_size(bounds.head_bytes_max)
        .max_buf_size(bounds.buffer_bytes_max)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        _stop = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}

#[cfg(test)]
mod tests;
