//! Standing approvals: what two reviewers released may leave again without them.
//!
//! An approval is bound to module, grant version, output schema, frame and profile. A later run under it leaves by itself when every
//! rule passed and nothing but the route asked for people; whatever else the gate or its audit found waits for them.

use serde_json::json;
use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{
    Code, Decision, Digest, ReviewOutcome, Run, RunId, RunState, Standing, StandingBound,
    StandingId, StandingState, StandingYes, State, Verdict,
};
use yunei_store::{Change, Page};

use crate::list::Listing;
use crate::review::APPROVALS_NEEDED;
use crate::stop::{kept_reason, run_facts};
use crate::{Actor, Domain, LifecycleError, Listed};

impl Domain {
    /// Approves that later outputs like those of a released run leave by themselves. The second yes of a different person puts it in
    /// force.
    ///
    /// # Errors
    /// Refused by policy; [`Code::WrongState`] unless two reviewers released the run; [`Code::ReviewerTwice`].
    pub async fn approve_standing(
        &self,
        actor: &Actor,
        id: RunId,
        reason: &str,
    ) -> Result<Standing, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self.permit(actor, Action::ApproveStanding, &target).await?;
        let verdicts = self.store.verdicts(id).await?;
        let reviews = self.store.release_reviews(id).await?;
        let yes = reviews
            .iter()
            .filter(|r| r.outcome == ReviewOutcome::Approved);
        let by_people = yes.count() as u64 >= APPROVALS_NEEDED;
        if run.state != RunState::Released || !by_people || !is_routine(&verdicts) {
            return Err(Code::WrongState.into());
        }
        let mut change = self.store.begin().await?;
        let bound = self.bound_of(&mut change, &run, &verdicts).await?;
        let known = change.standing_of(run.grant, run.module).await?;
        let known = known
            .into_iter()
            .find(|s| s.bound == bound && s.state != StandingState::Withdrawn);
        let mut standing = known.unwrap_or_else(|| Standing {
            id: StandingId::new(&*self.ids),
            first: id,
            operator: run.operator,
            bound,
            state: StandingState::Proposed,
            approvals: Vec::new(),
        });
        let person = actor.principal.person;
        if standing.approvals.iter().any(|a| a.person == person) {
            return Err(Code::ReviewerTwice.into());
        }
        standing.approvals.push(StandingYes {
            reviewer: actor.principal.account,
            person,
            reason: kept_reason(reason),
            at: self.clock.now(),
        });
        if standing.approvals.len() as u64 >= APPROVALS_NEEDED {
            standing.state = standing
                .state
                .step(StandingState::InForce)
                .map_err(|_| Code::WrongState)?;
        }
        change.put_standing(&standing).await?;
        let draft = run_facts(permit.draft(Kind::StandingApproved, actor), &run)
            .fact("standing", standing.id)
            .fact("state", standing.state.as_str())
            .fact("bound", json!(standing.bound))
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(standing)
    }

    /// Takes a standing approval back, at once: the next run waits for people again.
    ///
    /// # Errors
    /// Refused by policy, or it was taken back before.
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
        let draft = run_facts(permit.draft(Kind::StandingWithdrawn, actor), &run)
            .fact("standing", id)
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
        let verdicts = change.verdicts(run.id).await?;
        if run.edition.is_none() || !is_routine(&verdicts) {
            return Ok(None);
        }
        let known = change.standing_of(run.grant, run.module).await?;
        let in_force = |s: &Standing| s.state == StandingState::InForce;
        if !known.iter().any(in_force) {
            return Ok(None);
        }
        let bound = self.bound_of(change, run, &verdicts).await?;
        let mut known = known.into_iter();
        Ok(known.find(|s| in_force(s) && s.bound == bound))
    }

    /// What a standing approval of a run is bound to, as it is now.
    async fn bound_of(
        &self,
        change: &mut Change,
        run: &Run,
        verdicts: &[Verdict],
    ) -> Result<StandingBound, LifecycleError> {
        let module = change.module(run.module).await?.ok_or(Code::NotFound)?;
        let manifest = module.manifest.ok_or(LifecycleError::Impossible {
            detail: "an admitted module without manifest",
        })?;
        let mut resources = Vec::new();
        for required in &manifest.resources {
            let resource = change.resource_by_name(&required.name).await?;
            let resource = resource.ok_or(Code::NotFound)?;
            resources.push(json!([
                resource.name,
                resource.schema,
                resource.subject,
                resource.subject_group,
                resource.population,
                resource.basis,
            ]));
        }
        let profile = verdicts.first().map(|v| v.profile_digest);
        let digest = |value: serde_json::Value| Digest::of(value.to_string().as_bytes());
        Ok(StandingBound {
            grant: run.grant,
            grant_version: run.grant_version,
            module: run.module,
            module_digest: run.module_digest,
            schema: digest(json!([
                manifest.outputs,
                manifest.derived,
                manifest.parameters,
                run.parameters
            ])),
            frame: digest(json!(resources)),
            profile: profile.ok_or(Code::WrongState)?,
        })
    }
}

/// Whether people are asked for no other reason than the route.
fn is_routine(verdicts: &[Verdict]) -> bool {
    let routine = |v: &Verdict| match v.decision {
        Decision::Release => true,
        Decision::Review => v.routine,
        Decision::Withhold => false,
    };
    !verdicts.is_empty() && verdicts.iter().all(routine)
}
