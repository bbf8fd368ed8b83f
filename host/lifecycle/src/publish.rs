//! The log as static files: derived from the store at a fixed cadence, by the size of the log, at least once.
//!
//! `DATA/log` is laid out as tlog-tiles says, so any server of static files can serve it, and anyone can copy it. The checkpoint
//! comes last: whatever it covers is there before it.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use cap_std::fs::Dir;
use tokio::sync::{Mutex, watch};
use yunei_authority::{Action, RecordTarget, Target};
use yunei_ledger::{Proof, Tile, TileKind};
use yunei_model::{Code, Timestamp};
use yunei_telemetry::event;

use crate::{Actor, Domain, LifecycleError};

/// Default of the time between two published checkpoints.
pub const CADENCE_DEFAULT: Duration = Duration::from_millis(500);
/// Longest time between two published checkpoints: an entry is under one within a second.
pub const CADENCE_MAX: Duration = Duration::from_millis(900);
/// Seconds between two checkpoints that strangers see. The log grows when runs end, so anything finer than the longest bucket
/// of statuses would tell an operating unit when its own run has.
pub const STRANGERS_SECONDS: i64 = 3600;
/// Tiles that are made in one go.
const BATCH_TILES_MAX: usize = 64;
/// Name of the checkpoint's file.
const CHECKPOINT: &str = "checkpoint";
/// Name of a file that is not whole yet.
const UNFINISHED: &str = "unfinished";

/// Where the files are, and how far they are known to be as they must.
pub(crate) struct Shelf {
    log: Arc<Dir>,
    aside: Arc<Dir>,
    published: Mutex<Published>,
}

/// What was published last; nothing before the first time, so that everything is compared with the store then.
#[derive(Debug, Default)]
struct Published {
    size: u64,
    note: String,
}

impl Shelf {
    /// Over the directory of the log, and one for files that are not whole yet.
    pub(crate) fn new(log: Dir, aside: Dir) -> Self {
        Self {
            log: Arc::new(log),
            aside: Arc::new(aside),
            published: Mutex::default(),
        }
    }

    /// Does something with the files, where it may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Dir, &Dir) -> io::Result<T> + Send + 'static,
    ) -> Result<T, LifecycleError> {
        let (log, aside) = (Arc::clone(&self.log), Arc::clone(&self.aside));
        let done = tokio::task::spawn_blocking(move || work(&log, &aside)).await;
        done.map_err(io::Error::other)
            .and_then(|done| done)
            .map_err(LifecycleError::data("to publish the log"))
    }

    async fn read(&self, path: String) -> Result<Option<Vec<u8>>, LifecycleError> {
        self.with(move |log, _| read(log, &path)).await
    }
}

fn read(log: &Dir, path: &str) -> io::Result<Option<Vec<u8>>> {
    match log.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file in its place at once, unless it is there already. Not synced: after a crash it is compared with the store again.
fn put(log: &Dir, aside: &Dir, path: &str, bytes: &[u8]) -> io::Result<()> {
    if read(log, path)?.as_deref() == Some(bytes) {
        return Ok(());
    }
    if let Some((directory, _)) = path.rsplit_once('/') {
        log.create_dir_all(directory)?;
    }
    aside.create(UNFINISHED)?.write_all(bytes)?;
    aside.rename(UNFINISHED, log, path)
}

/// Takes away other widths in the place of `tile`: all of them once it is full, and where nobody looked at them yet (`unseen`).
/// Bundles repeat all that the narrower ones had, so of those the widest alone stays.
fn take_narrower(log: &Dir, tile: Tile, unseen: bool) -> io::Result<()> {
    let narrower = format!("{}.p", tile.full());
    let entries = match log.read_dir(&narrower) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if tile.is_full() {
        return log.remove_dir_all(&narrower);
    }
    for entry in entries {
        let name = entry?.file_name();
        let own = name.to_str() == Some(tile.width().to_string().as_str());
        if !own && (unseen || tile.kind() == TileKind::Entries) {
            log.remove_file(std::path::Path::new(&narrower).join(name))?;
        }
    }
    Ok(())
}

impl Domain {
    /// Publishes at the fixed cadence until `stop` turns true.
    pub(crate) async fn publish_checkpoints(&self, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(self.cadence);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Err(error) = self.publish_now().await {
                // What is published is derived: it is late then, and nothing is lost.
                event!(ERROR, PUBLISH_FAILED, CAUSE = %error);
            }
        }
    }

    /// Publishes the newest checkpoint, after all tiles that it covers. The first time, every file is compared with the store.
    ///
    /// # Errors
    /// The store or the data directory failed.
    pub(crate) async fn publish_now(&self) -> Result<(), LifecycleError> {
        let mut published = self.shelf.published.lock().await;
        let Some(newest) = self.store.newest_checkpoint().await? else {
            return Ok(());
        };
        if newest.size < published.size || newest.note == published.note {
            return Ok(());
        }
        let mut grown = Tile::grown(published.size, newest.size).peekable();
        while grown.peek().is_some() {
            let mut batch = Vec::with_capacity(BATCH_TILES_MAX);
            for tile in grown.by_ref().take(BATCH_TILES_MAX) {
                let bytes = self.store.tile(tile).await?;
                let bytes = bytes.ok_or(LifecycleError::Impossible {
                    detail: "a checkpoint over entries that are not there",
                })?;
                batch.push((tile.to_string(), bytes));
            }
            let put_all = move |log: &Dir, aside: &Dir| {
                batch
                    .iter()
                    .try_for_each(|(path, bytes)| put(log, aside, path, bytes))
            };
            self.shelf.with(put_all).await?;
        }
        let (earlier, size) = (published.size, newest.size);
        let note = newest.note.clone().into_bytes();
        let last = move |log: &Dir, aside: &Dir| {
            put(log, aside, CHECKPOINT, &note)?;
            Tile::grown(earlier, size).try_for_each(|tile| take_narrower(log, tile, earlier == 0))
        };
        self.shelf.with(last).await?;
        *published = Published {
            size: newest.size,
            note: newest.note,
        };
        Ok(())
    }

    /// The published checkpoint: for whoever may view the record, the newest; for strangers, the newest of before the hour.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none yet.
    pub async fn published_checkpoint(
        &self,
        actor: Option<&Actor>,
    ) -> Result<String, LifecycleError> {
        if self.is_entitled(actor).await? {
            let note = self.shelf.read(CHECKPOINT.to_owned()).await?;
            let note = note.and_then(|note| String::from_utf8(note).ok());
            return Ok(note.ok_or(Code::NotFound)?);
        }
        let checkpoint = self.store.checkpoint_before(self.hour()).await?;
        Ok(checkpoint.ok_or(Code::NotFound)?.note)
    }

    /// A hash tile, as far as the checkpoint reaches that the asker may see.
    ///
    /// # Errors
    /// [`Code::NotFound`] beyond.
    pub async fn published_tile(
        &self,
        actor: Option<&Actor>,
        tile: Tile,
    ) -> Result<Vec<u8>, LifecycleError> {
        if tile.kind() == TileKind::Entries || tile.size_min() > self.visible_size(actor).await? {
            return Err(Code::NotFound.into());
        }
        self.file_of(tile).await
    }

    /// An entry bundle: for those who may view the whole record, since it holds entries about anything.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] beyond the newest checkpoint.
    pub async fn entry_bundle(&self, actor: &Actor, tile: Tile) -> Result<Vec<u8>, LifecycleError> {
        let whole = Target::Record(RecordTarget::default());
        self.permit(actor, Action::ViewRecord, &whole).await?;
        let size = *self.checkpointed.borrow();
        if tile.kind() != TileKind::Entries || tile.size_min() > size {
            return Err(Code::NotFound.into());
        }
        self.file_of(tile).await
    }

    /// Proves that the log of `to` entries begins with that of `from` entries.
    ///
    /// # Errors
    /// [`Code::NotFound`] beyond what the asker may see; [`Code::BadRequest`] when `from` is 0 or larger than `to`.
    pub async fn consistency(
        &self,
        actor: Option<&Actor>,
        from: u64,
        to: u64,
    ) -> Result<Proof, LifecycleError> {
        if from == 0 || from > to {
            return Err(Code::BadRequest.into());
        }
        if to > self.visible_size(actor).await? {
            return Err(Code::NotFound.into());
        }
        Ok(self.store.consistency_proof(from, to).await?)
    }

    async fn file_of(&self, tile: Tile) -> Result<Vec<u8>, LifecycleError> {
        if let Some(bytes) = self.shelf.read(tile.to_string()).await? {
            return Ok(bytes);
        }
        // A narrower tile of an earlier checkpoint, or one that is about to be published.
        Ok(self.store.tile(tile).await?.ok_or(Code::NotFound)?)
    }

    /// Size of the checkpoint that the asker may see.
    async fn visible_size(&self, actor: Option<&Actor>) -> Result<u64, LifecycleError> {
        if self.is_entitled(actor).await? {
            return Ok(*self.checkpointed.borrow());
        }
        let checkpoint = self.store.checkpoint_before(self.hour()).await?;
        Ok(checkpoint.map_or(0, |checkpoint| checkpoint.size))
    }

    /// Whether someone may see how the log grows. Hashes and sizes are no part of the record, so there is no entry about it.
    async fn is_entitled(&self, actor: Option<&Actor>) -> Result<bool, LifecycleError> {
        match actor {
            Some(actor) => self.may(actor, Action::ViewRecord, &Target::Domain).await,
            None => Ok(false),
        }
    }

    /// The beginning of this hour.
    pub(crate) fn hour(&self) -> Timestamp {
        let hour_micros = STRANGERS_SECONDS * 1_000_000;
        let now = self.clock.now().as_micros();
        Timestamp::from_micros(now.saturating_sub(now.rem_euclid(hour_micros)))
    }
}
