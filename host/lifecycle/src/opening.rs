//! Sealed outputs, opened: for a reviewer's eyes, and after two reviewers' yes.
//!
//! The server passes ciphertext. The gate opens a sealed output in its own process and encrypts it to the reviewer who asked;
//! a table of it is in this process only once two people released it.

use std::fs::File;

use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{Code, Name, Recipient, Run, RunId, RunState, Table};
use yunei_rooms::{GateMode, GatePlan, GateSession, KeptPlan, SealKey};
use yunei_store::{Change, EntryFilter, Page, Recorded};

use crate::keys::KeyUse;
use crate::stop::run_facts;
use crate::{Actor, Domain, LifecycleError};

/// A sealed output under review, encrypted to one reviewer.
#[derive(Debug, serde::Serialize)]
pub struct SealedForReviewer {
    /// The run.
    pub run: RunId,
    /// Whom it is encrypted to.
    pub recipient: Recipient,
    /// An armoured age file; its plaintext is a [`yunei_model::OpenedOutput`] as JSON.
    pub ciphertext: String,
}

impl Domain {
    /// Opens a sealed output for a reviewer, or what a module said of its error: encrypted to the key that they registered. The viewing is
    /// on the record before anything is shown, and only what can be shown is a viewing.
    ///
    /// # Errors
    /// Refused by policy; [`Code::ReviewerKeyMissing`] and [`Code::ReviewerKeyUnconfirmed`] without a key in force; or the output
    /// was destroyed.
    pub async fn open_output(
        &self,
        actor: &Actor,
        id: RunId,
    ) -> Result<SealedForReviewer, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self
            .permit(actor, Action::ViewSealedOutput, &target)
            .await?;
        if !is_openable(&run) {
            return Err(Code::WrongState.into());
        }
        let recipient = self.recipient_of(actor.principal.account).await?;
        let draft = run_facts(permit.draft(Kind::ReleaseViewed, actor), &run)
            .fact("recipient", recipient.as_str());
        let judgement = self.store.judgement(id).await?;
        let mode = |kept| GateMode::Open {
            kept,
            recipient: recipient.clone(),
        };
        let (plan, file) = self.opening(&run, mode).await?;
        let ciphertext = GateSession::open(&self.program, plan, file).await?;
        let mut change = self.store.begin().await?;
        // INVARIANT: what was opened is still what there is to decide, so that nobody counts as having seen what came meanwhile.
        let now = change.run(id).await?.ok_or(Code::NotFound)?;
        if now.state != run.state || change.judgement(id).await? != judgement {
            return Err(Code::WrongState.into());
        }
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(SealedForReviewer {
            run: id,
            recipient,
            ciphertext,
        })
    }

    /// Whether somebody opened a run's sealed output, with the account that they come with now, as the gate judged it last.
    pub(crate) async fn has_opened(
        &self,
        change: &mut Change,
        actor: &Actor,
        run: RunId,
    ) -> Result<bool, LifecycleError> {
        let judged = EntryFilter {
            kinds: vec![Kind::RunInReview, Kind::RunJudgedAnew],
            run: Some(run),
            ..EntryFilter::default()
        };
        let viewed = EntryFilter {
            kinds: vec![Kind::ReleaseViewed],
            actor: Some(actor.principal.account),
            ..judged.clone()
        };
        let newest = Page::first(1).falling();
        let judged = change.entries(&judged, newest).await?;
        let viewed = change.entries(&viewed, newest).await?;
        let at = |entries: &[Recorded]| entries.first().map(|recorded| recorded.position);
        Ok(at(&viewed) > at(&judged))
    }

    /// The tables that reviewers let pass, by output.
    pub(crate) async fn tables_to_release(
        &self,
        run: &Run,
    ) -> Result<Vec<(Name, Table)>, LifecycleError> {
        let (plan, file) = self.opening(run, |kept| GateMode::Release { kept }).await?;
        Ok(GateSession::release(&self.program, plan, file).await?)
    }

    /// What a gate needs to open a run's sealed output.
    async fn opening(
        &self,
        run: &Run,
        mode: impl FnOnce(KeptPlan) -> GateMode,
    ) -> Result<(GatePlan, File), LifecycleError> {
        let held = self.store.sealed_output(run.id).await?;
        let held = held.ok_or(Code::NotFound)?;
        let wrapped = held.wrapped_key.ok_or(Code::ReleaseGone)?;
        let candidate = self.store.candidate(run.id).await?;
        let judgement = self.store.judgement(run.id).await?;
        if candidate.is_none() && run.state != RunState::Failed {
            return Err(Code::ReleaseGone.into());
        }
        let kept = KeptPlan {
            digest: held.sealed.digest,
            bytes: held.sealed.bytes,
            candidate,
            salt: judgement.and_then(|judgement| judgement.salt),
        };
        let key = self.keys.open_run_key(run.id, &wrapped)?;
        let ciphertext = self
            .sealed
            .open(&held.file)
            .map_err(LifecycleError::data("to open a sealed output"))?
            .into_std();
        let plan = GatePlan {
            mode: mode(kept),
            key: SealKey::from_bytes(*key),
            digest_key: SealKey::from_bytes(*self.keys.evidence_key(run.id, KeyUse::Output)?),
            views: Vec::new(),
            decoys: Vec::new(),
            outputs: Vec::new(),
            revisions: Vec::new(),
            audit: yunei_rooms::AuditPlan::default(),
            private: None,
            derived: Vec::new(),
            profile: String::new(),
            rows_max: self.limits.output_rows_max,
            limits: self.room_limits(),
        };
        Ok((plan, ciphertext))
    }
}

/// Whether reviewers may see what is sealed of a run: an output while it waits for them, and what the module of a failed run said.
fn is_openable(run: &Run) -> bool {
    matches!(run.state, RunState::InReview | RunState::Failed)
}
