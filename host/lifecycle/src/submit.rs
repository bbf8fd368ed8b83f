//! Submission and decision: a request becomes a queued run with pinned snapshots, or a refusal with its clause.

use serde::Deserialize;
use tracing::Instrument as _;
use yunei_authority::{Action, Capability, Principal, PrivacyStanding, Target, Usage, UseQuestion};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Binding, Code, EditionOf, Grant, GrantId, Module, ModuleId, Name, Notice, Parameters, Period,
    Refusal, Resource, Run, RunId, RunState, Scenario, Snapshot, SnapshotId, Trigger,
};
use yunei_store::Change;
use yunei_telemetry::span;

use crate::edition::period_facts;
use crate::overlap::NewPeriod;
use crate::stop::run_facts;
use crate::{Actor, Admitted, Domain, LifecycleError, Permit, RunView, joins, structure};

/// What an operating unit asks to be run.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// Module.
    pub module: ModuleId,
    /// Grant.
    pub grant: GrantId,
    /// Purpose.
    pub purpose: Name,
    /// Parameters; what is left out takes its default.
    #[serde(default)]
    pub parameters: Parameters,
    /// The one closed period whose rows it is about; all rows without.
    #[serde(default)]
    pub period: Option<NewPeriod>,
}

/// What brought a request about, and what is to become of its run.
#[derive(Debug, Clone)]
pub(crate) struct Occasion {
    pub(crate) trigger: Trigger,
    pub(crate) period: Option<Period>,
    pub(crate) edition: Option<EditionOf>,
}

impl Occasion {
    /// A request for a run of all rows, as such.
    pub(crate) const REQUEST: Self = Self {
        trigger: Trigger::Request,
        period: None,
        edition: None,
    };

    /// Says on the record what brought it about.
    fn facts(&self, draft: Draft) -> Draft {
        let schedule = match &self.trigger {
            Trigger::Schedule { schedule } => Some(schedule),
            Trigger::Request | Trigger::Replay { .. } => None,
        };
        draft
            .fact("schedule", schedule)
            .fact("revises", self.edition.and_then(|e| e.revises))
            .fact("period", self.period.as_ref().map(period_facts))
    }
}

/// A request of someone entitled, with an admitted module. Comes from [`Domain::submission`] alone.
#[derive(Debug)]
pub struct Submission {
    actor: Actor,
    permit: Permit,
    admitted: Admitted,
    request: RunRequest,
    occasion: Occasion,
    notices: Vec<Notice>,
}

/// A submission that policy allows, with snapshots pinned. Comes from [`Domain::decide`] alone.
#[derive(Debug)]
pub struct Decided {
    actor: Actor,
    permit: Permit,
    run: Run,
    capability: Capability,
    notices: Vec<Notice>,
}

/// All that a decision looks at, as it is now.
pub(crate) struct Facts {
    pub(crate) grant: Grant,
    pub(crate) scenario: Scenario,
    pub(crate) resources: Vec<Resource>,
    pub(crate) usage: Usage,
    pub(crate) emergency: bool,
    /// Of a `per-subject` module: filled in by whoever knows the module.
    pub(crate) privacy: PrivacyStanding,
}

impl Domain {
    /// Submits, decides and queues in one go.
    ///
    /// # Errors
    /// As its stages.
    pub async fn submit(
        &self,
        actor: &Actor,
        request: RunRequest,
    ) -> Result<RunView, LifecycleError> {
        let (grant, module) = (request.grant, request.module);
        let stage = |stage: &'static str| span!(STAGE, STAGE = stage, GRANT_ID = %grant, MODULE_ID = %module);
        let submission = self
            .submission(actor, request)
            .instrument(stage("submit"))
            .await?;
        let decided = self.decide(submission).instrument(stage("decide")).await?;
        self.enqueue(decided).instrument(stage("queue")).await
    }

    /// Takes a request up.
    ///
    /// # Errors
    /// Refused by policy; module or grant do not exist or are not `actor`'s to see; the module is not admitted; the period is not closed,
    /// or none.
    pub async fn submission(
        &self,
        actor: &Actor,
        request: RunRequest,
    ) -> Result<Submission, LifecycleError> {
        let asked = request.period.clone();
        let mut submission = self
            .submission_on(actor, request, Occasion::REQUEST)
            .await?;
        let module = &submission.admitted.module;
        let manifest = module.manifest.as_ref().ok_or(Code::ModuleNotAdmitted)?;
        let grant = self.standing_grant(submission.request.grant).await?;
        if let Some(asked) = asked {
            let period = self.closed_period(&grant, manifest, &asked).await?;
            submission.occasion.period = Some(period);
        }
        let period = submission.occasion.period.as_ref();
        submission.notices = self.notices_of_run(&grant, module, period).await?;
        Ok(submission)
    }

    /// Takes a request up on an occasion of its own.
    pub(crate) async fn submission_on(
        &self,
        actor: &Actor,
        request: RunRequest,
        occasion: Occasion,
    ) -> Result<Submission, LifecycleError> {
        let admitted = self.admitted(actor, request.module).await?;
        let (_, target) = self.standing_with_target(request.grant).await?;
        let permit = self
            .permit(actor, Action::SubmitRun, &Target::Grant(Box::new(target)))
            .await?;
        Ok(Submission {
            actor: actor.clone(),
            permit,
            admitted,
            request,
            occasion,
            notices: Vec::new(),
        })
    }

    /// Decides: the grant, its term, purpose, resources, fields, quota. A refusal is on the record.
    ///
    /// # Errors
    /// The refusal with its code, clause and every reason.
    pub async fn decide(&self, submission: Submission) -> Result<Decided, LifecycleError> {
        let Submission {
            actor,
            permit,
            admitted,
            request,
            occasion,
            notices,
        } = submission;
        let Admitted { module } = admitted;
        let mut facts = self.facts(request.grant).await?;
        facts.usage = self.usage_foreseen(request.grant).await?;
        let resources = &facts.resources;
        facts.privacy = self.privacy_standing(&module, resources, true).await?;
        let decided = self
            .decide_use(&actor.principal, &module, &request, &facts)
            .await;
        let (capability, snapshots) = match decided {
            Ok(decided) => decided,
            Err(LifecycleError::Refused(refusal)) => {
                let draft = permit
                    .draft(Kind::RunRefused, &actor)
                    .fact("grant", request.grant)
                    .fact("module", request.module)
                    .fact("code", refusal.code.as_str())
                    .fact("clause", &refusal.clause);
                self.record_alone(occasion.facts(draft)).await?;
                return Err(refusal.into());
            }
            Err(error) => return Err(error),
        };
        let run = Run {
            id: RunId::new(&*self.ids),
            operator: capability.operator(),
            submitted_by: actor.principal.account,
            submitted_by_person: actor.principal.person,
            grant: capability.grant(),
            grant_version: capability.grant_version(),
            module: module.id,
            module_digest: module.digest,
            purpose: request.purpose,
            snapshots,
            parameters: capability.parameters().clone(),
            trigger: occasion.trigger,
            period: occasion.period,
            edition: occasion.edition,
            state: RunState::Queued,
            submitted_at: self.clock.now(),
            started_at: None,
            ended_at: None,
            trace_root: None,
            calls: 0,
            rows_fed: 0,
            end_cause: None,
        };
        Ok(Decided {
            actor,
            permit,
            run,
            capability,
            notices,
        })
    }

    /// Queues what was decided. What the asker is answered with is remembered in the same transaction.
    ///
    /// # Errors
    /// The store failed.
    pub async fn enqueue(&self, decided: Decided) -> Result<RunView, LifecycleError> {
        let mut change = self.store.begin().await?;
        let view = self.queue(&mut change, decided).await?;
        self.commit(change).await?;
        self.queued.notify_one();
        Ok(view)
    }

    /// Queues what was decided, within a change.
    pub(crate) async fn queue(
        &self,
        change: &mut Change,
        decided: Decided,
    ) -> Result<RunView, LifecycleError> {
        let Decided {
            actor,
            permit,
            run,
            capability,
            notices,
        } = decided;
        self.refuse_second(change, &run).await?;
        change.put_run(&run).await?;
        let snapshots: Vec<String> = run.snapshots.iter().map(ToString::to_string).collect();
        let draft = run_facts(permit.draft(Kind::RunSubmitted, &actor), &run)
            .fact("purpose", &run.purpose)
            .fact("snapshots", snapshots)
            .fact("use_clauses", capability.clauses());
        let view = RunView::queued(&run, notices);
        let occasion = Occasion {
            trigger: run.trigger,
            period: run.period,
            edition: run.edition,
        };
        self.record(change, occasion.facts(draft)).await?;
        self.remember(change, &actor, &view).await?;
        Ok(view)
    }

    /// What a decision looks at, read now.
    pub(crate) async fn facts(&self, grant: GrantId) -> Result<Facts, LifecycleError> {
        let grant = self.standing_grant(grant).await?;
        let scenario = self.store.scenario(grant.terms.scenario).await?;
        let scenario = scenario.ok_or(LifecycleError::Impossible {
            detail: "a grant without scenario",
        })?;
        let resources = self.granted_resources(&grant.terms).await?;
        let usage = self.usage_of(grant.id).await?;
        let emergency = self.store.emergency().await?.is_some();
        Ok(Facts {
            grant,
            scenario,
            resources,
            usage,
            emergency,
            privacy: PrivacyStanding::default(),
        })
    }

    /// The capability of a request, and the snapshots that its run reads, one per required resource.
    async fn decide_use(
        &self,
        principal: &Principal,
        module: &Module,
        request: &RunRequest,
        facts: &Facts,
    ) -> Result<(Capability, Vec<SnapshotId>), LifecycleError> {
        let required = module.manifest.iter().flat_map(|m| &m.resources);
        let mut snapshots = Vec::new();
        let mut resources = facts.resources.clone();
        for required in required {
            if let Some(snapshot) = self.bound_snapshot(&facts.grant, &required.name).await? {
                snapshots.push(snapshot);
            }
            // What is required and not granted is looked up too, so that the refusal can name it.
            if !resources.iter().any(|r| r.name == required.name) {
                resources.extend(self.store.resource_by_name(&required.name).await?);
            }
        }
        let rows = snapshots.iter().map(Snapshot::rows).sum::<u64>();
        let question = self.use_question(principal, module, request, facts, &resources, rows);
        let capability = self.authority.capability(&question)?;
        let manifest = module.manifest.iter();
        let shapes: Vec<String> = manifest
            .flat_map(|m| structure::faults(m, &resources))
            .collect();
        if !shapes.is_empty() {
            return Err(Refusal {
                details: shapes,
                ..Refusal::new(Code::OutputShape)
            }
            .into());
        }
        if snapshots.len() != capability.tables().len() {
            return Err(Refusal::new(Code::NoSnapshot).into());
        }
        if let Some(manifest) = &module.manifest {
            joins::check_keys(manifest, &resources, &snapshots)?;
        }
        Ok((capability, snapshots.iter().map(|s| s.id).collect()))
    }

    pub(crate) fn use_question<'a>(
        &'a self,
        principal: &'a Principal,
        module: &'a Module,
        request: &'a RunRequest,
        facts: &'a Facts,
        resources: &'a [Resource],
        rows: u64,
    ) -> UseQuestion<'a> {
        UseQuestion {
            principal,
            grant: &facts.grant,
            scenario: &facts.scenario,
            resources,
            module,
            purpose: &request.purpose,
            parameters: &request.parameters,
            usage: facts.usage,
            rows_requested: rows.saturating_mul(crate::claim::READS_PER_ROW_MAX),
            privacy: &facts.privacy,
            at: self.clock.now(),
            emergency: facts.emergency,
            limits: &self.limits,
        }
    }

    /// The snapshot that a run of the grant reads of a resource, now.
    pub(crate) async fn bound_snapshot(
        &self,
        grant: &Grant,
        resource: &Name,
    ) -> Result<Option<Snapshot>, LifecycleError> {
        let Some(granted) = grant.terms.resource(resource) else {
            return Ok(None);
        };
        let Some(resource) = self.store.resource_by_name(resource).await? else {
            return Ok(None);
        };
        Ok(match (grant.terms.binding, granted.snapshot) {
            (Binding::Pinned, Some(pinned)) => self
                .store
                .snapshot(pinned)
                .await?
                .filter(|s| s.resource == resource.id),
            (Binding::Pinned, None) => None,
            (Binding::AsOf, _) => {
                self.store
                    .newest_snapshot(resource.id, grant.terms.as_of)
                    .await?
            }
            (Binding::Latest, _) => self.store.newest_snapshot(resource.id, None).await?,
        })
    }
}
