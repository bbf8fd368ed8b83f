//! Stopping: runs, grants, everything.

use yunei_authority::{Action, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    CallKind, Code, Digest, EndCause, Grant, GrantId, GrantState, Run, RunId, RunState, State,
};
use yunei_store::{Change, Emergency, Page, RunFilter};

use crate::grant_step::GrantStep;
use crate::{Actor, Domain, LifecycleError, Permit, RunDetail};

/// Characters of a reason that are kept.
const REASON_CHARACTERS_MAX: usize = 500;

/// A reason as the record keeps it.
pub(crate) fn kept_reason(reason: &str) -> String {
    reason.chars().take(REASON_CHARACTERS_MAX).collect()
}

impl Domain {
    /// Suspends a grant; its runs stop at once.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn suspend_grant(
        &self,
        actor: &Actor,
        id: GrantId,
        reason: &str,
    ) -> Result<Grant, LifecycleError> {
        self.end_grant(
            actor,
            &GrantStep {
                grant: id,
                action: Action::SuspendGrant,
                next: GrantState::Suspended,
                kind: Kind::GrantSuspended,
                reason,
            },
        )
        .await
    }

    /// Revokes a grant; its runs stop at once, and what they sealed is destroyed.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn revoke_grant(
        &self,
        actor: &Actor,
        id: GrantId,
        reason: &str,
    ) -> Result<Grant, LifecycleError> {
        self.end_grant(
            actor,
            &GrantStep {
                grant: id,
                action: Action::RevokeGrant,
                next: GrantState::Revoked,
                kind: Kind::GrantRevoked,
                reason,
            },
        )
        .await
    }

    async fn end_grant(
        &self,
        actor: &Actor,
        step: &GrantStep<'_>,
    ) -> Result<Grant, LifecycleError> {
        let (mut change, permit, grant) = self.step_grant(actor, step).await?;
        let cause = EndCause::GrantEnded {
            state: step.next.to_string(),
        };
        let by = Some((actor, &permit));
        let runs = RunFilter {
            grant: Some(step.grant),
            ..RunFilter::default()
        };
        let stopped = self
            .stop_runs(&mut change, runs, |_| true, &cause, by)
            .await?;
        self.commit(change).await?;
        self.kill_all(&stopped);
        Ok(grant)
    }

    /// Stops one run.
    ///
    /// # Errors
    /// Refused by policy, or the run is at its end.
    pub async fn stop_run(
        &self,
        actor: &Actor,
        id: RunId,
        reason: &str,
    ) -> Result<RunDetail, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self.permit(actor, Action::StopRun, &target).await?;
        let mut change = self.store.begin().await?;
        let run = change.run(id).await?.ok_or(Code::NotFound)?;
        let cause = EndCause::Stop {
            reason: kept_reason(reason),
        };
        let stopped = self
            .stop_one(&mut change, run, &cause, Some((actor, &permit)))
            .await?;
        self.commit(change).await?;
        self.kill_rooms(stopped.id);
        self.detail_of(stopped).await
    }

    /// Stops everything that runs; nothing new is decided until the stop is lifted.
    ///
    /// # Errors
    /// Refused by policy, or a stop is in force already.
    pub async fn emergency_stop(
        &self,
        actor: &Actor,
        reason: &str,
    ) -> Result<Emergency, LifecycleError> {
        let permit = self
            .permit(actor, Action::EmergencyStop, &Target::Domain)
            .await?;
        let mut change = self.store.begin().await?;
        if change.emergency().await?.is_some() {
            return Err(Code::WrongState.into());
        }
        let emergency = Emergency {
            account: actor.principal.account,
            reason: kept_reason(reason),
            at: self.clock.now(),
        };
        change.put_emergency(Some(&emergency)).await?;
        let draft = permit
            .draft(Kind::EmergencyStop, actor)
            .fact("reason", &emergency.reason);
        self.record(&mut change, draft).await?;
        let cause = EndCause::Stop {
            reason: "emergency stop".to_owned(),
        };
        let by = Some((actor, &permit));
        let every = RunFilter::default();
        let stopped = self
            .stop_runs(&mut change, every, |_| true, &cause, by)
            .await?;
        self.commit(change).await?;
        self.kill_all(&stopped);
        self.kill_replay();
        Ok(emergency)
    }

    /// Lifts the emergency stop.
    ///
    /// # Errors
    /// Refused by policy, or none is in force.
    pub async fn lift_emergency(&self, actor: &Actor, reason: &str) -> Result<(), LifecycleError> {
        let permit = self
            .permit(actor, Action::LiftEmergency, &Target::Domain)
            .await?;
        let mut change = self.store.begin().await?;
        if change.emergency().await?.is_none() {
            return Err(Code::WrongState.into());
        }
        change.put_emergency(None).await?;
        let draft = permit
            .draft(Kind::EmergencyLifted, actor)
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }

    /// The emergency stop in force, if any: known to everyone who is signed in.
    ///
    /// # Errors
    /// The store failed.
    pub async fn emergency(&self) -> Result<Option<Emergency>, LifecycleError> {
        Ok(self.store.emergency().await?)
    }

    /// Stops every run within `filter` that has not ended and is one of `those`. Their rooms are to be killed after the commit.
    pub(crate) async fn stop_runs(
        &self,
        change: &mut Change,
        mut filter: RunFilter,
        those: impl Fn(&Run) -> bool + Send,
        cause: &EndCause,
        by: Option<(&Actor, &Permit)>,
    ) -> Result<Vec<RunId>, LifecycleError> {
        filter.states = vec![
            RunState::Queued,
            RunState::Running,
            RunState::Sealed,
            RunState::InReview,
        ];
        let mut stopped = Vec::new();
        let mut page = Page::first(yunei_store::PAGE_ROWS_MAX);
        loop {
            let runs = change.runs(&filter, page).await?;
            let Some(last) = runs.last().map(|r| r.id) else {
                return Ok(stopped);
            };
            for run in runs.into_iter().filter(&those) {
                stopped.push(self.stop_one(change, run, cause, by).await?.id);
            }
            page = page.after(last);
        }
    }

    /// One run to `stopped`, its sealed output destroyed, both on the record.
    pub(crate) async fn stop_one(
        &self,
        change: &mut Change,
        mut run: Run,
        cause: &EndCause,
        by: Option<(&Actor, &Permit)>,
    ) -> Result<Run, LifecycleError> {
        run.state = run
            .state
            .step(RunState::Stopped)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        run.end_cause = Some(cause.clone());
        let mut draft = match by {
            Some((actor, permit)) => permit.draft(Kind::RunStopped, actor),
            None => Draft::new(Kind::RunStopped),
        };
        draft = self.close_trace(change, &mut run, draft).await?;
        change.put_run(&run).await?;
        let draft = run_facts(draft, &run).fact("cause", serde_json::json!(cause));
        self.record(change, draft).await?;
        self.destroy_output(change, &run).await?;
        Ok(run)
    }

    /// Commits a run that ends before it is sealed to whatever calls became durable; later ones are refused.
    pub(crate) async fn close_trace(
        &self,
        change: &mut Change,
        run: &mut Run,
        draft: Draft,
    ) -> Result<Draft, LifecycleError> {
        if run.started_at.is_none() || run.trace_root.is_some() {
            return Ok(draft);
        }
        let kept = kept_trace(change, run.id).await?;
        run.trace_root = Some(kept.root);
        run.calls = kept.calls;
        run.rows_fed = run.rows_fed.max(kept.rows);
        Ok(draft
            .fact(yunei_ledger::TRACE_ROOT, kept.root.to_string())
            .fact(yunei_ledger::CALLS, kept.calls)
            .fact("rows_fed", run.rows_fed))
    }

    /// Destroys a run's sealed output by destroying its key.
    pub(crate) async fn destroy_output(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<(), LifecycleError> {
        let held = change
            .sealed_output(run.id)
            .await?
            .filter(|held| held.wrapped_key.is_some());
        if held.is_some() {
            change
                .destroy_sealed_output(run.id, self.clock.now())
                .await?;
            self.record(
                change,
                run_facts(Draft::new(Kind::SealedOutputDestroyed), run),
            )
            .await?;
        }
        Ok(())
    }

    /// Kills the rooms of runs that were stopped.
    pub(crate) fn kill_all(&self, runs: &[RunId]) {
        for run in runs {
            self.kill_rooms(*run);
        }
    }
}

/// The calls of a run that became durable.
struct KeptTrace {
    /// Root of their tree.
    root: Digest,
    /// Their number.
    calls: u64,
    /// Rows that they tell of.
    rows: u64,
}

/// Reads them within a change, so that none is added meanwhile.
async fn kept_trace(change: &mut Change, run: RunId) -> Result<KeptTrace, LifecycleError> {
    let mut tree = yunei_ledger::TraceTree::default();
    let (mut calls, mut rows) = (0, 0);
    loop {
        let group = change.calls(run, calls, yunei_store::PAGE_ROWS_MAX).await?;
        if group.is_empty() {
            return Ok(KeptTrace {
                root: tree.root(),
                calls,
                rows,
            });
        }
        for call in &group {
            tree.push(call)?;
            if call.kind == CallKind::Batch {
                rows += call.rows;
            }
        }
        calls += group.len() as u64;
    }
}

/// What every entry about a run says of it.
pub(crate) fn run_facts(draft: Draft, run: &Run) -> Draft {
    draft
        .operator(run.operator)
        .fact("run", run.id)
        .fact("grant", run.grant)
        .fact("grant_version", run.grant_version)
        .fact("module", run.module)
        .fact("module_digest", run.module_digest.to_string())
        .fact("product", run.edition.map(|edition| edition.product))
}
