//! Rules about how things stand: brought about by time, not by an entry.

use yunei_model::AlertSubject;
use yunei_store::{EntryFilter, Page};

use super::evaluate::Seen;
use super::{AlertRule, Condition};
use crate::{Domain, LifecycleError};

impl Domain {
    /// Holds the rules about how things stand against the moment.
    pub(super) async fn evaluate_standing(
        &self,
    ) -> Result<Vec<(&AlertRule, Seen)>, LifecycleError> {
        let mut seen = Vec::new();
        for rule in &self.alerting.rules {
            let found = match &rule.when {
                Condition::CheckpointLag { seconds } => {
                    lagging(self.checkpoint_lag_seconds().await?, *seconds)
                }
                Condition::WitnessLag { seconds } => {
                    lagging(self.witness_lag_seconds().await?, *seconds)
                }
                Condition::Verification { every_seconds } => self.verified(*every_seconds).await?,
                _ => None,
            };
            seen.extend(found.map(|found| (rule, found)));
        }
        Ok(seen)
    }

    /// For how many seconds the oldest entry that is under no signed checkpoint has waited; `None` when none waits.
    async fn checkpoint_lag_seconds(&self) -> Result<Option<u64>, LifecycleError> {
        // INVARIANT: positions count from 1 without a gap, in the order of the log.
        let covered = *self.checkpointed.borrow();
        let page = Page::first(1).after(covered);
        let waiting = self.store.entries(&EntryFilter::default(), page).await?;
        let now = self.clock.now();
        Ok(waiting
            .first()
            .map(|recorded| now.millis_since(recorded.entry.at()) / 1000)
            .map(|seconds| u64::try_from(seconds).unwrap_or(0)))
    }

    /// For how many seconds the quorum of witnesses has been behind; `None` while no quorum is kept, or it is not behind.
    async fn witness_lag_seconds(&self) -> Result<Option<u64>, LifecycleError> {
        let lag_us = self.witness_delay_us().await?;
        Ok(lag_us.map(|lag| u64::try_from(lag / 1_000_000).unwrap_or(0)))
    }

    /// Computes the record anew when it is time to.
    async fn verified(&self, every_seconds: u64) -> Result<Option<Seen>, LifecycleError> {
        let now = self.clock.now();
        let every_ms = i64::try_from(every_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        {
            let verified_at = &self.alerting.verified_at;
            let mut last = verified_at
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            // A clock that was put back does not keep the record from being verified.
            let elapsed_ms = last.map(|last| now.millis_since(last).abs());
            if elapsed_ms.is_some_and(|elapsed| elapsed < every_ms) {
                return Ok(None);
            }
            *last = Some(now);
        }
        let report = self.store.verify(&self.log_key(), &[]).await?;
        if report.holds() {
            return Ok(None);
        }
        let seen = Seen::about(AlertSubject::Record);
        Ok(Some(seen.figure("findings", report.findings_total)))
    }
}

fn lagging(lag_seconds: Option<u64>, bound_seconds: u64) -> Option<Seen> {
    let lag = lag_seconds.filter(|lag| *lag >= bound_seconds)?;
    let seen = Seen::about(AlertSubject::Log);
    Some(
        seen.figure("lag_seconds", lag)
            .figure("bound_seconds", bound_seconds),
    )
}
