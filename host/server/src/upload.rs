//! Large bodies go to a file of the domain's directory of uploads, never into memory.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cap_std::fs::{File, OpenOptions, OpenOptionsExt as _};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;
use yunei_lifecycle::Domain;
use yunei_model::Code;

use crate::body::{Unread, broken_off};
use crate::failure::Failure;

/// Chunks that wait for the disk at most.
const CHUNKS_MAX: usize = 16;
/// Seconds that a client may be silent.
const SILENCE_SECONDS_MAX: u64 = 60;
/// How names of unfinished uploads end.
const ENDING: &str = ".upload";
/// Leftovers removed at one start at most.
const LEFTOVERS_MAX: usize = 10_000;

/// An upload as a file; removed with this value, if nobody did before.
pub(crate) struct Uploaded {
    domain: Arc<Domain>,
    /// Its name in [`Domain::incoming_dir`].
    pub(crate) name: String,
}

impl Drop for Uploaded {
    fn drop(&mut self) {
        // Gone already where it was imported.
        let _gone = self.domain.incoming_dir().remove_file(&self.name);
    }
}

/// Writes a body to a file.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::TimedOut`] for a client that falls silent, a body that breaks off, a disk that fails.
pub(crate) async fn receive(domain: &Arc<Domain>, unread: Unread) -> Result<Uploaded, Failure> {
    let uploaded = Uploaded {
        domain: Arc::clone(domain),
        name: format!("{}{ENDING}", domain.ids().next()),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let file = domain
        .incoming_dir()
        .open_with(&uploaded.name, &options)
        .map_err(Failure::inside)?;
    let (chunks, written) = mpsc::channel(CHUNKS_MAX);
    let writer = tokio::task::spawn_blocking(move || write(file, written));
    let sent = send(unread, chunks).await;
    // The writer ends once `chunks` is dropped; what it met is the cause of a send that failed.
    let outcome = writer.await.map_err(Failure::inside)?;
    outcome.map_err(Failure::inside)?;
    sent.map(|()| uploaded)
}

/// Removes uploads that an earlier process left unfinished.
pub(crate) fn discard_unfinished(domain: &Domain) -> std::io::Result<()> {
    let incoming = domain.incoming_dir();
    for entry in incoming.entries()?.take(LEFTOVERS_MAX) {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| name.ends_with(ENDING)) {
            incoming.remove_file(&name)?;
        }
    }
    Ok(())
}

async fn send(unread: Unread, chunks: mpsc::Sender<Bytes>) -> Result<(), Failure> {
    let silence = Duration::from_secs(SILENCE_SECONDS_MAX);
    let mut body = unread.body.into_data_stream();
    let mut bytes = 0_u64;
    loop {
        let next = timeout(silence, body.next()).await;
        let Some(chunk) = next.map_err(|_| Failure::from(Code::TimedOut))? else {
            return Ok(());
        };
        let chunk = chunk.map_err(|_| broken_off())?;
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > unread.bytes_max {
            return Err(Code::TooLarge.into());
        }
        if chunks.send(chunk).await.is_err() {
            // The writer has failed and says why.
            return Ok(());
        }
    }
}

fn write(mut file: File, mut chunks: mpsc::Receiver<Bytes>) -> std::io::Result<()> {
    while let Some(chunk) = chunks.blocking_recv() {
        file.write_all(&chunk)?;
    }
    file.flush()
}
