//! Answers that go on for as long as their reader reads: how many at once, and their end with the server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use yunei_model::{AccountId, Code};

/// Streams of events at once at most: connections beyond stay free for everything else.
pub const STREAMS_MAX: usize = 640;
/// Streams of events of one account at once at most.
pub const STREAMS_OF_ACCOUNT_MAX: usize = 64;
/// Exports at once at most.
pub const EXPORTS_MAX: usize = 8;
/// Exports of one account at once at most.
pub const EXPORTS_OF_ACCOUNT_MAX: usize = 2;

/// What kind of answer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lasting {
    /// Server-sent events.
    Events,
    /// A file that is written as it is read.
    Export,
}

impl Lasting {
    /// At once at most: over all accounts, and of one.
    const fn limits(self) -> (usize, usize) {
        match self {
            Self::Events => (STREAMS_MAX, STREAMS_OF_ACCOUNT_MAX),
            Self::Export => (EXPORTS_MAX, EXPORTS_OF_ACCOUNT_MAX),
        }
    }
}

/// The answers that go on now.
pub(crate) struct Streams {
    open: Mutex<HashMap<(Lasting, AccountId), usize>>,
    ending: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            ending: watch::Sender::new(false),
        }
    }
}

/// One place; free again when this is dropped.
pub(crate) struct Place {
    streams: Arc<Streams>,
    whose: (Lasting, AccountId),
}

impl Streams {
    /// A place for one more answer of an account.
    ///
    /// # Errors
    /// [`Code::TooManyRequests`] when all are taken.
    pub(crate) fn place(
        self: &Arc<Self>,
        lasting: Lasting,
        account: AccountId,
    ) -> Result<Place, Code> {
        let (all_max, own_max) = lasting.limits();
        let mut open = self.open();
        let all: usize = open
            .iter()
            .filter(|((kind, _), _)| *kind == lasting)
            .map(|(_, count)| count)
            .sum();
        let own = open.get(&(lasting, account)).copied().unwrap_or_default();
        if all >= all_max || own >= own_max {
            return Err(Code::TooManyRequests);
        }
        open.insert((lasting, account), own + 1);
        Ok(Place {
            streams: Arc::clone(self),
            whose: (lasting, account),
        })
    }

    /// Ends all of them.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Turns true when they end.
    pub(crate) fn ending(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<(Lasting, AccountId), usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        if let Some(count) = open.get_mut(&self.whose) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests;
