//! The live stream: one task reads what is new once and shares it; readers that are behind read the store themselves.
//!
//! INVARIANT: what a reader is told comes from the store, in the order of commits, without a gap: the shared window only
//! spares those at the end of the record from each reading the same rows. Nobody who reads is ever waited for.

mod follow;
mod unit;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::sleep;
use yunei_model::Name;
use yunei_store::{EntryFilter, PAGE_ROWS_MAX, Recorded};
use yunei_telemetry::event;

use crate::{Domain, LifecycleError};

pub use follow::Follow;
pub use unit::UnitFollow;

/// Milliseconds between two looks at the store when nobody says that something was recorded.
const CADENCE_MS: u64 = 500;
/// Milliseconds that the tail rests after it told readers: what is recorded meanwhile wakes them once.
const PAUSE_MS: u64 = 50;
/// Entries that are kept shared at most.
const WINDOW_ROWS_MAX: usize = 1024;
/// Readers who are behind and read the store at the same time at most: the other connections are for everyone else.
const CATCH_UP_MAX: usize = 2;

/// An entry with its place, and the resources that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The entry.
    pub recorded: Recorded,
    /// The resources.
    pub resources: BTreeSet<Name>,
}

/// The newest entries, shared: those after position `after` and up to `up_to`, without a gap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    after: u64,
    up_to: u64,
    entries: VecDeque<Arc<Told>>,
    /// Whether an emergency stop was in force then.
    emergency: bool,
}

/// What the live stream runs on.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Something was committed.
    pub(crate) committed: Notify,
    window: watch::Sender<Arc<Window>>,
    /// How often operating units were told something.
    units_told: watch::Sender<u64>,
    catch_up: Semaphore,
}

impl Stream {
    /// A stream that begins after position `after`.
    pub(crate) fn after(after: u64) -> Self {
        let window = Window {
            after,
            up_to: after,
            ..Window::default()
        };
        Self {
            committed: Notify::new(),
            window: watch::Sender::new(Arc::new(window)),
            units_told: watch::Sender::new(0),
            catch_up: Semaphore::new(CATCH_UP_MAX),
        }
    }
}

impl Domain {
    /// Tells readers of the record what is new, and operating units what they may know of their runs, until `stop` turns true.
    pub async fn run_stream(&self, stop: watch::Receiver<bool>) {
        tokio::join!(self.run_tail(stop.clone()), self.run_units(stop));
    }

    async fn run_tail(&self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.look_at_tail().await {
                event!(ERROR, STREAM_FAILED, CAUSE = %error);
            }
            tokio::select! {
                () = self.stream.committed.notified() => {}
                () = sleep(Duration::from_millis(CADENCE_MS)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            tokio::select! {
                () = sleep(Duration::from_millis(PAUSE_MS)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Reads what was committed since the last look, and shares it.
    async fn look_at_tail(&self) -> Result<(), LifecycleError> {
        let mut window = Window::clone(&self.stream.window.borrow());
        let (begun, all) = (window.up_to, EntryFilter::default());
        loop {
            let newest = self.store.newest_position().await?;
            let rows = self
                .store
                .entries_between(&all, window.up_to, newest, PAGE_ROWS_MAX)
                .await?;
            let Some(last) = rows.last() else { break };
            window.up_to = last.position;
            let about = self.store.resources_about(&rows).await?;
            let told = rows.into_iter().zip(about);
            window.entries.extend(told.map(|(recorded, resources)| {
                Arc::new(Told {
                    recorded,
                    resources,
                })
            }));
            while window.entries.len() > WINDOW_ROWS_MAX {
                let gone = window.entries.pop_front();
                window.after = gone.map_or(window.up_to, |told| told.recorded.position);
            }
        }
        if window.up_to != begun {
            window.emergency = self.store.emergency().await?.is_some();
            self.stream.window.send_replace(Arc::new(window));
        }
        Ok(())
    }
}
