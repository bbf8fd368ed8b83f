//! Runs that were waiting for the quorum when a server stopped: they wait on, and leave as they would have.
//!
//! A judgement lives in the process that made it, so a fresh gate judges the sealed output once more when the quorum is there, held
//! against all that has left by then. Noise alone is not drawn twice: the table that it is in was sealed behind the output, and leaves
//! as it was drawn.

use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, Run, RunId, RunState, Table, Verdict};
use yunei_store::{Change, EntryFilter, Page};

use super::release::Awaited;
use crate::anew::JUDGEMENTS_CLAUSE;
use crate::earlier::Audit;
use crate::execute::Sealed;
use crate::judge::{Outcome, verdict_facts};
use crate::{Domain, LifecycleError};

impl Domain {
    /// Runs that an earlier process left sealed and waiting for the quorum, as recovery found them. They are given once: whoever takes
    /// them leads them on by [`Domain::await_quorum_again`].
    #[must_use]
    pub fn take_left_waiting(&self) -> Vec<RunId> {
        let mut left = self
            .left_waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *left)
    }

    /// Whether a run was judged, may leave, and waits for the quorum, as the record says.
    pub(crate) async fn waits_for_quorum(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<bool, LifecycleError> {
        if run.state != RunState::Sealed {
            return Ok(false);
        }
        let filter = EntryFilter {
            run: Some(run.id),
            kinds: vec![Kind::ReleaseAwaitsQuorum],
            ..EntryFilter::default()
        };
        let waits = !change.entries(&filter, Page::first(1)).await?.is_empty();
        let held = change.sealed_output(run.id).await?;
        Ok(waits && held.is_some_and(|held| held.wrapped_key.is_some()))
    }

    /// Waits on for the quorum that a run waited for when the server stopped, then has it judged anew and acts on that; withholds it
    /// when the quorum does not come in the time that the policy gives, counted from now: while the server was down no witness was asked.
    /// `None` when the run was ended meanwhile.
    ///
    /// # Errors
    /// The host failed; the run is put to its end.
    pub async fn await_quorum_again(&self, id: RunId) -> Result<Option<Outcome>, LifecycleError> {
        match self.try_await_again(id).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                self.give_up(id, &error).await;
                Err(error)
            }
        }
    }

    async fn try_await_again(&self, id: RunId) -> Result<Option<Outcome>, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        if run.state != RunState::Sealed {
            return Ok(None);
        }
        let covered = self.sealed_at(&run).await?;
        // Whoever changed the policy meanwhile is on the record; what it guards no longer waits for nobody.
        if let Some(witnessing) = self.guarded(&run).await? {
            match self.quorum_over(witnessing, id, covered).await? {
                Awaited::Reached => {}
                Awaited::Ended => return Ok(None),
                Awaited::Late => return self.withhold_unwitnessed(id, &[]).await,
            }
        }
        if self.store.candidate(id).await?.is_some() {
            return self.release_drawn(run, covered).await;
        }
        // One at a time: many may have waited, and each gate takes its share of the machine.
        let _one = self.judging_again.lock().await;
        match self.sealed_as_then(run, covered).await? {
            Some(sealed) => self.try_judge(sealed).await,
            None => self.withhold_sealed(id, &[], JUDGEMENTS_CLAUSE, None).await,
        }
    }

    /// A run whose output is sealed, with a fresh gate over it. `None` when it would be decided otherwise than it was.
    async fn sealed_as_then(
        &self,
        run: Run,
        covered_from: u64,
    ) -> Result<Option<Sealed>, LifecycleError> {
        let held = self.store.sealed_output(run.id).await?;
        let held = held.ok_or(Code::NotFound)?;
        let wrapped = held.wrapped_key.as_deref().ok_or(Code::ReleaseGone)?;
        let key = self.keys.open_run_key(run.id, wrapped)?;
        let Some(prepared) = self.prepared_as_then(&run, *key).await? else {
            return Ok(None);
        };
        let (gate, audit) = self.gate_again(&prepared, &held.sealed).await?;
        Ok(Some(Sealed {
            run,
            output: held.sealed,
            gate,
            covered_from,
            decoys: Vec::new(),
            candidate: None,
            audit,
            prepared,
        }))
    }

    /// Releases tables whose noise was drawn before, as it was drawn. They are held against no earlier release.
    async fn release_drawn(
        &self,
        run: Run,
        covered: u64,
    ) -> Result<Option<Outcome>, LifecycleError> {
        self.await_checkpoint(covered).await?;
        let held = self.store.sealed_output(run.id).await?;
        let digest = held.ok_or(Code::NotFound)?.sealed.digest;
        let mut tables = self.tables_to_release(&run).await?;
        let mut outputs: Vec<(Verdict, Option<Table>)> = Vec::new();
        for mut verdict in self.store.verdicts(run.id).await? {
            verdict.checks = self.store.checks(run.id, &verdict.output).await?;
            let place = tables.iter().position(|(name, _)| *name == verdict.output);
            let table = place.map(|place| tables.swap_remove(place).1);
            outputs.push((verdict, table));
        }
        let change = self.store.begin().await?;
        let Some((change, run)) = self.may_leave(change, run.id).await? else {
            return Ok(None);
        };
        let draft = verdict_facts(Draft::new(Kind::RunReleased), &outputs)
            .fact("sealed_digest", digest.to_string());
        let outcome = self
            .leave(change, run, &outputs, &Audit::default(), draft)
            .await?;
        Ok(Some(outcome))
    }
}
