//! *No release without the quorum*, for resources of the grades that the policy names.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, EndCause, Grade, Run, RunId, RunState, State, Table, Verdict};
use yunei_store::{EntryFilter, Page};
use yunei_telemetry::event;

use super::Witnessing;
use crate::execute::Sealed;
use crate::judge::{Outcome, verdict_facts};
use crate::laps::Laps;
use crate::release::Withheld;
use crate::stop::run_facts;
use crate::{Domain, LifecycleError};

/// Milliseconds that a quorum usually takes; a release that waits longer says so on the record.
const USUAL_MS: u64 = 3000;
/// Milliseconds between two looks whether a run that waits was ended meanwhile.
const LOOK_MS: u64 = 2000;
/// The clause by which an output is withheld whose quorum did not come.
const CLAUSE: &str = "witnesses.quorum";

/// Whether the quorum came that a run waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    /// It is over the run's trace.
    Reached,
    /// Not in the time that the policy gives.
    Late,
    /// The run was ended meanwhile.
    Ended,
}

/// A run that may leave as soon as the witnesses' quorum is over its trace. Its output stays sealed until then.
#[derive(Debug)]
pub struct AwaitsQuorum {
    sealed: Sealed,
    outputs: Vec<(Verdict, Option<Table>)>,
}

impl AwaitsQuorum {
    /// The run.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.sealed.run
    }
}

impl Domain {
    /// Lets go on what needs no quorum or has it; gives back what has to wait, once the record says why it waits.
    pub(crate) async fn with_quorum(
        &self,
        sealed: Sealed,
        outputs: Vec<(Verdict, Option<Table>)>,
    ) -> Result<Result<(Sealed, Vec<(Verdict, Option<Table>)>), AwaitsQuorum>, LifecycleError> {
        let Some(witnessing) = self.guarded(&sealed.run).await? else {
            return Ok(Ok((sealed, outputs)));
        };
        let covered = sealed.covered_from;
        let usual = Duration::from_millis(USUAL_MS);
        if timeout(usual, reached(witnessing, covered))
            .await
            .is_ok_and(|reached| reached)
        {
            return Ok(Ok((sealed, outputs)));
        }
        self.keep_waiting(witnessing, &sealed, &outputs).await?;
        Ok(Err(AwaitsQuorum { sealed, outputs }))
    }

    /// Puts it on the record that a run waits, with all that a later process needs to let it go on.
    async fn keep_waiting(
        &self,
        witnessing: &Witnessing,
        sealed: &Sealed,
        outputs: &[(Verdict, Option<Table>)],
    ) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        let Some(run) = self
            .still(&mut change, sealed.run.id, RunState::Sealed)
            .await?
        else {
            // Whoever waits for it sees that it ended.
            return Ok(());
        };
        if let Some(candidate) = &sealed.candidate {
            change.put_candidate(run.id, candidate).await?;
            self.keep_verdicts(&mut change, &run, outputs).await?;
        }
        self.record(&mut change, waits(witnessing, &run)).await?;
        self.commit(change).await
    }

    /// Waits for the quorum and releases; withholds when it does not come in the time that the policy gives. `None` when the run was
    /// ended meanwhile.
    ///
    /// # Errors
    /// The host failed; the run is put to its end.
    pub async fn await_quorum(
        &self,
        waiting: AwaitsQuorum,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let id = waiting.sealed.run.id;
        match self.try_await_quorum(waiting).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                self.give_up(id, &error).await;
                Err(error)
            }
        }
    }

    async fn try_await_quorum(
        &self,
        waiting: AwaitsQuorum,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let AwaitsQuorum { sealed, outputs } = waiting;
        let mut laps = Laps::begin(&*self.clock);
        let Some(witnessing) = &self.witnessing else {
            return Err(LifecycleError::Impossible {
                detail: "a run that waits for witnesses that are not there",
            });
        };
        match self
            .quorum_over(witnessing, sealed.run.id, sealed.covered_from)
            .await?
        {
            Awaited::Reached => {}
            Awaited::Ended => return Ok(None),
            Awaited::Late => return self.withhold_unwitnessed(sealed.run.id, &outputs).await,
        }
        laps.done("quorum");
        self.release_witnessed(sealed, outputs, laps).await
    }

    /// Waits until the quorum is over so many entries, for as long as the policy says and the run is sealed.
    pub(super) async fn quorum_over(
        &self,
        witnessing: &Witnessing,
        id: RunId,
        covered: u64,
    ) -> Result<Awaited, LifecycleError> {
        let deadline = Instant::now() + Duration::from_secs(witnessing.quorum.wait_seconds_max());
        let look = Duration::from_millis(LOOK_MS);
        while !timeout(look, reached(witnessing, covered))
            .await
            .is_ok_and(|reached| reached)
        {
            let run = self.store.run(id).await?;
            if run.is_none_or(|run| run.state != RunState::Sealed) {
                return Ok(Awaited::Ended);
            }
            if Instant::now() >= deadline {
                return Ok(Awaited::Late);
            }
        }
        event!(INFO, QUORUM_REACHED, RUN_ID = %id);
        Ok(Awaited::Reached)
    }

    /// Keeps a run inside whose quorum did not come.
    pub(super) async fn withhold_unwitnessed(
        &self,
        id: RunId,
        outputs: &[(Verdict, Option<Table>)],
    ) -> Result<Option<Outcome>, LifecycleError> {
        self.withhold_sealed(id, outputs, CLAUSE, Some(Code::QuorumMissing))
            .await
    }

    /// Keeps a sealed run inside, with the clause that says why. `None` when it was ended meanwhile.
    pub(super) async fn withhold_sealed(
        &self,
        id: RunId,
        outputs: &[(Verdict, Option<Table>)],
        clause: &str,
        code: Option<Code>,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let mut change = self.store.begin().await?;
        let Some(mut run) = self.still(&mut change, id, RunState::Sealed).await? else {
            return Ok(None);
        };
        run.state = run
            .state
            .step(RunState::Withheld)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        run.end_cause = Some(EndCause::Denied {
            clause: clause.to_owned(),
        });
        change.put_run(&run).await?;
        if !outputs.is_empty() {
            self.keep_verdicts(&mut change, &run, outputs).await?;
        }
        let draft = verdict_facts(run_facts(Draft::new(Kind::RunWithheld), &run), outputs)
            .fact("code", code.map(Code::as_str))
            .fact("clause", clause);
        self.record(&mut change, draft).await?;
        self.destroy_output(&mut change, &run).await?;
        self.commit(change).await?;
        Ok(Some(Outcome::Withheld(Withheld { run })))
    }

    /// For reviewers: refuses unless the quorum, where the run needs it, is over the run's trace. Nothing is kept of the review then,
    /// so that it can be given once the quorum is there.
    pub(crate) async fn require_quorum(&self, run: &Run) -> Result<(), LifecycleError> {
        let Some(witnessing) = self.guarded(run).await? else {
            return Ok(());
        };
        let covered = self.sealed_at(run).await?;
        if *witnessing.witnessed.borrow() >= covered {
            return Ok(());
        }
        self.record_alone(waits(witnessing, run)).await?;
        Err(Code::QuorumMissing.into())
    }

    /// Whether the quorum, where the run needs it, is over the run's trace at this moment.
    pub(crate) async fn has_quorum(&self, run: &Run) -> Result<bool, LifecycleError> {
        let Some(witnessing) = self.guarded(run).await? else {
            return Ok(true);
        };
        let covered = self.sealed_at(run).await?;
        Ok(*witnessing.witnessed.borrow() >= covered)
    }

    /// Place of the entry that says that a run was sealed: what of its trace must be witnessed.
    pub(super) async fn sealed_at(&self, run: &Run) -> Result<u64, LifecycleError> {
        let filter = EntryFilter {
            run: Some(run.id),
            kinds: vec![Kind::RunSealed],
            ..EntryFilter::default()
        };
        let sealed = self.store.entries(&filter, Page::first(1)).await?;
        let covered = sealed.first().map(|entry| entry.position);
        covered.ok_or(LifecycleError::Impossible {
            detail: "an output that waits and was never sealed",
        })
    }

    /// The witnesses, if releases of this run wait for their quorum: its resources, or fields that its grant gives, are of such a grade.
    pub(super) async fn guarded(&self, run: &Run) -> Result<Option<&Witnessing>, LifecycleError> {
        let Some(witnessing) = &self.witnessing else {
            return Ok(None);
        };
        let grade = self.highest_grade(run).await?;
        Ok(witnessing.quorum.guards(grade).then_some(witnessing))
    }

    async fn highest_grade(&self, run: &Run) -> Result<Grade, LifecycleError> {
        let grant = self
            .store
            .grant_version(run.grant, run.grant_version)
            .await?;
        let grant = grant.ok_or(LifecycleError::Impossible {
            detail: "a run without its grant",
        })?;
        let mut highest = Grade::G1;
        for resource in self.resources_of(run).await? {
            highest = highest.max(resource.grade);
            let granted = grant
                .terms
                .resources
                .iter()
                .filter(|granted| granted.name == resource.name);
            let fields = granted.flat_map(|granted| &granted.fields);
            let grades = fields
                .filter_map(|field| resource.field(field))
                .map(|field| field.grade);
            highest = grades.fold(highest, Grade::max);
        }
        Ok(highest)
    }
}

/// Waits until so many entries are under a checkpoint that has a quorum.
async fn reached(witnessing: &Witnessing, covered: u64) -> bool {
    let mut witnessed = witnessing.witnessed.subscribe();
    witnessed.wait_for(|size| *size >= covered).await.is_ok()
}

/// The entry that says why a release waits.
fn waits(witnessing: &Witnessing, run: &Run) -> Draft {
    let faults: Vec<serde_json::Value> = witnessing
        .quorum
        .witnesses()
        .iter()
        .filter_map(|witness| {
            let fault = witnessing.state(&witness.name, |state| state.fault)?;
            Some(serde_json::json!({ "witness": witness.name, "fault": fault.as_str() }))
        })
        .collect();
    run_facts(Draft::new(Kind::ReleaseAwaitsQuorum), run)
        .fact("code", Code::QuorumMissing.as_str())
        .fact("needed", witnessing.quorum.needed())
        .fact("known", witnessing.quorum.known())
        .observed("faults", faults)
}
