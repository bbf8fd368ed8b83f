//! Judged anew: an output that waits for people, when something left that the gate had not seen.
//!
//! Two tables may each be harmless and tell together what neither tells alone. Where both wait for people, the second one to be let
//! out is held against the first: a fresh gate judges it with all that has left by now, what people said of the former judgement no
//! longer counts, and they are asked anew. The operating unit sees a run in progress all the while.

use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Code, Decision, Digest, EndCause, HeldJudgement, Overtaken, Run, RunState, Standing, State,
    Text, Verdict,
};
use yunei_rooms::{GateMode, GateSession, Judged, Sealer};
use yunei_store::{Change, HeldOutput};

use crate::earlier::{Audit, JUDGEMENTS_MAX};
use crate::judge::{joint_decision, verdict_facts};
use crate::stop::run_facts;
use crate::{Domain, LifecycleError, RunDetail};

/// The clause by which an output is withheld that others overtake again and again, or that cannot be judged anew.
pub(crate) const JUDGEMENTS_CLAUSE: &str = "gate.judgements";

/// What reviewers read who are asked anew.
pub(crate) fn asked_anew(overtaken: &[Overtaken]) -> Option<Text> {
    let last = overtaken.last()?;
    let (left, judgement) = (last.left, last.judgement + 1);
    Some(Text {
        zh: format!(
            "上次评判之后另有 {left} 项相关结果出域，闸门已一并重新评判（第 {judgement} 次）；此前的审核意见不再有效，请重新审核。"
        ),
        en: format!(
            "Since the former judgement {left} other results left that this one had to be held against. The gate has judged it anew \
             (judgement {judgement}); what was said before no longer counts."
        ),
    })
}

impl Domain {
    /// What the last judgement of an output rests on that waits for people.
    pub(crate) async fn audit_of(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<Audit, LifecycleError> {
        let candidates = match change.exact_candidates(run.id).await? {
            Some(candidates) => candidates,
            None => self.exact_candidates_of(run, self.profile.digest()).await?,
        };
        // Where nothing is written of how far the gate looked, it is taken to have looked at nothing.
        let judgement = change.judgement(run.id).await?;
        let to = judgement.unwrap_or(HeldJudgement::FIRST).audited_to;
        let mut audit = Audit::new(to, candidates);
        let revised = self.editions_revised(run).await?;
        audit.revised = revised.into_iter().map(|(_, run)| run.id).collect();
        Ok(audit)
    }

    /// Whether an output that waits for people may leave at this moment: by enough people's yes to the judgement that holds, or by
    /// a standing approval that nobody took back.
    pub(crate) async fn is_let_out(
        &self,
        change: &mut Change,
        run: &Run,
        standing: Option<&Standing>,
    ) -> Result<bool, LifecycleError> {
        if let Some(standing) = standing {
            let now = self.standing_for(change, run).await?;
            return Ok(now.is_some_and(|now| now.id == standing.id));
        }
        let reviews = change.release_reviews(run.id).await?;
        self.enough_yes(run, &reviews).await
    }

    /// Has the gate judge anew an output that waits for people, since `left` exact releases left meanwhile, and asks them anew. Past
    /// the limit of judgements, or when it cannot be judged anew, it stays inside and is destroyed.
    ///
    /// # Errors
    /// The host failed; the run is put to its end.
    pub(crate) async fn ask_anew(&self, run: Run, left: u64) -> Result<RunDetail, LifecycleError> {
        let id = run.id;
        if let Err(error) = self.try_ask_anew(run, left).await {
            let now = self.store.run(id).await?.ok_or(Code::NotFound)?;
            if now.state != RunState::InReview {
                // It was stopped meanwhile, and its rooms killed.
                return self.detail_of(now).await;
            }
            self.give_up(id, &error).await;
            return Err(error);
        }
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        self.detail_of(run).await
    }

    async fn try_ask_anew(&self, run: Run, left: u64) -> Result<(), LifecycleError> {
        let before = self.store.judgement(run.id).await?;
        let _one = self.judging_anew.lock().await;
        if self.store.judgement(run.id).await? != before {
            return Ok(());
        }
        let former = before.unwrap_or(HeldJudgement::FIRST);
        let Some(held) = self.store.sealed_output(run.id).await? else {
            return Err(Code::NotFound.into());
        };
        let wrapped = held.wrapped_key.clone().ok_or(Code::ReleaseGone)?;
        let key = self.keys.open_run_key(run.id, &wrapped)?;
        let prepared = if former.number >= u64::from(JUDGEMENTS_MAX) {
            None
        } else {
            self.prepared_as_then(&run, *key).await?
        };
        let Some(prepared) = prepared else {
            return self.withhold_overtaken(&run, left).await;
        };
        let number = former.number + 1;
        let file = format!("{}.{number}.sealed", run.id);
        let ciphertext = self.sealed_anew(&held, &file)?;
        let mut salt = [0_u8; 32];
        getrandom::fill(&mut salt).map_err(|_| crate::KeyError::Random)?;
        let salt = Digest::from_bytes(salt);
        let (mut plan, parts, audit) = self.gate_plan(&prepared).await?;
        plan.mode = GateMode::JudgeAgain {
            digest: held.sealed.digest,
            bytes: held.sealed.bytes,
            waits: Some(salt),
        };
        let mut gate = GateSession::judge_again(&self.program, plan, ciphertext, &parts).await?;
        let registered = self.register(run.id, gate.rooms());
        let judged = gate.judged().await?;
        drop(registered);
        self.make_durable(&file).await?;
        let anew = Anew {
            former,
            left,
            judgement: HeldJudgement {
                number,
                audited_to: audit.to,
                salt: Some(salt),
            },
            audit,
            file,
        };
        let kept = self.keep_judged_anew(&run, &anew, judged).await?;
        // What nobody needs any more is noise without the run's key, and gone even so.
        let unneeded = if kept { &held.file } else { &anew.file };
        let _gone = self.sealed.remove_file(unneeded);
        Ok(())
    }

    /// A file of its own with the sealed output alone, behind which a gate puts another candidate: until that is on the record, the
    /// former one stays as it is.
    fn sealed_anew(&self, held: &HeldOutput, file: &str) -> Result<std::fs::File, LifecycleError> {
        use std::io::{Read as _, Write as _};
        let failed = LifecycleError::data("to copy a sealed output");
        let mut ciphertext = Vec::new();
        let former = self.sealed.open(&held.file).map_err(&failed)?;
        former
            .take(Sealer::sealed_bytes(held.sealed.bytes))
            .read_to_end(&mut ciphertext)
            .map_err(&failed)?;
        let mut options = cap_std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let mut copy = self.sealed.open_with(file, &options).map_err(&failed)?;
        copy.write_all(&ciphertext).map_err(&failed)?;
        Ok(copy.into_std())
    }

    /// Puts the new judgement in place of the former one. False when the run was ended meanwhile.
    async fn keep_judged_anew(
        &self,
        run: &Run,
        anew: &Anew,
        judged: Judged,
    ) -> Result<bool, LifecycleError> {
        let mut change = self.store.begin().await?;
        let Some(run) = self.still(&mut change, run.id, RunState::InReview).await? else {
            return Ok(false);
        };
        let verdicts: Vec<Verdict> = judged.outputs.iter().map(|(v, _)| v.clone()).collect();
        let decision = joint_decision(verdicts.iter().map(|verdict| verdict.decision));
        change.replace_verdicts(run.id, &verdicts).await?;
        let void = self.set_aside(&mut change, &run, anew).await?;
        change.put_judgement(run.id, &anew.judgement).await?;
        change
            .put_exact_candidates(run.id, &anew.audit.candidates)
            .await?;
        let draft = verdict_facts(
            run_facts(Draft::new(Kind::RunJudgedAnew), &run),
            &judged.outputs,
        )
        .fact("judgement", anew.judgement.number)
        .fact("left", anew.left)
        .fact("reviews_void", void)
        .fact(
            "decoys",
            (!judged.decoys.is_empty()).then_some(&judged.decoys),
        );
        let draft = anew.audit.facts(draft);
        if decision == Decision::Withhold {
            self.record(&mut change, draft).await?;
            self.withhold_reviewed(&mut change, run).await?;
        } else {
            let candidate = judged.candidate.ok_or(LifecycleError::Impossible {
                detail: "an output for people without a candidate",
            })?;
            change
                .move_sealed_output(run.id, &anew.file, &candidate)
                .await?;
            let verdicts: Vec<&Verdict> = verdicts.iter().collect();
            self.edition_kept_inside(&mut change, &run, &verdicts)
                .await?;
            let draft = draft.fact("candidate_digest", candidate.to_string());
            self.record(&mut change, draft).await?;
        }
        self.commit(change).await?;
        Ok(decision != Decision::Withhold)
    }

    /// Sets the former judgement aside with what people said about it; says how many that were.
    async fn set_aside(
        &self,
        change: &mut Change,
        run: &Run,
        anew: &Anew,
    ) -> Result<usize, LifecycleError> {
        let overtaken = Overtaken {
            judgement: anew.former.number,
            at: self.clock.now(),
            left: anew.left,
            reviews: change.release_reviews(run.id).await?,
        };
        change.set_judgement_aside(run.id, &overtaken).await?;
        Ok(overtaken.reviews.len())
    }

    async fn withhold_overtaken(&self, run: &Run, left: u64) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        let Some(mut run) = self.still(&mut change, run.id, RunState::InReview).await? else {
            return Ok(());
        };
        run.state = run
            .state
            .step(RunState::Withheld)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        run.end_cause = Some(EndCause::Denied {
            clause: JUDGEMENTS_CLAUSE.to_owned(),
        });
        change.put_run(&run).await?;
        self.edition_failed(&mut change, &run).await?;
        let draft = run_facts(Draft::new(Kind::RunWithheld), &run)
            .fact("clause", JUDGEMENTS_CLAUSE)
            .fact("left", left);
        self.record(&mut change, draft).await?;
        self.destroy_output(&mut change, &run).await?;
        self.commit(change).await
    }
}

/// A judgement that takes the place of another.
struct Anew {
    former: HeldJudgement,
    /// Exact releases that left between the two.
    left: u64,
    judgement: HeldJudgement,
    audit: Audit,
    /// The file that its candidate is in.
    file: String,
}
