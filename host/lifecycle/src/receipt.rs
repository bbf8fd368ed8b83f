//! Receipts: proofs that whoever may see an entry or a call takes along, and that need nobody's word afterwards.
//!
//! Under a quorum policy a receipt is over the newest checkpoint that has the quorum, so that it needs not even the log's word. An
//! entry that no such checkpoint covers yet gets one over the newest signed checkpoint: witnesses hold nobody up here.
//!
//! Operating units get none: a receipt tells a position in the log, and with it how much happened besides.

use std::time::Duration;

use yunei_authority::{Action, Target};
use yunei_ledger::{CallProof, Checkpoint, Receipt, TraceTree, call_facts};
use yunei_model::{Code, EntryId, RunId};
use yunei_store::{EntryFilter, PAGE_ROWS_MAX, Page, Recorded, SignedCheckpoint};

use crate::{Actor, Domain, LifecycleError};

/// Longest wait for an entry to come under a checkpoint.
const WAIT_MAX: Duration = Duration::from_secs(10);

impl Domain {
    /// The receipt of an entry.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when there is no such entry.
    pub async fn entry_receipt(
        &self,
        actor: &Actor,
        id: EntryId,
    ) -> Result<Receipt, LifecycleError> {
        let recorded = self.store.entry(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Record(self.record_target(&recorded).await?);
        self.permit(actor, Action::ViewRecord, &target).await?;
        self.receipt(recorded, None).await
    }

    /// The receipt of one host call of a run: by way of the entry that commits to the run's trace.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when there is no such call, or no entry that commits to it yet.
    pub async fn call_receipt(
        &self,
        actor: &Actor,
        id: RunId,
        index: u64,
    ) -> Result<Receipt, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        self.permit(actor, Action::ViewRunDetail, &target).await?;
        let filter = EntryFilter {
            run: Some(id),
            ..EntryFilter::default()
        };
        let entries = self.store.entries(&filter, Page::first(PAGE_ROWS_MAX));
        let mut entries = entries.await?.into_iter();
        let outcome = entries.find(|recorded| recorded.entry.trace_root().is_some());
        let outcome = outcome.ok_or(Code::NotFound)?;
        let call = self.call_proof(id, index).await?;
        self.receipt(outcome, Some(call)).await
    }

    async fn call_proof(&self, run: RunId, index: u64) -> Result<CallProof, LifecycleError> {
        let mut trace = TraceTree::default();
        let mut wanted = None;
        loop {
            let calls = self.store.calls(run, trace.calls(), PAGE_ROWS_MAX).await?;
            if calls.is_empty() {
                break;
            }
            for call in calls {
                let facts = call_facts(&call)?;
                trace.push_facts(&facts)?;
                if call.index == index {
                    wanted = Some(facts);
                }
            }
        }
        Ok(CallProof {
            facts: wanted.ok_or(Code::NotFound)?,
            calls: trace.calls(),
            proof: trace.proof(index)?,
        })
    }

    pub(crate) async fn receipt(
        &self,
        recorded: Recorded,
        call: Option<CallProof>,
    ) -> Result<Receipt, LifecycleError> {
        // Entries come into the log in the order of their positions, which count from 1.
        let covered = self.await_checkpoint(recorded.position);
        let covered = tokio::time::timeout(WAIT_MAX, covered).await;
        covered.map_err(|_| Code::TimedOut)??;
        let recorded = self.store.entry(recorded.entry.id()).await?;
        let recorded = recorded.ok_or(Code::NotFound)?;
        let index = recorded.index.ok_or(Code::NotFound)?;
        let checkpoint = match self.witnessed_over(index).await? {
            Some(witnessed) => Some(witnessed),
            None => self.store.newest_checkpoint().await?,
        };
        let checkpoint = checkpoint.ok_or(Code::NotFound)?;
        let proof = self.store.inclusion_proof(index, checkpoint.size).await?;
        Ok(Receipt {
            entry: recorded.entry.canonical().to_vec(),
            call,
            index,
            proof,
            checkpoint: checkpoint.note,
        })
    }

    /// The newest checkpoint with the quorum of the policy in force, if it covers the entry at `index` and is signed with the
    /// present key: after a rotation those who verify know that one.
    async fn witnessed_over(&self, index: u64) -> Result<Option<SignedCheckpoint>, LifecycleError> {
        let Some(witnessing) = &self.witnessing else {
            return Ok(None);
        };
        let size = *witnessing.witnessed.borrow();
        if size <= index {
            return Ok(None);
        }
        let key = self.log_key();
        let checkpoint = self.store.checkpoint_of(size).await?;
        Ok(
            checkpoint
                .filter(|witnessed| Checkpoint::open(witnessed.note.as_bytes(), &key).is_ok()),
        )
    }
}
