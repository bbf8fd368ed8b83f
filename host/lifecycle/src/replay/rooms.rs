//! The replay itself: the same rooms, over the same snapshots, with the same parameters.

use std::time::Duration;

use yunei_catalog::VaultError;
use yunei_model::{Run, Verdict};
use yunei_rooms::{RunningRooms, Session};

use super::compare::{kept_verdicts_differ, verdicts_differ};
use super::original::{Original, Reach, fact};
use super::{Difference, Heard, Place, Replay};
use crate::attend::{CallsTo, Ran};
use crate::execute::{DURATION_LIMIT, SealedFile};
use crate::failing::cause_kind;
use crate::judge::joint_decision;
use crate::prepared::Prepared;
use crate::{Domain, LifecycleError};

/// What a guest's good end is called where an ending is compared.
const WELL: &str = "well";

/// The replay's rooms, known to whoever may have to kill them, for as long as this lives.
struct Known<'a>(&'a Domain);

impl<'a> Known<'a> {
    fn new(domain: &'a Domain, rooms: RunningRooms) -> Self {
        let mut known = domain
            .replay_rooms
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *known = Some(rooms);
        Self(domain)
    }
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        let mut known = self
            .0
            .replay_rooms
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *known = None;
    }
}

impl Domain {
    pub(super) async fn replay_run(&self, run: Run) -> Result<Replay, LifecycleError> {
        let original = self.original(run).await?;
        let under = self.under(&original).await?;
        let mut replay = Replay {
            run: original.run.id,
            same: true,
            position: original.outcome.position,
            index: original.outcome.index,
            policies: under.policies.clone(),
            profile: under.profiles.clone(),
            calls: 0,
            trace_root: None,
            output_digest: None,
            decision: None,
            differences: Vec::new(),
        };
        for (basis, place) in [
            (&under.policies, Place::PolicySet),
            (&under.profiles, Place::Profile),
        ] {
            if !basis.under_recorded {
                replay.differs(Difference::new(place, &basis.recorded, &basis.present));
            }
        }
        if let Some(difference) = self.kept_calls_differ(&original).await? {
            replay.differs(difference);
            return Ok(replay);
        }
        let preparation = match self.decide_as_then(&original, &under).await? {
            Ok(preparation) => preparation,
            Err(difference) => {
                replay.differs(difference);
                return Ok(replay);
            }
        };
        if let Some(difference) = self.parts_differ(&original).await? {
            replay.differs(difference);
            return Ok(replay);
        }
        let mut key = zeroize::Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut key[..]).map_err(|_| crate::KeyError::Random)?;
        let prepared = self.prepared(preparation, *key)?;
        self.run_again(&original, &prepared, &mut replay).await?;
        Ok(replay)
    }

    /// Reads every part of the run's snapshots against its digest.
    async fn parts_differ(
        &self,
        original: &Original,
    ) -> Result<Option<Difference>, LifecycleError> {
        for id in &original.run.snapshots {
            let snapshot = self.store.snapshot(*id).await?;
            let snapshot = snapshot.ok_or(LifecycleError::Impossible {
                detail: "a run without its snapshot",
            })?;
            let verified = tokio::task::block_in_place(|| self.vault.verify(&snapshot));
            let (digest, found) = match verified {
                Ok(()) => continue,
                Err(VaultError::Missing { part }) => (part, "missing"),
                Err(VaultError::Corrupt { part }) => (part, "altered"),
                Err(error) => return Err(error.into()),
            };
            let part = snapshot.parts.iter().position(|part| part.digest == digest);
            let place = Place::SnapshotPart {
                snapshot: *id,
                part: part.unwrap_or_default(),
            };
            return Ok(Some(Difference::new(place, digest, found)));
        }
        Ok(None)
    }

    async fn run_again(
        &self,
        original: &Original,
        prepared: &Prepared,
        replay: &mut Replay,
    ) -> Result<(), LifecycleError> {
        let (root, calls) = original.trace();
        let reach = original.reach();
        let mut heard = Heard::new(prepared.run.id, calls, reach == Reach::CutOff);
        if heard.heard_enough() {
            return Ok(());
        }
        let plan = self.session_plan(prepared).await?;
        let (mut session, rooms) = Session::start(&self.program, plan, &*self.clock).await?;
        let _known = Known::new(self, rooms.clone());
        let deadline = Duration::from_millis(prepared.capability.limits().duration_ms_max);
        let attended = self.attend(&mut session, CallsTo::Compare(&mut heard));
        let attended = tokio::time::timeout(deadline, attended).await;
        replay.calls = heard.same;
        if let Some(difference) = heard.difference.take() {
            rooms.kill();
            replay.differs(difference);
            return Ok(());
        }
        let Ok(ran) = attended else {
            rooms.kill();
            if reach != Reach::CutOff {
                replay.differs(Difference::new(
                    Place::Ending,
                    ended(original),
                    DURATION_LIMIT,
                ));
            }
            return Ok(());
        };
        let ran = ran?;
        if heard.same < calls {
            replay.differs(Difference::new(Place::Calls, calls, heard.same));
            return Ok(());
        }
        if reach == Reach::CutOff {
            rooms.kill();
            return Ok(());
        }
        let now = ending(&ran);
        if now != ended(original) {
            replay.differs(Difference::new(Place::Ending, ended(original), now));
            return Ok(());
        }
        let replayed = ran.trace.root();
        replay.trace_root = Some(replayed);
        if let Some(root) = root.filter(|root| *root != replayed) {
            replay.differs(Difference::new(Place::TraceRoot, root, replayed));
            return Ok(());
        }
        if reach == Reach::Sealed {
            self.judge_again(original, prepared, &session, replay)
                .await?;
        }
        Ok(())
    }

    /// Has a gate seal and judge the output once more; what it seals, nobody can open.
    async fn judge_again(
        &self,
        original: &Original,
        prepared: &Prepared,
        session: &Session<'_>,
        replay: &mut Replay,
    ) -> Result<(), LifecycleError> {
        // Its key is gone already.
        let scratch = SealedFile::named(self, format!("{}.replay", prepared.run.id));
        let started = self.start_gate(prepared, session.output(), &scratch);
        let (mut gate, rooms, _) = started.await?;
        let _known = Known::new(self, rooms);
        let (digest, _) = gate.seal().await?;
        replay.output_digest = Some(digest);
        let recorded = original.sealed.as_ref().map(|r| fact(r, "output_digest"));
        let recorded = recorded.unwrap_or_default();
        if recorded != digest.to_string() {
            replay.differs(Difference::new(Place::OutputDigest, recorded, digest));
            return Ok(());
        }
        if original.verdicts.is_empty() {
            // It was stopped while the gate had it: there is no decision to compare with.
            return Ok(());
        }
        let judged = gate.judged().await?;
        let decisions = judged.outputs.iter().map(|(verdict, _)| verdict.decision);
        replay.decision = Some(joint_decision(decisions));
        let verdicts: Vec<Verdict> = judged.outputs.into_iter().map(|(v, _)| v).collect();
        let verdicts = as_kept(&verdicts)?;
        let told = original.outcome.entry.facts().get("verdicts");
        let difference = kept_verdicts_differ(told, &original.verdicts)
            .or_else(|| verdicts_differ(&original.verdicts, &verdicts));
        if let Some(difference) = difference {
            replay.differs(difference);
        }
        Ok(())
    }
}

/// Verdicts as they come back from where they are kept: figures go through the same spelling.
fn as_kept(verdicts: &[Verdict]) -> Result<Vec<Verdict>, LifecycleError> {
    let text = serde_json::to_string(verdicts);
    let kept = text.and_then(|text| serde_json::from_str(&text));
    kept.map_err(|_| LifecycleError::Impossible {
        detail: "a verdict that is no JSON",
    })
}

/// How the guest ended, on the record.
fn ended(original: &Original) -> String {
    if original.sealed.is_some() {
        return WELL.to_owned();
    }
    fact(&original.outcome, "cause")
}

/// How the guest ended now.
fn ending(ran: &Ran) -> String {
    let cause = ran.ending.cause.as_ref().map(cause_kind);
    let word = cause.as_ref().map(|kind| kind.as_str().unwrap_or_default());
    word.unwrap_or(WELL).to_owned()
}
