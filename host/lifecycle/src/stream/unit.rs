//! What operating units are told of their own runs: the coarse status, when its bucket ends, under numbers of their own.
//!
//! Never: an entry, a position, a time finer than a bucket, or that anyone else's run exists.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};
use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{CoarseStatus, Code, OrganisationId, RunId};
use yunei_store::{Change, EntryFilter, PAGE_ROWS_MAX, Recorded, UnitEvent};
use yunei_telemetry::event;

use super::follow::beyond;
use crate::coarse::bucket_end;
use crate::remit::Reader;
use crate::{Actor, Domain, LifecycleError};

/// Milliseconds between two looks at what is due: events come that much later than their bucket's end at most.
const PAUSE_MS: u64 = 500;
/// Events that a unit reads at once.
const UNIT_ROWS: u32 = 256;
/// The entries by which a unit's view of a run may change.
const KINDS: [Kind; 6] = [
    Kind::RunSubmitted,
    Kind::RunReleased,
    Kind::RunWithheld,
    Kind::RunFailed,
    Kind::RunStopped,
    Kind::RunAborted,
];

impl Domain {
    /// Derives units' events from the record, by sequence number, and numbers them when they are due.
    pub(super) async fn run_units(&self, mut stop: watch::Receiver<bool>) {
        let mut looked_at = None;
        loop {
            if let Err(error) = self.tell_units(&mut looked_at).await {
                event!(ERROR, STREAM_FAILED, CAUSE = %error);
            }
            tokio::select! {
                () = sleep(Duration::from_millis(PAUSE_MS)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn tell_units(&self, looked_at: &mut Option<u64>) -> Result<(), LifecycleError> {
        let after = match *looked_at {
            Some(position) => position,
            None => self.store.unit_events_position().await?,
        };
        // Nothing new and nothing due: nothing is read further and nothing written.
        let newest = self.stream.window.borrow().up_to;
        let filter = EntryFilter {
            kinds: KINDS.to_vec(),
            ..EntryFilter::default()
        };
        let rows = if newest > after {
            self.store
                .entries_between(&filter, after, newest, PAGE_ROWS_MAX)
                .await?
        } else {
            Vec::new()
        };
        let whole = rows.len() < PAGE_ROWS_MAX as usize;
        let reached = rows
            .last()
            .map(|row| row.position)
            .filter(|_| !whole)
            .unwrap_or_else(|| newest.max(after));
        let now = self.clock.now();
        let due = self.store.unit_event_due().await?;
        if !rows.is_empty() || due.is_some_and(|due| due <= now) {
            let mut change = self.store.begin().await?;
            for recorded in &rows {
                self.put_due(&mut change, recorded).await?;
            }
            change.looked_at(reached).await?;
            let told = change.tell_unit_events(now).await?;
            change.commit().await?;
            if told > 0 {
                self.stream
                    .units_told
                    .send_modify(|times| *times = times.wrapping_add(1));
            }
        }
        *looked_at = Some(reached);
        Ok(())
    }

    async fn put_due(
        &self,
        change: &mut Change,
        recorded: &Recorded,
    ) -> Result<(), LifecycleError> {
        let Some(id) = recorded.entry.run() else {
            return Ok(());
        };
        let Some(run) = change.run(id).await? else {
            return Ok(());
        };
        let submitted = recorded.entry.kind() == Kind::RunSubmitted;
        let (status, at) = if submitted {
            (CoarseStatus::InProgress, run.submitted_at)
        } else {
            let ended = run.ended_at.unwrap_or_else(|| recorded.entry.at());
            (run.state.coarse(), bucket_end(run.submitted_at, ended))
        };
        if submitted || status != CoarseStatus::InProgress {
            change
                .put_unit_event_due(run.operator, id, status, at)
                .await?;
        }
        Ok(())
    }

    /// Begins to follow what `actor`'s operating unit may know of its runs: after its event number `since`, or from now on.
    ///
    /// # Errors
    /// Refused by policy; or the unit has no event of that number.
    pub async fn follow_unit(
        self: &Arc<Self>,
        actor: &Actor,
        run: Option<RunId>,
        since: Option<u64>,
    ) -> Result<UnitFollow, LifecycleError> {
        self.permit(actor, Action::ViewRun, &Target::Domain).await?;
        let operator = actor.operator().ok_or(Code::Forbidden)?;
        let newest = self.store.unit_events_newest(operator).await?;
        let number = since.unwrap_or(newest);
        if number > newest {
            return Err(beyond().into());
        }
        Ok(UnitFollow {
            domain: Arc::clone(self),
            reader: Reader::new(actor.clone()),
            operator,
            run,
            number,
            told: self.stream.units_told.subscribe(),
        })
    }
}

/// One reader of an operating unit's events.
pub struct UnitFollow {
    domain: Arc<Domain>,
    reader: Reader,
    operator: OrganisationId,
    run: Option<RunId>,
    /// The last number that was looked at.
    number: u64,
    told: watch::Receiver<u64>,
}

impl UnitFollow {
    /// The number from which it goes on.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The next events, one at least; waits for them.
    ///
    /// # Errors
    /// [`Code::NotSignedIn`] or [`Code::Forbidden`] once the reader may not read on; or the store failed.
    pub async fn next(&mut self) -> Result<Vec<UnitEvent>, LifecycleError> {
        loop {
            self.told.borrow_and_update();
            self.check().await?;
            let domain = Arc::clone(&self.domain);
            let place = domain.stream.catch_up.acquire().await;
            let rows = domain
                .store
                .unit_events(self.operator, self.number, UNIT_ROWS)
                .await?;
            drop(place);
            let more = rows.len() == UNIT_ROWS as usize;
            let mut found = Vec::new();
            for event in rows {
                self.number = event.number;
                if self.run.is_none_or(|run| run == event.run) && self.sees(event.run).await? {
                    found.push(event);
                }
            }
            if !found.is_empty() {
                return Ok(found);
            }
            if more {
                continue;
            }
            self.wait().await?;
        }
    }

    /// Waits until the unit may have been told something. Meanwhile the reader is looked at again and again.
    async fn wait(&mut self) -> Result<(), LifecycleError> {
        loop {
            tokio::select! {
                changed = self.told.changed() => {
                    return Ok(changed.map_err(|_| Code::ShuttingDown)?);
                }
                () = sleep_until(self.reader.due()) => self.check().await?,
            }
        }
    }

    async fn check(&mut self) -> Result<(), LifecycleError> {
        let recorded = self.domain.stream.window.borrow().up_to;
        let changed = self.reader.check(&self.domain, recorded).await?;
        let (domain, actor) = (&self.domain, &self.reader.actor);
        if changed
            && !(actor.operator() == Some(self.operator)
                && domain.may(actor, Action::ViewRun, &Target::Domain).await?)
        {
            return Err(Code::Forbidden.into());
        }
        Ok(())
    }

    async fn sees(&self, run: RunId) -> Result<bool, LifecycleError> {
        let Some(run) = self.domain.store.run(run).await? else {
            return Ok(false);
        };
        let target = Target::Run(self.domain.run_target(&run).await?);
        self.domain
            .may(&self.reader.actor, Action::ViewRun, &target)
            .await
    }
}
