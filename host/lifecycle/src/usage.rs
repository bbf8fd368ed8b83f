//! What was used of a grant: all of it, and what its operating unit, and source units, may know of it at this moment.
//!
//! A run is charged in full what it may read, decided by its snapshots alone, when it is claimed; what it did read changes
//! nothing. So the use of a grant tells an operating unit nothing that data could have steered but through released cells.

use std::collections::BTreeMap;

use yunei_authority::{Action, Target, Usage};
use yunei_model::{GrantId, Role, Run, RunState, Snapshot, SnapshotId};
use yunei_store::{PAGE_ROWS_MAX, Page};

use crate::claim::READS_PER_ROW_MAX;
use crate::coarse::{HOUR_SECONDS, bucket_end};
use crate::{Actor, Domain, LifecycleError};

impl Domain {
    /// What has been used of a grant. The bureau and authorities are told of all of it; an operating unit, and whoever gave the resources,
    /// of runs whose status the operating unit sees.
    ///
    /// # Errors
    /// As [`Self::grant`].
    pub async fn usage(&self, actor: &Actor, id: GrantId) -> Result<Usage, LifecycleError> {
        let (_, target) = self.standing_with_target(id).await?;
        self.permit(actor, Action::ViewUsage, &Target::Grant(Box::new(target)))
            .await?;
        let used = self.usage_of(id).await?;
        let supervises = actor.holds(Role::Bureau) || actor.holds(Role::Regulator);
        if supervises && actor.operator().is_none() {
            return Ok(used);
        }
        Ok(less(used, self.unseen(id).await?.taken))
    }

    /// All that was used or reserved.
    pub(crate) async fn usage_of(&self, grant: GrantId) -> Result<Usage, LifecycleError> {
        let used = self.store.usage(grant).await?;
        Ok(Usage {
            runs: used.runs,
            rows: used.rows,
            released_cells: used.released_cells,
        })
    }

    /// What counts when a run is submitted: as if all that is queued had been claimed, and with the cells that its operating
    /// unit knows of. Whether a submission is refused for a quota tells so neither when a run began nor when one ended.
    pub(crate) async fn usage_foreseen(&self, grant: GrantId) -> Result<Usage, LifecycleError> {
        let used = self.usage_of(grant).await?;
        let unseen = self.unseen(grant).await?;
        let cells = unseen.taken.released_cells;
        Ok(Usage {
            runs: used.runs.saturating_add(unseen.queued.runs),
            rows: used.rows.saturating_add(unseen.queued.rows),
            released_cells: used.released_cells.saturating_sub(cells),
        })
    }

    /// What runs took whose end their operating unit does not see yet, and what queued ones will take.
    async fn unseen(&self, grant: GrantId) -> Result<Unseen, LifecycleError> {
        let now = self.clock.now();
        // No bucket is longer: what ended before is seen.
        let since = now.plus_seconds(-HOUR_SECONDS - 1);
        let mut unseen = Unseen::default();
        let mut rows_of = BTreeMap::new();
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let runs = self.store.runs_ended_after(grant, since, page).await?;
            for run in &runs {
                if seen(run, now) {
                    continue;
                }
                if run.state == RunState::Queued {
                    unseen.queued.runs += 1;
                    let rows = self.rows_charged(run, &mut rows_of).await?;
                    unseen.queued.rows = unseen.queued.rows.saturating_add(rows);
                } else {
                    let taken = self.store.reservation(run.id).await?;
                    unseen.taken.runs += taken.runs;
                    unseen.taken.rows = unseen.taken.rows.saturating_add(taken.rows);
                    unseen.taken.released_cells += taken.released_cells;
                }
            }
            match runs.last() {
                Some(last) if runs.len() == PAGE_ROWS_MAX as usize => page = page.after(last.id),
                _ => return Ok(unseen),
            }
        }
    }

    /// Rows that a run is charged when it is claimed.
    async fn rows_charged(
        &self,
        run: &Run,
        known: &mut BTreeMap<SnapshotId, u64>,
    ) -> Result<u64, LifecycleError> {
        let mut rows = 0_u64;
        for id in &run.snapshots {
            let of = match known.get(id) {
                Some(of) => *of,
                None => {
                    let snapshot = self.store.snapshot(*id).await?;
                    let of = snapshot.as_ref().map_or(0, Snapshot::rows);
                    known.insert(*id, of);
                    of
                }
            };
            rows = rows.saturating_add(of);
        }
        Ok(rows.saturating_mul(READS_PER_ROW_MAX))
    }
}

/// What an operating unit is not told of yet.
#[derive(Debug, Default)]
struct Unseen {
    queued: Usage,
    taken: Usage,
}

fn seen(run: &Run, now: yunei_model::Timestamp) -> bool {
    run.ended_at
        .is_some_and(|ended| bucket_end(run.submitted_at, ended) <= now)
}

fn less(usage: Usage, part: Usage) -> Usage {
    Usage {
        runs: usage.runs.saturating_sub(part.runs),
        rows: usage.rows.saturating_sub(part.rows),
        released_cells: usage.released_cells.saturating_sub(part.released_cells),
    }
}
