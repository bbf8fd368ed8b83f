//! Schedules that wait for a privacy budget: nothing that is due is lost, and nothing is tried before the budget covers it.
//!
//! What a schedule waits for is asked as a submission would be, beside all that is queued: so a schedule that goes on tells its unit no
//! more than the answer to a request for a run does.

use yunei_authority::PrivacyStanding;
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Code, Due, Paused, Product, Refusal, Run, Schedule, ScheduleTrigger, Timestamp, Trigger,
};
use yunei_store::{Change, PAGE_ROWS_MAX, Page};

use super::{Step, still_due};
use crate::product::product_facts;
use crate::{Domain, LifecycleError};

/// Whether a schedule that is refused so waits until it would not be.
pub(super) const fn pauses(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        Code::PrivacyBudgetSpent | Code::PrivacyBudgetUnset
    )
}

impl Domain {
    /// A schedule as its readers see it: that a run was refused at its claim shows no sooner than the run's end.
    pub(super) fn as_shown(&self, mut schedule: Schedule) -> Schedule {
        let now = self.clock.now();
        schedule.paused = schedule.paused.filter(|paused| paused.at <= now);
        schedule
    }

    /// Pauses a schedule whose step was refused: what is due stays due.
    pub(super) async fn pause_step(
        &self,
        step: &Step,
        product: &Product,
        refusal: &Refusal,
    ) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        if !still_due(&mut change, step).await? {
            return Ok(());
        }
        let schedule = step.schedule.clone();
        let at = self.clock.now();
        self.pause(&mut change, schedule, product, refusal, at)
            .await?;
        self.commit(change).await
    }

    /// Pauses the schedule of a run that was refused at its claim, since others were charged meanwhile.
    pub(crate) async fn pause_schedule_of(
        &self,
        change: &mut Change,
        run: &Run,
        refusal: &Refusal,
    ) -> Result<(), LifecycleError> {
        let (Trigger::Schedule { schedule }, Some(edition)) = (&run.trigger, run.edition) else {
            return Ok(());
        };
        if !pauses(refusal) {
            return Ok(());
        }
        let product = change.product(edition.product).await?;
        let schedule = change.schedule(*schedule).await?;
        let steps = |s: &Schedule| s.due != Due::Never && s.paused.is_none();
        let (Some(product), Some(schedule)) = (product, schedule.filter(steps)) else {
            return Ok(());
        };
        let at = self.visible_from(run).unwrap_or_else(|| self.clock.now());
        self.pause(change, schedule, &product, refusal, at).await
    }

    async fn pause(
        &self,
        change: &mut Change,
        mut schedule: Schedule,
        product: &Product,
        refusal: &Refusal,
        at: Timestamp,
    ) -> Result<(), LifecycleError> {
        schedule.paused = Some(Paused {
            code: refusal.code,
            at,
        });
        change.put_schedule(&schedule).await?;
        let draft = product_facts(Draft::new(Kind::SchedulePaused), product)
            .fact("schedule", schedule.id)
            .fact("code", refusal.code.as_str())
            .fact("clause", refusal.clause.clone());
        self.record(change, draft).await
    }

    /// Lets each paused schedule go on whose next run would be covered now.
    pub(super) async fn resume_paused(&self) -> Result<(), LifecycleError> {
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let paused = self.store.schedules_paused(page).await?;
            let last = paused.last().map(|schedule| schedule.id);
            let full = paused.len() >= PAGE_ROWS_MAX as usize;
            for schedule in paused {
                self.resume(schedule).await?;
            }
            match last {
                Some(last) if full => page = page.after(last),
                _ => return Ok(()),
            }
        }
    }

    async fn resume(&self, schedule: Schedule) -> Result<(), LifecycleError> {
        let product = self.store.product(schedule.product).await?;
        let product = product.ok_or(LifecycleError::Impossible {
            detail: "a schedule without its product",
        })?;
        let now = self.clock.now();
        let early = schedule.paused.is_none_or(|paused| now < paused.at);
        if early || !self.is_covered(&product).await? {
            return Ok(());
        }
        let mut change = self.store.begin().await?;
        let found = change.schedule(schedule.id).await?;
        let Some(mut schedule) = found.filter(|s| s.paused == schedule.paused) else {
            return Ok(());
        };
        schedule.paused = None;
        // Whatever became due, and what the refused run was to be, is looked for at once.
        schedule.due = match &schedule.trigger {
            ScheduleTrigger::Cron { .. } => Due::At { at: now },
            ScheduleTrigger::OnSnapshot { .. } => Due::After { snapshot: None },
        };
        change.put_schedule(&schedule).await?;
        let draft = product_facts(Draft::new(Kind::ScheduleResumed), &product)
            .fact("schedule", schedule.id);
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }

    /// Whether the privacy budgets cover one more run of a product, beside all that is queued: by what its submission is decided with, so
    /// that a schedule does not go on only to be paused again.
    async fn is_covered(&self, product: &Product) -> Result<bool, LifecycleError> {
        let module = self.store.module(product.module).await?;
        let Some(module) = module else {
            return Ok(false);
        };
        let resources = self.facts(product.grant).await?.resources;
        let standing = self.privacy_standing(&module, &resources, true).await?;
        Ok(standing == PrivacyStanding::default())
    }
}
