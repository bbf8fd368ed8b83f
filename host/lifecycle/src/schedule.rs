//! Schedules: what starts a product's runs, when it is due, and the steps that it takes.
//!
//! INVARIANT: when a schedule is due next is kept with it, and moves on in the transaction that queues the last run of its step.
//! An interruption leaves a schedule that is still due, and runs that are queued: what was queued is not queued again, since a period
//! with a run under way is due none. Moments that were missed while nothing ran are made up for by one step.

mod cron;
mod pause;

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    AccountId, Code, Due, LimitExceeded, Product, ProductId, ProductState, Refusal, Schedule,
    ScheduleId, ScheduleTrigger, Timestamp, TokenId, Trigger,
};
use yunei_store::{Change, PAGE_ROWS_MAX, Page};
use yunei_telemetry::event;

use crate::edition::DueEdition;
use crate::list::Listing;
use crate::product::product_facts;
use crate::{Actor, Domain, LifecycleError, Listed, RequestTrace};
pub(crate) use cron::Cron;

/// Schedules of one product at most, ended ones included.
pub const SCHEDULES_MAX: u64 = 64;
/// Runs that one step queues at most; a schedule with more to do stays due.
const STEP_RUNS_MAX: usize = 64;
/// Milliseconds between two looks at what is due.
const LOOK_MS: u64 = 1000;

/// A schedule to be set up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    /// What starts its runs.
    pub trigger: ScheduleTrigger,
}

/// A step that a schedule takes now.
struct Step {
    schedule: Schedule,
    /// When it is due once this step is done.
    next: Due,
}

impl Domain {
    /// Sets up a schedule of a product.
    ///
    /// # Errors
    /// Refused by policy; [`Code::ScheduleInvalid`] for a trigger that never comes or is not about the product.
    pub async fn set_schedule(
        &self,
        actor: &Actor,
        id: ProductId,
        new: NewSchedule,
    ) -> Result<Schedule, LifecycleError> {
        let product = self.store.product(id).await?.ok_or(Code::NotFound)?;
        let permit = self.may_operate(actor, &product).await?;
        let now = self.clock.now();
        let due = match &new.trigger {
            ScheduleTrigger::Cron { expression } => Due::At {
                at: Cron::parse(expression)
                    .and_then(|cron| cron.next_after(now))
                    .map_err(|fault| {
                        Refusal::new(Code::ScheduleInvalid).detail(fault.to_string())
                    })?,
            },
            ScheduleTrigger::OnSnapshot { resource } => {
                let target = self.product_target(&product).await?;
                if !target.resources.contains(resource) {
                    let detail = format!("the product reads no resource `{resource}`");
                    return Err(Refusal::new(Code::ScheduleInvalid).detail(detail).into());
                }
                // What is there already is a reason for a first step.
                Due::After { snapshot: None }
            }
        };
        let schedule = Schedule {
            id: ScheduleId::new(&*self.ids),
            product: id,
            trigger: new.trigger,
            due,
            paused: None,
            set_by: actor.principal.account,
            set_at: now,
        };
        let mut change = self.store.begin().await?;
        let stands = change.product(id).await?.ok_or(Code::NotFound)?;
        if stands.state == ProductState::Withdrawn {
            return Err(Code::WrongState.into());
        }
        let page = Page::first(PAGE_ROWS_MAX);
        let there = change.schedules(id, page).await?.len() as u64;
        LimitExceeded::check("schedules_max", SCHEDULES_MAX, there, 1)
            .map_err(|e| Refusal::new(Code::TooLarge).detail(e.to_string()))?;
        change.put_schedule(&schedule).await?;
        let draft = product_facts(permit.draft(Kind::ScheduleSet, actor), &product)
            .fact("schedule", schedule.id)
            .fact("trigger", trigger_facts(&schedule.trigger));
        self.record(&mut change, draft).await?;
        self.remember(&mut change, actor, &schedule).await?;
        self.commit(change).await?;
        self.scheduled.notify_one();
        Ok(schedule)
    }

    /// Ends a schedule.
    ///
    /// # Errors
    /// Refused by policy; there is no such schedule of the product, or it has ended.
    pub async fn end_schedule(
        &self,
        actor: &Actor,
        product: ProductId,
        id: ScheduleId,
    ) -> Result<Schedule, LifecycleError> {
        let product = self.store.product(product).await?.ok_or(Code::NotFound)?;
        let permit = self.may_operate(actor, &product).await?;
        let mut change = self.store.begin().await?;
        let schedule = change.schedule(id).await?;
        let mut schedule = schedule
            .filter(|s| s.product == product.id)
            .ok_or(Code::NotFound)?;
        if schedule.due == Due::Never {
            return Err(Code::WrongState.into());
        }
        schedule.due = Due::Never;
        schedule.paused = None;
        change.put_schedule(&schedule).await?;
        let draft = product_facts(permit.draft(Kind::ScheduleEnded, actor), &product)
            .fact("schedule", schedule.id);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(schedule)
    }

    /// Schedules of a product, ended ones included.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such product, or it is not `actor`'s to see.
    pub async fn schedules(
        &self,
        actor: &Actor,
        product: ProductId,
        page: Page<ScheduleId>,
    ) -> Result<Listed<Schedule, ScheduleId>, LifecycleError> {
        self.visible_product(actor, product).await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let schedules = self.store.schedules(product, part).await?;
            listing.read(schedules.len());
            for schedule in schedules {
                if !listing.look(schedule.id, Some(self.as_shown(schedule))) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Runs until `stop` turns true: schedules step soon after they are due.
    pub async fn run_scheduler(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.step_schedules().await {
                event!(ERROR, STAGE_FAILED, STAGE = "schedule", CAUSE = %error);
            }
            tokio::select! {
                () = self.scheduled.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(LOOK_MS)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Steps every schedule that is due now, after grants came to their end whose term is over, and after schedules that waited for a
    /// privacy budget go on. Gives how many runs were queued.
    ///
    /// # Errors
    /// The store failed: schedules that did not step are still due.
    pub async fn step_schedules(&self) -> Result<u64, LifecycleError> {
        let mut queued = 0;
        self.expire_grants().await?;
        self.sweep_standing().await?;
        self.resume_paused().await?;
        for schedule in self.store.schedules_due(self.clock.now()).await? {
            queued += self.step_due(schedule).await?;
        }
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let awaiting = self.store.schedules_awaiting(page).await?;
            let last = awaiting.last().map(|schedule| schedule.id);
            let full = awaiting.len() >= PAGE_ROWS_MAX as usize;
            for schedule in awaiting {
                queued += self.step_due(schedule).await?;
            }
            match last {
                Some(last) if full => page = page.after(last),
                _ => return Ok(queued),
            }
        }
    }

    async fn step_due(&self, schedule: Schedule) -> Result<u64, LifecycleError> {
        let Some(next) = self.due_next(&schedule).await? else {
            return Ok(0);
        };
        let product = self.store.product(schedule.product).await?;
        let product = product.ok_or(LifecycleError::Impossible {
            detail: "a schedule without its product",
        })?;
        let step = Step { schedule, next };
        let due = self.editions_due(&product, STEP_RUNS_MAX).await?;
        let whole = due.len() < STEP_RUNS_MAX;
        if due.is_empty() {
            self.end_step(&step, &product, None).await?;
            return Ok(0);
        }
        let mut queued = 0;
        let mut left = due.len();
        for edition in due {
            left -= 1;
            let last = left == 0 && whole;
            match self.queue_due(&step, &product, edition, last).await {
                Ok(()) => queued += 1,
                // The next one would be refused the same. What is due stays so until the schedule comes again.
                Err(LifecycleError::Refused(refusal)) => {
                    if pause::pauses(&refusal) {
                        self.pause_step(&step, &product, &refusal).await?;
                    } else {
                        self.end_step(&step, &product, Some(&refusal)).await?;
                    }
                    return Ok(queued);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(queued)
    }

    /// When a schedule is due after a step now; nothing as long as it is not due.
    async fn due_next(&self, schedule: &Schedule) -> Result<Option<Due>, LifecycleError> {
        let now = self.clock.now();
        Ok(match (&schedule.trigger, schedule.due) {
            (ScheduleTrigger::Cron { expression }, Due::At { at }) if at <= now => {
                let next = Cron::parse(expression).and_then(|cron| cron.next_after(now));
                Some(next.map_or(Due::Never, |at| Due::At { at }))
            }
            (ScheduleTrigger::OnSnapshot { resource }, Due::After { snapshot }) => {
                let Some(resource) = self.store.resource_by_name(resource).await? else {
                    return Ok(None);
                };
                let newest = self.store.newest_snapshot(resource.id, None).await?;
                let newest = newest.map(|s| s.id);
                (newest.is_some() && newest != snapshot).then_some(Due::After { snapshot: newest })
            }
            _ => None,
        })
    }

    /// Queues one run; the last of a step moves the schedule on in the same transaction.
    async fn queue_due(
        &self,
        step: &Step,
        product: &Product,
        edition: DueEdition,
        last: bool,
    ) -> Result<(), LifecycleError> {
        let actor = self.actor_for(step.schedule.set_by).await?;
        self.may_operate(&actor, product).await?;
        let request = self.request_of(product).await?;
        let schedule = step.schedule.id;
        let occasion = edition.occasion(product, Trigger::Schedule { schedule });
        let submission = self.submission_on(&actor, request, occasion).await?;
        let decided = self.decide(submission).await?;
        let mut change = self.store.begin().await?;
        if !still_due(&mut change, step).await? {
            return Ok(());
        }
        self.queue(&mut change, decided).await?;
        if last {
            self.move_on(&mut change, step, product, None).await?;
        }
        self.commit(change).await?;
        self.queued.notify_one();
        Ok(())
    }

    /// Moves a schedule on that had nothing to queue, or was refused.
    async fn end_step(
        &self,
        step: &Step,
        product: &Product,
        refusal: Option<&Refusal>,
    ) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        if !still_due(&mut change, step).await? {
            return Ok(());
        }
        self.move_on(&mut change, step, product, refusal).await?;
        self.commit(change).await
    }

    async fn move_on(
        &self,
        change: &mut Change,
        step: &Step,
        product: &Product,
        refusal: Option<&Refusal>,
    ) -> Result<(), LifecycleError> {
        let mut schedule = step.schedule.clone();
        schedule.due = step.next;
        change.put_schedule(&schedule).await?;
        let draft = product_facts(Draft::new(Kind::ScheduleStepped), product)
            .fact("schedule", schedule.id)
            .fact("was", due_facts(step.schedule.due))
            .fact("due", due_facts(schedule.due))
            .fact("code", refusal.map(|r| r.code.as_str()))
            .fact("clause", refusal.and_then(|r| r.clause.clone()));
        self.record(change, draft).await
    }

    /// Who a schedule's runs are submitted by: the account that set it up, with the roles that it holds now.
    async fn actor_for(&self, account: AccountId) -> Result<Actor, LifecycleError> {
        let account = self.store.account(account).await?.ok_or(Code::Forbidden)?;
        let organisation = self.store.organisation(account.organisation).await?;
        let organisation = organisation.ok_or(Code::Forbidden)?;
        Ok(Actor {
            principal: self
                .principal(&account, &organisation, self.clock.now())
                .await?,
            // Nobody has it: what a schedule does comes with no token.
            token: TokenId::new(&*self.ids),
            trace: RequestTrace::default(),
            once: None,
        })
    }
}

/// Whether nobody moved or ended the schedule since the step began.
async fn still_due(change: &mut Change, step: &Step) -> Result<bool, LifecycleError> {
    let now = change.schedule(step.schedule.id).await?;
    Ok(now.is_some_and(|now| now.due == step.schedule.due))
}

fn trigger_facts(trigger: &ScheduleTrigger) -> serde_json::Value {
    match trigger {
        ScheduleTrigger::Cron { expression } => {
            serde_json::json!({ "kind": "cron", "expression": expression })
        }
        ScheduleTrigger::OnSnapshot { resource } => {
            serde_json::json!({ "kind": "on-snapshot", "resource": resource })
        }
    }
}

fn due_facts(due: Due) -> serde_json::Value {
    match due {
        Due::At { at } => serde_json::json!({ "at": Timestamp::as_micros(at) }),
        Due::After { snapshot } => {
            serde_json::json!({ "after": snapshot.map(|id| id.to_string()) })
        }
        Due::Never => serde_json::json!("never"),
    }
}
