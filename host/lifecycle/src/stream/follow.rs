//! One reader of the record's live stream.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep_until;
use yunei_authority::{Action, Target};
use yunei_model::{Code, Refusal};
use yunei_store::EntryFilter;

use super::{Told, Window};
use crate::remit::{Reader, Remit};
use crate::{Actor, Domain, LifecycleError};

/// Entries that a reader who is behind reads at once.
const CATCH_UP_ROWS: u32 = 256;
/// Shared entries that are looked at before a reader gets what was found.
const SHARED_ROWS: usize = 256;

/// Reads the record from a position on, and waits at its end for what comes.
pub struct Follow {
    domain: Arc<Domain>,
    reader: Reader,
    remit: Remit,
    filter: EntryFilter,
    /// The last position that was looked at.
    position: u64,
    window: watch::Receiver<Arc<Window>>,
}

impl Domain {
    /// Begins to follow the record: after position `since`, or at its end. That someone does is on the record once.
    ///
    /// # Errors
    /// Refused by policy; or the record does not reach as far as `since`.
    pub async fn follow(
        self: &Arc<Self>,
        actor: &Actor,
        filter: EntryFilter,
        since: Option<u64>,
    ) -> Result<Follow, LifecycleError> {
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        let newest = self.store.newest_position().await?;
        let position = since.unwrap_or(newest);
        if position > newest {
            return Err(beyond().into());
        }
        let emergency = self.store.emergency().await?.is_some();
        Ok(Follow {
            domain: Arc::clone(self),
            reader: Reader::new(actor.clone()),
            remit: Remit::new(emergency),
            filter,
            position,
            window: self.stream.window.subscribe(),
        })
    }
}

/// Whoever has seen more than there is has seen another record.
pub(super) fn beyond() -> Refusal {
    Refusal::new(Code::BadRequest).detail("there is nothing yet at that sequence number")
}

impl Follow {
    /// The position from which it goes on.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The next entries that the reader may see and that the filter wants, one at least; waits for them.
    ///
    /// # Errors
    /// [`Code::NotSignedIn`] or [`Code::Forbidden`] once the reader may not read on; or the store failed.
    pub async fn next(&mut self) -> Result<Vec<Arc<Told>>, LifecycleError> {
        loop {
            let window = Arc::clone(&self.window.borrow_and_update());
            self.check(&window).await?;
            let found = if self.position < window.after {
                self.catch_up(&window).await?
            } else {
                self.shared(&window)
            };
            if !found.is_empty() {
                return Ok(found);
            }
            if self.position < window.up_to {
                continue;
            }
            tokio::select! {
                changed = self.window.changed() => changed.map_err(|_| Code::ShuttingDown)?,
                () = sleep_until(self.reader.due()) => {}
            }
        }
    }

    async fn check(&mut self, window: &Window) -> Result<(), LifecycleError> {
        let changed = self.reader.check(&self.domain, window.up_to).await?;
        self.remit.turn(window.emergency, changed);
        let (domain, actor) = (&self.domain, &self.reader.actor);
        if changed
            && !self
                .remit
                .permits(domain, actor, Action::ViewRecord, &Target::Domain)
        {
            return Err(Code::Forbidden.into());
        }
        Ok(())
    }

    /// What the window has after the reader's position.
    fn shared(&mut self, window: &Window) -> Vec<Arc<Told>> {
        let skipped = window
            .entries
            .partition_point(|told| told.recorded.position <= self.position);
        let mut found = Vec::new();
        for told in window.entries.iter().skip(skipped).take(SHARED_ROWS) {
            self.position = told.recorded.position;
            if self.wants(told) {
                found.push(Arc::clone(told));
            }
        }
        found
    }

    /// A page from the store, up to where the window ends.
    async fn catch_up(&mut self, window: &Window) -> Result<Vec<Arc<Told>>, LifecycleError> {
        let domain = Arc::clone(&self.domain);
        let place = domain.stream.catch_up.acquire().await;
        let rows = domain
            .store
            .entries_between(&self.filter, self.position, window.up_to, CATCH_UP_ROWS)
            .await?;
        let about = domain.store.resources_about(&rows).await?;
        drop(place);
        let whole = rows.len() < CATCH_UP_ROWS as usize;
        let last = rows.last().map(|row| row.position);
        self.position = last.filter(|_| !whole).unwrap_or(window.up_to);
        let told = rows.into_iter().zip(about);
        let told = told.map(|(recorded, resources)| Told {
            recorded,
            resources,
        });
        let wanted = told.filter(|told| self.wants(told));
        Ok(wanted.map(Arc::new).collect())
    }

    fn wants(&mut self, told: &Told) -> bool {
        let Told {
            recorded,
            resources,
        } = told;
        self.filter.matches(&recorded.entry, resources)
            && self
                .remit
                .sees(&self.domain, &self.reader.actor, recorded, resources)
    }
}
