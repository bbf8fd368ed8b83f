//! Release: the table leaves, or the sealed output is destroyed.

use yunei_ledger::{CERTIFICATES, Draft, Kind};
use yunei_model::{
    Code, Digest, EndCause, ExactCandidate, Grant, HeldJudgement, Name, Release, ReleaseId, Route,
    Run, RunId, RunState, Standing, State, Table, Verdict,
};
use yunei_store::{Change, Usage};

use crate::claim::quota_refusal;
use crate::earlier::{Audit, digest_of};
use crate::execute::Sealed;
use crate::judge::{Outcome, verdict_facts};
use crate::laps::Laps;
use crate::stop::run_facts;
use crate::{Domain, LifecycleError, RunDetail};

/// A run whose table left. Comes from the gate's or the reviewers' yes alone.
#[derive(Debug)]
pub struct Released {
    pub(crate) run: Run,
    pub(crate) releases: Vec<ReleaseId>,
}

/// A run whose output stays inside and is destroyed.
#[derive(Debug)]
pub struct Withheld {
    pub(crate) run: Run,
}

/// A run whose output waits for two people.
#[derive(Debug)]
pub struct InReview {
    pub(crate) run: Run,
}

/// What is about to leave with a run.
struct Leaving<'a> {
    tables: Vec<(Name, Route, Table)>,
    cells: u64,
    /// What each table tells, for later audits.
    told: &'a [ExactCandidate],
}

impl Released {
    /// The run.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Its releases.
    #[must_use]
    pub fn releases(&self) -> &[ReleaseId] {
        &self.releases
    }
}

impl Withheld {
    /// The run.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }
}

impl InReview {
    /// The run.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }
}

impl Domain {
    /// Releases what the gate let pass: after its trace is under a signed checkpoint, for high grades under a witnessed one, and only
    /// while the grant is in force.
    pub(crate) async fn release_judged(
        &self,
        sealed: Sealed,
        outputs: Vec<(Verdict, Option<Table>)>,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let mut laps = Laps::begin(&*self.clock);
        self.await_checkpoint(sealed.covered_from).await?;
        laps.done("checkpoint");
        match self.with_quorum(sealed, outputs).await? {
            Ok((sealed, outputs)) => self.release_witnessed(sealed, outputs, laps).await,
            Err(waiting) => Ok(Some(Outcome::AwaitsQuorum(Box::new(waiting)))),
        }
    }

    /// Releases what is under a signed checkpoint, and under the witnesses' quorum where it must be.
    pub(crate) async fn release_witnessed(
        &self,
        sealed: Sealed,
        outputs: Vec<(Verdict, Option<Table>)>,
        mut laps: Laps<'_>,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let change = self.store.begin().await?;
        let Some((mut change, run)) = self.may_leave(change, sealed.run.id).await? else {
            return Ok(None);
        };
        let digests =
            digests_of(outputs.iter().filter_map(|(verdict, table)| {
                table.as_ref().map(|table| (&verdict.output, table))
            }))?;
        let left = self
            .overtaken_by(&mut change, &sealed.audit, &digests)
            .await?;
        if left > 0 {
            // Two runs that were judged at the same time must not both miss each other.
            drop(change);
            return self.judge_anew(sealed).await;
        }
        let draft = sealed
            .decoy_facts(verdict_facts(Draft::new(Kind::RunReleased), &outputs))
            .fact("sealed_digest", sealed.output.digest.to_string());
        let outcome = self
            .leave(change, run, &outputs, &sealed.audit, draft)
            .await?;
        laps.done("release-commit");
        Ok(Some(outcome))
    }

    /// A sealed run that may still leave, with the change it is to leave in. One that may not any more is stopped, with its cause.
    pub(crate) async fn may_leave(
        &self,
        mut change: Change,
        id: RunId,
    ) -> Result<Option<(Change, Run)>, LifecycleError> {
        let Some(run) = self.still(&mut change, id, RunState::Sealed).await? else {
            return Ok(None);
        };
        if let Some(cause) = self.grant_in_force(&mut change, &run).await? {
            self.stop_one(&mut change, run, &cause, None).await?;
            self.commit(change).await?;
            return Ok(None);
        }
        Ok(Some((change, run)))
    }

    /// Writes verdicts and releases and commits; withholds where the quota has no room for them.
    pub(crate) async fn leave(
        &self,
        mut change: Change,
        run: Run,
        outputs: &[(Verdict, Option<Table>)],
        audit: &Audit,
        draft: Draft,
    ) -> Result<Outcome, LifecycleError> {
        self.keep_verdicts(&mut change, &run, outputs).await?;
        let cells = outputs.iter().map(|(v, _)| v.cells_released).sum();
        let mut tables = Vec::new();
        for (verdict, table) in outputs {
            let table = table.clone().ok_or(LifecycleError::Impossible {
                detail: "a release without a table",
            })?;
            tables.push((verdict.output.clone(), verdict.route, table));
        }
        let leaving = Leaving {
            tables,
            cells,
            told: &audit.candidates,
        };
        let left = self
            .put_releases(&mut change, run, leaving, audit.facts(draft))
            .await?;
        self.commit(change).await?;
        Ok(match left {
            Ok(released) => Outcome::Released(released),
            Err(run) => Outcome::Withheld(Withheld { run }),
        })
    }

    /// Releases what two reviewers let pass: this output, or all that are like it. What left since it was judged, that it would have to
    /// be held against, has it judged anew and the reviewers asked anew.
    pub(crate) async fn release_reviewed(
        &self,
        run: Run,
        standing: Option<&Standing>,
    ) -> Result<RunDetail, LifecycleError> {
        self.await_checkpoint(self.record_size().await?).await?;
        let judgement = self.store.judgement(run.id).await?;
        let tables = self.tables_to_release(&run).await?;
        let mut change = self.store.begin().await?;
        let now = change.run(run.id).await?.ok_or(Code::NotFound)?;
        let run = match now.state {
            RunState::InReview => now,
            // Somebody else counted the same yes, and was first.
            RunState::Released => {
                drop(change);
                return self.detail_of(now).await;
            }
            _ => return Err(Code::WrongState.into()),
        };
        if let Some(cause) = self.grant_in_force(&mut change, &run).await? {
            let run = self.stop_one(&mut change, run, &cause, None).await?;
            self.commit(change).await?;
            return self.detail_of(run).await;
        }
        // INVARIANT: what leaves is what is approved now, by reviewers or by a standing approval, and as it was judged last.
        let holds = change.judgement(run.id).await? == judgement;
        if !holds || !self.is_let_out(&mut change, &run, standing).await? {
            drop(change);
            return self.detail_of(run).await;
        }
        let audit = self.audit_of(&mut change, &run).await?;
        let digests = digests_of(tables.iter().map(|(name, table)| (name, table)))?;
        let left = self.overtaken_by(&mut change, &audit, &digests).await?;
        if left > 0 {
            drop(change);
            return Box::pin(self.ask_anew(run, left)).await;
        }
        let cells = tables
            .iter()
            .map(|(_, t)| (t.rows() * t.columns().len()) as u64)
            .sum();
        let tables = tables
            .into_iter()
            .map(|(name, table)| (name, Route::Reviewed, table))
            .collect();
        let draft = Draft::new(Kind::RunReleased)
            .fact("route", Route::Reviewed.as_str())
            .fact("standing", standing.map(|s| s.id))
            .fact(
                "judgement",
                judgement.unwrap_or(HeldJudgement::FIRST).number,
            );
        let leaving = Leaving {
            tables,
            cells,
            told: &audit.candidates,
        };
        let draft = audit.facts(draft);
        let run = match self.put_releases(&mut change, run, leaving, draft).await? {
            Ok(released) => released.run,
            Err(withheld) => withheld,
        };
        self.commit(change).await?;
        self.detail_of(run).await
    }

    /// A reviewer said no.
    pub(crate) async fn withhold_reviewed(
        &self,
        change: &mut Change,
        mut run: Run,
    ) -> Result<Run, LifecycleError> {
        run.state = run
            .state
            .step(RunState::Withheld)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        change.put_run(&run).await?;
        self.edition_failed(change, &run).await?;
        self.record(
            change,
            run_facts(Draft::new(Kind::RunWithheld), &run).fact("route", Route::Reviewed.as_str()),
        )
        .await?;
        self.destroy_output(change, &run).await?;
        Ok(run)
    }

    /// Debits the quota and writes releases, or withholds when the quota has no room for them.
    async fn put_releases(
        &self,
        change: &mut Change,
        mut run: Run,
        leaving: Leaving<'_>,
        draft: Draft,
    ) -> Result<Result<Released, Run>, LifecycleError> {
        let grant = change.grant_version(run.grant, run.grant_version).await?;
        let grant = grant.ok_or(LifecycleError::Impossible {
            detail: "a run without its grant",
        })?;
        // What is left of the quota is what stands now.
        let standing = change.grant_standing(run.grant).await?;
        let quota = standing.as_ref().unwrap_or(&grant).terms.quota;
        let cells = leaving.cells;
        let amount = Usage {
            runs: 0,
            rows: 0,
            released_cells: cells,
        };
        run.ended_at = Some(self.clock.now());
        if let Err(error) = change.reserve(run.id, run.grant, &quota, amount).await {
            let refusal = quota_refusal(&error).ok_or(error)?;
            run.state = run
                .state
                .step(RunState::Withheld)
                .map_err(|_| Code::WrongState)?;
            run.end_cause = Some(EndCause::Denied {
                clause: refusal.clause.unwrap_or_default(),
            });
            change.put_run(&run).await?;
            self.edition_failed(change, &run).await?;
            let draft =
                run_facts(Draft::new(Kind::RunWithheld), &run).fact("code", refusal.code.as_str());
            self.record(change, draft).await?;
            self.destroy_output(change, &run).await?;
            return Ok(Err(run));
        }
        run.state = run
            .state
            .step(RunState::Released)
            .map_err(|_| Code::WrongState)?;
        change.put_run(&run).await?;
        let (releases, draft) = self
            .write_releases(change, &run, &grant, leaving, draft)
            .await?;
        self.record(change, run_facts(draft, &run).fact("cells", cells))
            .await?;
        self.publish_edition(change, &run, &releases).await?;
        Ok(Ok(Released { run, releases }))
    }

    /// Writes releases with their certificates, and puts the digests of both into the draft.
    async fn write_releases(
        &self,
        change: &mut Change,
        run: &Run,
        grant: &Grant,
        leaving: Leaving<'_>,
        draft: Draft,
    ) -> Result<(Vec<ReleaseId>, Draft), LifecycleError> {
        let told = leaving.told;
        // Its operating unit sees the id: it tells no moment that the status does not.
        let seen_from = self.visible_from(run).unwrap_or_else(|| self.clock.now());
        let (mut releases, mut digests, mut certificates) = (Vec::new(), Vec::new(), Vec::new());
        for (output, route, table) in leaving.tables {
            let id = ReleaseId::telling(seen_from, &*self.ids);
            let digest = digest_of(&table)?;
            digests.push(serde_json::json!({ "release": id, "output": output, "table_digest": digest.to_string() }));
            let release = Release {
                id,
                run: run.id,
                output,
                route,
                table,
                at: self.clock.now(),
            };
            change.put_release(&release).await?;
            self.keep_exact(change, &release, digest, told).await?;
            let certificate = self.certify(change, run, grant, &release).await?;
            certificates.push(certificate.to_string());
            releases.push(id);
        }
        let draft = draft
            .fact("releases", digests)
            .fact(CERTIFICATES, certificates);
        Ok((releases, draft))
    }
}

/// Tables by output, as releases are named by them.
fn digests_of<'a>(
    tables: impl Iterator<Item = (&'a Name, &'a Table)>,
) -> Result<Vec<(Name, Digest)>, LifecycleError> {
    tables
        .map(|(name, table)| Ok((name.clone(), digest_of(table)?)))
        .collect()
}
