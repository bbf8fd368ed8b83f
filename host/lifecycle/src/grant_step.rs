//! The steps of a grant: into force, out of it for a while, to its end.
//!
//! INVARIANT: what goes on under a grant goes on under the version that stands. An amendment that is drafted or consented to changes
//! nothing of that: suspension, resumption and end are about the version that stands, however many amendments wait; a suspension
//! outlasts an amendment that comes into force meanwhile; and nothing comes into force of a grant that is over.

use std::collections::BTreeSet;

use yunei_authority::{Action, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, EndCause, Grant, GrantId, GrantState, Run, RunId, RunState, State};
use yunei_store::{Change, PAGE_ROWS_MAX, Page, RunFilter};

use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Permit};

/// A step of a grant from its state to the next.
pub(crate) struct GrantStep<'a> {
    pub(crate) grant: GrantId,
    /// What policy is asked for.
    pub(crate) action: Action,
    pub(crate) next: GrantState,
    /// Kind of its entry.
    pub(crate) kind: Kind,
    pub(crate) reason: &'a str,
}

impl Domain {
    /// Brings a consented grant into force. Where it amends one, what is under way goes on if the amendment still gives what it uses,
    /// and is stopped at once otherwise. The amendment of a suspended grant is suspended until it is resumed.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn activate_grant(
        &self,
        actor: &Actor,
        id: GrantId,
        reason: &str,
    ) -> Result<Grant, LifecycleError> {
        let step = GrantStep {
            grant: id,
            action: Action::ActivateGrant,
            next: GrantState::Active,
            kind: Kind::GrantActivated,
            reason,
        };
        let (mut change, permit, grant) = self.step_grant(actor, &step).await?;
        let by = (actor, &permit);
        let stopped = self.stop_amended(&mut change, &grant, by).await?;
        self.commit(change).await?;
        self.kill_all(&stopped);
        Ok(grant)
    }

    /// Resumes a suspended grant.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn resume_grant(
        &self,
        actor: &Actor,
        id: GrantId,
        reason: &str,
    ) -> Result<Grant, LifecycleError> {
        let step = GrantStep {
            grant: id,
            action: Action::ResumeGrant,
            next: GrantState::Active,
            kind: Kind::GrantResumed,
            reason,
        };
        let (change, _, grant) = self.step_grant(actor, &step).await?;
        self.commit(change).await?;
        Ok(grant)
    }

    /// Takes a grant's step, with its entry, within a change that is not committed yet; with policy's yes to it. An end is the end of
    /// every version.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub(crate) async fn step_grant(
        &self,
        actor: &Actor,
        step: &GrantStep<'_>,
    ) -> Result<(Change, Permit, Grant), LifecycleError> {
        let activates = step.action == Action::ActivateGrant;
        let (asked, target) = if activates {
            self.grant_with_target(step.grant).await?
        } else {
            self.standing_with_target(step.grant).await?
        };
        let target = Target::Grant(Box::new(target));
        let permit = self.permit(actor, step.action, &target).await?;
        let mut change = self.store.begin().await?;
        let standing = not_over(&mut change, step.grant).await?;
        let newest = change.grant(step.grant).await?.ok_or(Code::NotFound)?;
        let suspended = standing.as_ref().map(|grant| grant.state) == Some(GrantState::Suspended);
        let mut grant = standing.filter(|_| !activates).unwrap_or(newest);
        // What policy was not asked about does not come into force.
        if step.next == GrantState::Active && grant.version != asked.version {
            return Err(Code::WrongState.into());
        }
        grant.state = grant.state.step(step.next).map_err(|_| Code::WrongState)?;
        if activates && suspended {
            let held = grant.state.step(GrantState::Suspended);
            grant.state = held.map_err(|_| Code::WrongState)?;
        }
        change.put_grant(&grant).await?;
        if grant.state.is_final() {
            end_versions(&mut change, grant.id, grant.state).await?;
        }
        let draft = permit
            .draft(step.kind, actor)
            .operator(grant.terms.operator)
            .fact("grant", step.grant)
            .fact("grant_version", grant.version)
            .fact("state", grant.state.as_str())
            .fact("reason", kept_reason(step.reason));
        self.record(&mut change, draft).await?;
        Ok((change, permit, grant))
    }

    /// Ends the grants whose term is over, and what is under way under them. Gives how many.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn expire_grants(&self) -> Result<u64, LifecycleError> {
        let mut expired = 0;
        for overdue in self.store.grants_overdue(self.clock.now()).await? {
            let mut change = self.store.begin().await?;
            let standing = change.grant_standing(overdue.id).await?;
            let over =
                |grant: &Grant| !grant.state.is_final() && grant.terms.until <= self.clock.now();
            let Some(grant) = standing.filter(over) else {
                continue;
            };
            end_versions(&mut change, grant.id, GrantState::Expired).await?;
            let draft = Draft::new(Kind::GrantExpired)
                .operator(grant.terms.operator)
                .fact("grant", grant.id)
                .fact("grant_version", grant.version);
            self.record(&mut change, draft).await?;
            let cause = EndCause::GrantEnded {
                state: GrantState::Expired.to_string(),
            };
            let stopped = self
                .stop_runs(&mut change, of(grant.id), |_| true, &cause, None)
                .await?;
            self.commit(change).await?;
            self.kill_all(&stopped);
            expired += 1;
        }
        Ok(expired)
    }

    /// Stops what is queued or under way under versions of before and uses what `grant` does not give.
    async fn stop_amended(
        &self,
        change: &mut Change,
        grant: &Grant,
        (actor, permit): (&Actor, &Permit),
    ) -> Result<Vec<RunId>, LifecycleError> {
        let under_way = RunFilter {
            states: vec![
                RunState::Queued,
                RunState::Running,
                RunState::Sealed,
                RunState::InReview,
            ],
            ..of(grant.id)
        };
        let mut bare = BTreeSet::new();
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let runs = change.runs(&under_way, page).await?;
            let Some(last) = runs.last().map(|run| run.id) else {
                break;
            };
            for run in runs {
                if !still_given(change, &run, grant).await? {
                    bare.insert(run.id);
                }
            }
            page = page.after(last);
        }
        let those = |run: &Run| bare.contains(&run.id);
        let (runs, by) = (of(grant.id), Some((actor, permit)));
        self.stop_runs(change, runs, those, &amended(), by).await
    }
}

/// Why a run ends whose grant no longer gives what it uses, by an amendment.
pub(crate) fn amended() -> EndCause {
    EndCause::GrantEnded {
        state: "amended".to_owned(),
    }
}

/// Whether the version of a grant that stands still gives a run what it was submitted or claimed with: all that its module requires, and its product.
pub(crate) async fn still_given(
    change: &mut Change,
    run: &Run,
    standing: &Grant,
) -> Result<bool, LifecycleError> {
    if standing.version == run.grant_version {
        return Ok(true);
    }
    let then = change.grant_version(run.grant, run.grant_version).await?;
    let then = then.ok_or(LifecycleError::Impossible {
        detail: "a run without its grant",
    })?;
    let module = change.module(run.module).await?;
    let Some(manifest) = module.and_then(|module| module.manifest) else {
        return Ok(false);
    };
    if let Some(edition) = run.edition {
        let product = change.product(edition.product).await?;
        if product.is_none_or(|product| !standing.terms.products.contains(&product.name)) {
            return Ok(false);
        }
    }
    Ok(standing.terms.still_give(&then.terms, &manifest.resources))
}

/// The version of a grant that stands, if one does, unless the grant is over.
///
/// # Errors
/// [`Code::WrongState`] when it was revoked, or its term is over.
pub(crate) async fn not_over(
    change: &mut Change,
    id: GrantId,
) -> Result<Option<Grant>, LifecycleError> {
    let standing = change.grant_standing(id).await?;
    if standing
        .as_ref()
        .is_some_and(|grant| grant.state.is_final())
    {
        return Err(Code::WrongState.into());
    }
    Ok(standing)
}

/// Ends the versions of a grant that are not at their end: none comes into force after it.
async fn end_versions(
    change: &mut Change,
    id: GrantId,
    end: GrantState,
) -> Result<(), LifecycleError> {
    for mut version in change.grant_versions(id).await? {
        if let Ok(state) = version.state.step(end) {
            version.state = state;
            change.put_grant(&version).await?;
        }
    }
    Ok(())
}

/// The runs under a grant.
fn of(grant: GrantId) -> RunFilter {
    RunFilter {
        grant: Some(grant),
        ..RunFilter::default()
    }
}
