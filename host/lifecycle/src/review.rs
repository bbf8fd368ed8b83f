//! Reviews by people: of algorithms, and of outputs that the gate cannot decide.

use tracing::Instrument as _;
use yunei_authority::{Action, ModuleTarget, Target};
use yunei_ledger::Kind;
use yunei_model::{
    AlgorithmReview, Code, EndCause, HeldJudgement, Module, ModuleId, ModuleState, ReleaseReview,
    ReviewId, ReviewOutcome, RunId, RunState, State,
};
use yunei_store::{Page, RunFilter};
use yunei_telemetry::span;

use crate::claim::MODULE_CLAUSE;
use crate::list::Listing;
use crate::stop::{kept_reason, run_facts};
use crate::{Actor, Domain, LifecycleError, Listed, ModuleView, RunDetail};

/// Different people who must say yes.
pub const APPROVALS_NEEDED: u64 = 2;

impl Domain {
    /// Reviews a module's algorithm. The second yes of a different person approves it, the first no rejects it.
    ///
    /// # Errors
    /// Refused by policy: never one's own, nobody twice; or not in the state for it.
    pub async fn review_module(
        &self,
        actor: &Actor,
        id: ModuleId,
        outcome: ReviewOutcome,
        reason: &str,
    ) -> Result<ModuleView, LifecycleError> {
        let module = self.store.module(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Module(ModuleTarget::from(&module));
        let permit = self.permit(actor, Action::ReviewModule, &target).await?;
        let mut change = self.store.begin().await?;
        let mut module = change.module(id).await?.ok_or(Code::NotFound)?;
        if module.state != ModuleState::Admitted {
            return Err(Code::WrongState.into());
        }
        if module
            .reviews
            .iter()
            .any(|r| r.person == actor.principal.person)
        {
            return Err(Code::ReviewerTwice.into());
        }
        module.reviews.push(AlgorithmReview {
            id: ReviewId::new(&*self.ids),
            reviewer: actor.principal.account,
            person: actor.principal.person,
            outcome,
            reason: kept_reason(reason),
            at: self.clock.now(),
        });
        let facts = |kind: Kind, module: &Module| {
            permit
                .draft(kind, actor)
                .operator(module.operator)
                .fact("module", id)
                .fact("module_digest", module.digest.to_string())
        };
        let draft = facts(Kind::ModuleReviewed, &module)
            .fact("outcome", outcome.as_str())
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        let approved = ModuleTarget::from(&module).approvals >= APPROVALS_NEEDED;
        let next = match outcome {
            ReviewOutcome::Rejected => Some((ModuleState::Rejected, Kind::ModuleRejected)),
            ReviewOutcome::Approved if approved => {
                Some((ModuleState::Approved, Kind::ModuleApproved))
            }
            ReviewOutcome::Approved => None,
        };
        if let Some((state, kind)) = next {
            module.state = module.state.step(state).map_err(|_| Code::WrongState)?;
            self.record(&mut change, facts(kind, &module)).await?;
        }
        change.put_module(&module).await?;
        self.commit(change).await?;
        Ok(ModuleView::of(module, actor))
    }

    /// Takes a module back.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn withdraw_module(
        &self,
        actor: &Actor,
        id: ModuleId,
    ) -> Result<ModuleView, LifecycleError> {
        let module = self.store.module(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Module(ModuleTarget::from(&module));
        let permit = self.permit(actor, Action::WithdrawModule, &target).await?;
        let mut change = self.store.begin().await?;
        let mut module = change.module(id).await?.ok_or(Code::NotFound)?;
        module.state = module
            .state
            .step(ModuleState::Withdrawn)
            .map_err(|_| Code::WrongState)?;
        change.put_module(&module).await?;
        let draft = permit
            .draft(Kind::ModuleWithdrawn, actor)
            .operator(module.operator)
            .fact("module", id);
        self.record(&mut change, draft).await?;
        let runs = RunFilter {
            module: Some(id),
            ..RunFilter::default()
        };
        let cause = EndCause::Denied {
            clause: MODULE_CLAUSE.to_owned(),
        };
        let by = Some((actor, &permit));
        let stopped = self
            .stop_runs(&mut change, runs, |_| true, &cause, by)
            .await?;
        self.commit(change).await?;
        self.kill_all(&stopped);
        Ok(ModuleView::of(module, actor))
    }

    /// Outputs that wait for reviewers, those that `actor` may decide.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn awaiting_review(
        &self,
        actor: &Actor,
        page: Page<RunId>,
    ) -> Result<Listed<RunDetail, RunId>, LifecycleError> {
        self.permit(actor, Action::ViewRun, &Target::Domain).await?;
        let filter = RunFilter {
            states: vec![RunState::InReview],
            ..RunFilter::default()
        };
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let runs = self.store.runs(&filter, part).await?;
            listing.read(runs.len());
            for run in runs {
                let id = run.id;
                let target = Target::Run(self.run_target(&run).await?);
                let waits = if self.may(actor, Action::ReviewRelease, &target).await? {
                    Some(self.detail_of(run).await?)
                } else {
                    None
                };
                if !listing.look(id, waits) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Decides about an output that waits. The second yes of a different person releases it, unless something left meanwhile that
    /// has it judged anew, or whoever said the first may not decide about it any more; the first no keeps it inside. `judgement` is
    /// the number of the judgement that the reviewer looked at; none means the first.
    ///
    /// # Errors
    /// Refused by policy: never one's own, nobody twice; or not in the state for it; or, for a yes, while the witnesses' quorum that
    /// the run needs is not there, when another judgement holds ([`Code::JudgedAnew`]), or when they have not opened the output as it
    /// was judged last ([`Code::OutputUnopened`]).
    pub async fn review_release(
        &self,
        actor: &Actor,
        id: RunId,
        outcome: ReviewOutcome,
        reason: &str,
        judgement: Option<u64>,
    ) -> Result<RunDetail, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self.permit(actor, Action::ReviewRelease, &target).await?;
        if outcome == ReviewOutcome::Approved {
            self.require_quorum(&run).await?;
        }
        let mut change = self.store.begin().await?;
        let run = change.run(id).await?.ok_or(Code::NotFound)?;
        if run.state != RunState::InReview {
            return Err(Code::WrongState.into());
        }
        // INVARIANT: nobody says yes to what they have not been shown.
        let holds = change.judgement(id).await?.unwrap_or(HeldJudgement::FIRST);
        if outcome == ReviewOutcome::Approved {
            if judgement.unwrap_or(1) != holds.number {
                return Err(Code::JudgedAnew.into());
            }
            if !self.has_opened(&mut change, actor, id).await? {
                return Err(Code::OutputUnopened.into());
            }
        }
        let earlier = change.release_reviews(id).await?;
        if earlier.iter().any(|r| r.person == actor.principal.person) {
            return Err(Code::ReviewerTwice.into());
        }
        let review = ReleaseReview {
            id: ReviewId::new(&*self.ids),
            reviewer: actor.principal.account,
            person: actor.principal.person,
            outcome,
            reason: kept_reason(reason),
            at: self.clock.now(),
        };
        change.put_release_review(id, &review).await?;
        let draft = run_facts(permit.draft(Kind::ReleaseReviewed, actor), &run)
            .fact("outcome", outcome.as_str())
            .fact("judgement", holds.number)
            .fact("reason", &review.reason);
        self.record(&mut change, draft).await?;
        let approvals = earlier
            .iter()
            .filter(|r| r.outcome == ReviewOutcome::Approved)
            .count() as u64
            + 1;
        let run = match outcome {
            ReviewOutcome::Rejected => self.withhold_reviewed(&mut change, run).await?,
            ReviewOutcome::Approved => run,
        };
        self.commit(change).await?;
        if outcome == ReviewOutcome::Approved && approvals >= APPROVALS_NEEDED {
            let span = span!(STAGE, STAGE = "release", RUN_ID = %run.id);
            return self.release_reviewed(run, None).instrument(span).await;
        }
        self.detail_of(run).await
    }
}
