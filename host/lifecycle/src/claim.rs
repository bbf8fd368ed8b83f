//! Claim: a queued run is decided again, its quota reserved, and its intent put on the record before anything happens.

use tracing::Instrument as _;
use yunei_authority::Capability;
use yunei_ledger::Kind;
use yunei_model::{
    Code, EndCause, GrantState, Module, ModuleState, PrivacyCharged, Refusal, Run, RunState, State,
};
use yunei_store::{Change, StoreError, Usage};
use yunei_telemetry::span;

use crate::grant_step::{amended, still_given};
use crate::prepared::{Preparation, Prepared};
use crate::stop::run_facts;
use crate::submit::{Facts, RunRequest};
use crate::{Domain, LifecycleError};

/// The clause by which a run of a withdrawn module ends.
pub(crate) const MODULE_CLAUSE: &str = "module.admitted";
/// The clause by which a run ends whose account was closed.
pub(crate) const ACCOUNT_CLAUSE: &str = "account.active";
/// How often a run may read each row of its snapshots.
pub(crate) const READS_PER_ROW_MAX: u64 = 2;

/// A run that this process owns, with its capability. Comes from [`Domain::claim`] alone.
#[derive(Debug)]
pub struct Claimed {
    pub(crate) prepared: Prepared,
    pub(crate) wrapped_key: Vec<u8>,
}

impl Claimed {
    /// The run.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.prepared.run
    }
}

impl Domain {
    /// Claims the next run, fairly between operating units. `None` when nothing waits.
    ///
    /// # Errors
    /// The store failed. A run that is refused now ends as `stopped`, and the next one is looked at.
    pub async fn claim(&self) -> Result<Option<Claimed>, LifecycleError> {
        loop {
            let mut change = self.store.begin().await?;
            let Some(run) = change.claim_next_run().await? else {
                return Ok(None);
            };
            let module = change.module(run.module).await?;
            let module = module.ok_or(LifecycleError::Impossible {
                detail: "a run without its module",
            })?;
            if let Some(cause) = self.edition_hindered(&mut change, &run).await? {
                self.stop_one(&mut change, run, &cause, None).await?;
                self.commit(change).await?;
                continue;
            }
            // INVARIANT: one writer; what is read here cannot change before the commit.
            let mut facts = self.facts(run.grant).await?;
            // Its snapshots were chosen under the version that it was submitted under.
            if !still_given(&mut change, &run, &facts.grant).await? {
                self.stop_one(&mut change, run, &amended(), None).await?;
                self.commit(change).await?;
                continue;
            }
            let resources = &facts.resources;
            facts.privacy = self.privacy_standing(&module, resources, false).await?;
            let (capability, rows) = match self.decide_again(&run, &module, &facts).await {
                Ok(decided) => decided,
                Err(LifecycleError::Refused(refusal)) => {
                    self.stop_refused(run, &refusal, change).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let amount = Usage {
                runs: 1,
                rows,
                released_cells: 0,
            };
            if let Err(error) = change
                .reserve(run.id, run.grant, &facts.grant.terms.quota, amount)
                .await
            {
                let refusal = quota_refusal(&error).ok_or(error)?;
                self.stop_refused(run, &refusal, change).await?;
                continue;
            }
            let span = span!(STAGE, STAGE = "claim", RUN_ID = %run.id);
            let claim = async {
                let claimed = self
                    .take(&mut change, run, module, capability, facts, rows)
                    .await?;
                self.commit(change).await?;
                Ok(Some(claimed))
            };
            return claim.instrument(span).await;
        }
    }

    async fn decide_again(
        &self,
        run: &Run,
        module: &Module,
        facts: &Facts,
    ) -> Result<(Capability, u64), LifecycleError> {
        let account = self
            .store
            .account(run.submitted_by)
            .await?
            .ok_or(Code::Forbidden)?;
        let organisation = self
            .store
            .organisation(account.organisation)
            .await?
            .ok_or(Code::Forbidden)?;
        let principal = self
            .principal(&account, &organisation, self.clock.now())
            .await?;
        let mut rows = 0_u64;
        for id in &run.snapshots {
            rows += self.store.snapshot(*id).await?.map_or(0, |s| s.rows());
        }
        let request = RunRequest {
            module: run.module,
            grant: run.grant,
            purpose: run.purpose.clone(),
            parameters: run.parameters.clone(),
            period: None,
        };
        let question =
            self.use_question(&principal, module, &request, facts, &facts.resources, rows);
        Ok((
            self.authority.capability(&question)?,
            rows.saturating_mul(READS_PER_ROW_MAX),
        ))
    }

    async fn take(
        &self,
        change: &mut Change,
        mut run: Run,
        module: Module,
        capability: Capability,
        facts: Facts,
        rows: u64,
    ) -> Result<Claimed, LifecycleError> {
        run.state = run
            .state
            .step(RunState::Running)
            .map_err(|_| Code::WrongState)?;
        run.started_at = Some(self.clock.now());
        run.grant_version = capability.grant_version();
        let (key, wrapped_key) = self.keys.new_run_key(run.id)?;
        // INVARIANT: whatever becomes of the run from here on, its charge stays.
        let charged = self
            .charge_privacy(change, &run, &module, &facts.resources)
            .await?;
        let draft = run_facts(yunei_ledger::Draft::new(Kind::RunClaimed), &run)
            .fact("policy_set", capability.policy_set().to_string())
            .fact("clauses", capability.clauses())
            .fact("profile", self.profile.digest().to_string())
            .fact("rows_reserved", rows)
            .fact("privacy", privacy_facts(&charged));
        change.put_run(&run).await?;
        self.record(change, draft).await?;
        let preparation = Preparation {
            run,
            module,
            capability,
            resources: facts.resources,
            rows_reserved: rows,
            profile: self.profile_text.clone(),
            audited_to: None,
            draws: true,
        };
        Ok(Claimed {
            prepared: self.prepared(preparation, *key)?,
            wrapped_key,
        })
    }

    /// A run that may not start any more.
    async fn stop_refused(
        &self,
        run: Run,
        refusal: &Refusal,
        mut change: Change,
    ) -> Result<(), LifecycleError> {
        let clause = refusal
            .clause
            .clone()
            .unwrap_or_else(|| refusal.code.to_string());
        let run = self
            .stop_one(&mut change, run, &EndCause::Denied { clause }, None)
            .await?;
        self.pause_schedule_of(&mut change, &run, refusal).await?;
        self.commit(change).await
    }

    /// Why the run may go no further: its grant is in force no more, or amended so that it no longer gives what the run uses; its module
    /// was withdrawn, the account that submitted it closed, or the edition that it is to become may not come any more. `None` while it may. Read within the change.
    pub(crate) async fn grant_in_force(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<Option<EndCause>, LifecycleError> {
        if let Some(cause) = self.edition_hindered(change, run).await? {
            return Ok(Some(cause));
        }
        let module = change.module(run.module).await?;
        if module.is_none_or(|module| module.state == ModuleState::Withdrawn) {
            return Ok(Some(EndCause::Denied {
                clause: MODULE_CLAUSE.to_owned(),
            }));
        }
        let account = change.account(run.submitted_by).await?;
        if account.is_none_or(|account| !account.active) {
            return Ok(Some(EndCause::Denied {
                clause: ACCOUNT_CLAUSE.to_owned(),
            }));
        }
        let grant = change.grant_standing(run.grant).await?;
        let grant = grant.ok_or(LifecycleError::Impossible {
            detail: "a run without its grant",
        })?;
        if grant.state != GrantState::Active {
            return Ok(Some(EndCause::GrantEnded {
                state: grant.state.to_string(),
            }));
        }
        if !grant.terms.in_term(self.clock.now()) {
            return Ok(Some(EndCause::GrantEnded {
                state: GrantState::Expired.to_string(),
            }));
        }
        if !still_given(change, run, &grant).await? {
            return Ok(Some(amended()));
        }
        if change.emergency().await?.is_some() {
            return Ok(Some(EndCause::Stop {
                reason: "emergency stop".to_owned(),
            }));
        }
        Ok(None)
    }
}

/// What a run was charged, as the record tells it; nothing where it was charged nothing.
fn privacy_facts(charged: &[PrivacyCharged]) -> Option<Vec<serde_json::Value>> {
    let told = charged.iter().map(|one| {
        serde_json::json!({
            "population": one.population,
            "epsilon_nano": one.charge.epsilon_nano,
            "rho_pico": one.charge.rho_pico,
        })
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then_some(told)
}

/// The refusal that a passed quota is.
pub(crate) fn quota_refusal(error: &StoreError) -> Option<Refusal> {
    let StoreError::Quota(limit) = error else {
        return None;
    };
    let code = if limit.name.contains("rows") {
        Code::QuotaRows
    } else if limit.name.contains("cells") {
        Code::QuotaCells
    } else {
        Code::QuotaRuns
    };
    Some(Refusal::new(code).by(format!("grant.quota.{}", limit.name)))
}
