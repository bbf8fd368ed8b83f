//! Standing approvals: later editions of a product whose first edition two reviewers released may leave without them.
//!
//! An approval is of one product, and bound to module, grant version, output schema, frame and profile. A later edition under it leaves
//! by itself when every rule passed and nothing but the route asked for people; whatever else the gate or its audit found waits for them,
//! and ends the approval. `end.rs` says when it comes to its end by itself.

mod end;

use serde_json::json;
use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{
    Code, Decision, ModuleState, Product, ProductState, Refusal, ReviewOutcome, Run, RunId,
    RunState, STANDING_DAYS_MAX, Standing, StandingId, StandingState, StandingYes, State, Verdict,
};
use yunei_store::{Change, Page};

use crate::list::Listing;
use crate::review::APPROVALS_NEEDED;
use crate::stop::{kept_reason, run_facts};
use crate::{Actor, Domain, LifecycleError, Listed};

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// Why somebody lets later editions leave, and for how many days at most.
#[derive(Debug, Clone, Copy)]
pub struct StandingReason<'a> {
    /// Reason, in words.
    pub reason: &'a str,
    /// Days from when it is in force; [`STANDING_DAYS_MAX`] when nobody names fewer.
    pub days: Option<u32>,
}

impl Domain {
    /// Approves that later editions of a product leave by themselves, on the grounds of one that two reviewers released. The second
    /// yes of a different person puts it in force.
    ///
    /// # Errors
    /// Refused by policy; [`Code::WrongState`] unless two reviewers released the run as an edition of a product that is as it was then;
    /// [`Code::ModuleNotApproved`] before two people approved the module's algorithm; [`Code::ReviewerTwice`]; [`Code::BadRequest`] for a number of days that cannot be.
    pub async fn approve_standing(
        &self,
        actor: &Actor,
        id: RunId,
        given: StandingReason<'_>,
    ) -> Result<Standing, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self.permit(actor, Action::ApproveStanding, &target).await?;
        if given
            .days
            .is_some_and(|days| !(1..=STANDING_DAYS_MAX).contains(&days))
        {
            let detail = format!("`days` is from 1 to {STANDING_DAYS_MAX}");
            return Err(Refusal::new(Code::BadRequest).detail(detail).into());
        }
        let mut change = self.store.begin().await?;
        let (mut product, mut standing) = self.standing_to_approve(&mut change, &run).await?;
        let person = actor.principal.person;
        if standing.approvals.iter().any(|a| a.person == person) {
            return Err(Code::ReviewerTwice.into());
        }
        standing.approvals.push(StandingYes {
            reviewer: actor.principal.account,
            person,
            reason: kept_reason(given.reason),
            days: given.days,
            at: self.clock.now(),
        });
        if standing.approvals.len() as u64 >= APPROVALS_NEEDED {
            self.put_in_force(&mut change, &mut standing, &mut product)
                .await?;
        }
        change.put_standing(&standing).await?;
        let draft = run_facts(permit.draft(Kind::StandingApproved, actor), &run)
            .fact("standing", standing.id)
            .fact("product_state", product.state.as_str())
            .fact("state", standing.state.as_str())
            .fact("until", standing.until)
            .fact("bound", json!(standing.bound))
            .fact("reason", kept_reason(given.reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(standing)
    }

    /// The open standing approval of a run's product, or a new one without anybody's yes; with the product.
    async fn standing_to_approve(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<(Product, Standing), LifecycleError> {
        let edition = run.edition.ok_or(Code::WrongState)?;
        let product = change.product(edition.product).await?;
        let product = product.ok_or(Code::NotFound)?;
        let reviewed = matches!(
            product.state,
            ProductState::Reviewed | ProductState::Standing
        );
        let verdicts = change.verdicts(run.id).await?;
        let reviews = change.release_reviews(run.id).await?;
        let yes = reviews
            .iter()
            .filter(|r| r.outcome == ReviewOutcome::Approved);
        let by_people = yes.count() as u64 >= APPROVALS_NEEDED;
        if run.state != RunState::Released || !reviewed || !by_people || !is_routine(&verdicts) {
            return Err(Code::WrongState.into());
        }
        let module = change.module(product.module).await?;
        if module.is_none_or(|m| m.state != ModuleState::Approved) {
            return Err(Code::ModuleNotApproved.into());
        }
        let bound = self.bound_of_run(&product, run, &verdicts).await?;
        // What two people saw is no ground for what is otherwise by now.
        if self.bound_now(&product).await? != Ok(bound) {
            return Err(Code::WrongState.into());
        }
        let known = change.standing_open_of(product.id).await?;
        let known = known.into_iter().find(|s| s.bound == bound);
        let standing = known.unwrap_or_else(|| Standing {
            id: StandingId::new(&*self.ids),
            product: Some(product.id),
            first: run.id,
            operator: run.operator,
            bound,
            state: StandingState::Proposed,
            approvals: Vec::new(),
            in_force_at: None,
            until: None,
            ended: None,
        });
        Ok((product, standing))
    }

    /// The second yes: editions leave from now on, until its days or the grant's term are over.
    async fn put_in_force(
        &self,
        change: &mut Change,
        standing: &mut Standing,
        product: &mut Product,
    ) -> Result<(), LifecycleError> {
        standing.state = standing
            .state
            .step(StandingState::InForce)
            .map_err(|_| Code::WrongState)?;
        let now = self.clock.now();
        let days = now.plus_seconds(i64::from(standing.days()) * DAY_SECONDS);
        let grant = change.grant_standing(product.grant).await?;
        let grant = grant.ok_or(Code::WrongState)?;
        standing.in_force_at = Some(now);
        standing.until = Some(days.min(grant.terms.until));
        product.state = product
            .state
            .step(ProductState::Standing)
            .map_err(|_| Code::WrongState)?;
        change.put_product(product).await?;
        Ok(())
    }

    /// Takes a standing approval back, at once: the next edition waits for people again.
    ///
    /// # Errors
    /// Refused by policy, or it was taken back or came to its end before.
    pub async fn withdraw_standing(
        &self,
        actor: &Actor,
        id: StandingId,
        reason: &str,
    ) -> Result<Standing, LifecycleError> {
        let standing = self.store.standing_approval(id).await?;
        let first = standing.ok_or(Code::NotFound)?.first;
        let run = self.store.run(first).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self
            .permit(actor, Action::WithdrawStanding, &target)
            .await?;
        let mut change = self.store.begin().await?;
        let standing = change.standing_approval(id).await?;
        let mut standing = standing.ok_or(Code::NotFound)?;
        standing.state = standing
            .state
            .step(StandingState::Withdrawn)
            .map_err(|_| Code::WrongState)?;
        change.put_standing(&standing).await?;
        let product = product_without(&mut change, &standing).await?;
        let draft = run_facts(permit.draft(Kind::StandingWithdrawn, actor), &run)
            .fact("standing", id)
            .fact("product_state", product.map(|p| p.state.as_str()))
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(standing)
    }

    /// Standing approvals that `actor` may take back, those withdrawn among them.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn standing_approvals(
        &self,
        actor: &Actor,
        page: Page<StandingId>,
    ) -> Result<Listed<Standing, StandingId>, LifecycleError> {
        self.permit(actor, Action::ViewRun, &Target::Domain).await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let approvals = self.store.standing_approvals(part).await?;
            listing.read(approvals.len());
            for standing in approvals {
                let run = self.store.run(standing.first).await?;
                let run = run.ok_or(LifecycleError::Impossible {
                    detail: "a standing approval without its run",
                })?;
                let target = Target::Run(self.run_target(&run).await?);
                let sees = self.may(actor, Action::WithdrawStanding, &target).await?;
                if !listing.look(standing.id, sees.then_some(standing)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// The standing approval under which a run that waits for people leaves without them, if there is one. Editions alone have one:
    /// their periods are disjoint, so that the same rows are never told of in two ways without people.
    pub(crate) async fn standing_for(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<Option<Standing>, LifecycleError> {
        let Some(edition) = run.edition else {
            return Ok(None);
        };
        let verdicts = change.verdicts(run.id).await?;
        let known = change.standing_open_of(edition.product).await?;
        let now = self.clock.now();
        let in_force = |s: &Standing| {
            s.state == StandingState::InForce && s.until.is_some_and(|until| now < until)
        };
        if !is_routine(&verdicts) || !known.iter().any(in_force) {
            return Ok(None);
        }
        let product = change.product(edition.product).await?;
        let product = product.ok_or(LifecycleError::Impossible {
            detail: "an edition without its product",
        })?;
        let bound = self.bound_of_run(&product, run, &verdicts).await?;
        let mut known = known.into_iter();
        Ok(known.find(|s| in_force(s) && s.bound == bound))
    }
}

/// The product of a standing approval that is not in force any more: its editions wait for people again.
async fn product_without(
    change: &mut Change,
    standing: &Standing,
) -> Result<Option<Product>, LifecycleError> {
    let Some(id) = standing.product else {
        return Ok(None);
    };
    let Some(mut product) = change.product(id).await? else {
        return Ok(None);
    };
    if standing.in_force_at.is_some() && product.state == ProductState::Standing {
        product.state = product
            .state
            .step(ProductState::Reviewed)
            .map_err(|_| Code::WrongState)?;
        change.put_product(&product).await?;
    }
    Ok(Some(product))
}

/// Whether people are asked for no other reason than the route.
pub(crate) fn is_routine(verdicts: &[Verdict]) -> bool {
    let routine = |v: &Verdict| match v.decision {
        Decision::Release => true,
        Decision::Review => v.routine,
        Decision::Withhold => false,
    };
    !verdicts.is_empty() && verdicts.iter().all(routine)
}
