//! Judgement: the gate's verdicts become an outcome.

use tracing::Instrument;
use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, Decision, Run, RunState, State, Table, Verdict};
use yunei_store::Change;
use yunei_telemetry::{chain, event, span};

use crate::execute::{Sealed, sealed_file};
use crate::laps::Laps;
use crate::release::{InReview, Released, Withheld};
use crate::stop::run_facts;
use crate::witnessing::AwaitsQuorum;
use crate::{Domain, LifecycleError};

/// How often a run tries to leave under a standing approval; after that it waits for people.
const STANDING_TRIES_MAX: u32 = 3;

/// What became of a sealed output.
#[derive(Debug)]
pub enum Outcome {
    /// It left.
    Released(Released),
    /// It stays.
    Withheld(Withheld),
    /// People decide.
    InReview(InReview),
    /// It leaves as soon as the witnesses' quorum is over its trace: [`Domain::await_quorum`].
    AwaitsQuorum(Box<AwaitsQuorum>),
}

impl Domain {
    /// Has the gate judge a sealed output, and acts on it. `None` when the run was ended meanwhile.
    ///
    /// # Errors
    /// The host failed; the run is put to its end.
    pub async fn judge_output(&self, sealed: Sealed) -> Result<Option<Outcome>, LifecycleError> {
        let id = sealed.run.id;
        let span = span!(STAGE, STAGE = "judge", RUN_ID = %id);
        match self.try_judge(sealed).instrument(span).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                self.give_up(id, &error).await;
                Err(error)
            }
        }
    }

    pub(crate) async fn try_judge(
        &self,
        mut sealed: Sealed,
    ) -> Result<Option<Outcome>, LifecycleError> {
        let rooms = sealed.gate.rooms();
        let registered = self.register(sealed.run.id, rooms);
        let mut laps = Laps::begin(&*self.clock);
        let judged = sealed.gate.judged().await?;
        laps.done("judge");
        drop(registered);
        sealed.decoys = judged.decoys;
        sealed.candidate = judged.candidate;
        let decision = joint_decision(judged.outputs.iter().map(|(verdict, _)| verdict.decision));
        match decision {
            Decision::Release => {
                self.release_judged(sealed, judged.outputs)
                    .instrument(span!(STAGE, STAGE = "release"))
                    .await
            }
            Decision::Withhold => {
                let run = self
                    .keep_inside(
                        sealed,
                        &judged.outputs,
                        RunState::Withheld,
                        Kind::RunWithheld,
                    )
                    .await?;
                Ok(run.map(|run| Outcome::Withheld(Withheld { run })))
            }
            Decision::Review => {
                let run = self
                    .keep_inside(
                        sealed,
                        &judged.outputs,
                        RunState::InReview,
                        Kind::RunInReview,
                    )
                    .await?;
                match run {
                    Some(run) => self.leave_standing(run).await.map(Some),
                    None => Ok(None),
                }
            }
        }
    }

    /// Lets a run leave that waits for people and has a standing approval; any other waits.
    async fn leave_standing(&self, mut run: Run) -> Result<Outcome, LifecycleError> {
        // Each time after the first because something else left meanwhile.
        for _ in 0..STANDING_TRIES_MAX {
            let judged = self.store.judgement(run.id).await?;
            let outcome = self.try_standing(run).await?;
            let Outcome::InReview(waits) = outcome else {
                return Ok(outcome);
            };
            run = waits.run;
            if self.store.judgement(run.id).await? == judged {
                break;
            }
        }
        Ok(Outcome::InReview(InReview { run }))
    }

    async fn try_standing(&self, run: Run) -> Result<Outcome, LifecycleError> {
        let mut change = self.store.begin().await?;
        let standing = self.standing_for(&mut change, &run).await?;
        drop(change);
        let Some(standing) = standing else {
            return Ok(Outcome::InReview(InReview { run }));
        };
        // Without the quorum it waits for people, who are told what is missing.
        if self.require_quorum(&run).await.is_err() {
            return Ok(Outcome::InReview(InReview { run }));
        }
        let detail = match self.release_reviewed(run.clone(), Some(&standing)).await {
            Ok(detail) => detail,
            Err(error) => {
                // It waits for people as if there were no standing approval.
                event!(ERROR, STAGE_FAILED, STAGE = "release", RUN_ID = %run.id, CAUSE = %chain(&error));
                return Ok(Outcome::InReview(InReview { run }));
            }
        };
        let (run, releases) = (detail.run, detail.releases);
        Ok(match run.state {
            RunState::Released => Outcome::Released(Released { run, releases }),
            RunState::InReview => Outcome::InReview(InReview { run }),
            _ => Outcome::Withheld(Withheld { run }),
        })
    }

    /// Keeps an output inside: withheld, which destroys it, or waiting for people. `None` when the run was ended meanwhile.
    async fn keep_inside(
        &self,
        sealed: Sealed,
        outputs: &[(Verdict, Option<Table>)],
        next: RunState,
        kind: Kind,
    ) -> Result<Option<Run>, LifecycleError> {
        if !next.is_final() {
            self.make_durable(&sealed_file(sealed.run.id)).await?;
        }
        let mut change = self.store.begin().await?;
        let Some(mut run) = self
            .still(&mut change, sealed.run.id, RunState::Sealed)
            .await?
        else {
            return Ok(None);
        };
        run.state = run.state.step(next).map_err(|_| Code::WrongState)?;
        run.ended_at = next.is_final().then(|| self.clock.now());
        change.put_run(&run).await?;
        self.keep_verdicts(&mut change, &run, outputs).await?;
        let verdicts: Vec<&Verdict> = outputs.iter().map(|(verdict, _)| verdict).collect();
        self.edition_kept_inside(&mut change, &run, &verdicts)
            .await?;
        let draft = verdict_facts(run_facts(Draft::new(kind), &run), outputs);
        let mut draft = sealed.audit.facts(sealed.decoy_facts(draft));
        if let Some(candidate) = sealed.candidate.filter(|_| !next.is_final()) {
            change.put_candidate(run.id, &candidate).await?;
            draft = draft.fact("candidate_digest", candidate.to_string());
        }
        if !next.is_final() {
            change
                .put_exact_candidates(run.id, &sealed.audit.candidates)
                .await?;
            change
                .put_judgement(run.id, &sealed.audit.judgement())
                .await?;
        }
        self.record(&mut change, draft).await?;
        if next.is_final() {
            self.destroy_output(&mut change, &run).await?;
        }
        self.commit(change).await?;
        Ok(Some(run))
    }

    pub(crate) async fn keep_verdicts(
        &self,
        change: &mut Change,
        run: &Run,
        outputs: &[(Verdict, Option<Table>)],
    ) -> Result<(), LifecycleError> {
        let verdicts: Vec<Verdict> = outputs.iter().map(|(v, _)| v.clone()).collect();
        // In place of those that were written when it began to wait for witnesses, if it did.
        Ok(change.replace_verdicts(run.id, &verdicts).await?)
    }
}

/// The strictest of all outputs' decisions: a run leaves as a whole or not at all. No output is no release.
pub(crate) fn joint_decision(decisions: impl Iterator<Item = Decision>) -> Decision {
    let decisions: Vec<Decision> = decisions.collect();
    if decisions.is_empty() || decisions.contains(&Decision::Withhold) {
        Decision::Withhold
    } else if decisions.contains(&Decision::Review) {
        Decision::Review
    } else {
        Decision::Release
    }
}

/// What the record says of verdicts: route, profile, decision, and how many cells; no figure of a check.
pub(crate) fn verdict_facts(draft: Draft, outputs: &[(Verdict, Option<Table>)]) -> Draft {
    draft.fact("verdicts", verdicts_told(outputs.iter().map(|(v, _)| v)))
}

/// Verdicts as the record tells them.
pub(crate) fn verdicts_told<'a>(
    verdicts: impl Iterator<Item = &'a Verdict>,
) -> Vec<serde_json::Value> {
    verdicts
        .map(|v| {
            serde_json::json!({
                "output": v.output,
                "route": v.route,
                "profile": v.profile,
                "profile_digest": v.profile_digest.to_string(),
                "decision": v.decision,
                "cells": v.cells_total,
                "cells_released": v.cells_released,
                "cells_suppressed": v.cells_failed + v.cells_complementary,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_as_a_whole_or_not_at_all() {
        use Decision::{Release, Review, Withhold};
        assert_eq!(joint_decision([].into_iter()), Withhold);
        assert_eq!(joint_decision([Release, Release].into_iter()), Release);
        assert_eq!(joint_decision([Release, Review].into_iter()), Review);
        assert_eq!(
            joint_decision([Review, Withhold, Release].into_iter()),
            Withhold
        );
    }
}
