//! Recovery at start-up: an intent without outcome becomes `aborted`.

use yunei_authority::{Action, RecordTarget, Target};
use yunei_ledger::{Draft, Kind, Report};
use yunei_model::{Code, Digest, EndCause, RunState, State};
use yunei_store::{Answer, EntryFilter, Page, Recorded, RunFilter, SignedCheckpoint};

use crate::stop::run_facts;
use crate::{Actor, Domain, LifecycleError};

/// Seconds that the answer to an idempotent request is remembered.
const ANSWER_SECONDS: i64 = 86_400;

impl Domain {
    /// Ends what an interruption left open, says that the system started, and wakes the workers.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recover(&self) -> Result<u64, LifecycleError> {
        let filter = RunFilter {
            states: vec![RunState::Running, RunState::Sealed],
            ..RunFilter::default()
        };
        let mut aborted = 0;
        loop {
            let runs = self
                .store
                .runs(&filter, Page::first(yunei_store::PAGE_ROWS_MAX))
                .await?;
            if runs.is_empty() {
                break;
            }
            let mut change = self.store.begin().await?;
            for mut run in runs {
                run.state = run
                    .state
                    .step(RunState::Aborted)
                    .map_err(|_| Code::WrongState)?;
                run.ended_at = Some(self.clock.now());
                run.end_cause = Some(EndCause::Interrupted);
                let draft = self
                    .close_trace(&mut change, &mut run, Draft::new(Kind::RunAborted))
                    .await?;
                change.put_run(&run).await?;
                let draft = run_facts(draft, &run);
                self.record(&mut change, draft).await?;
                self.destroy_output(&mut change, &run).await?;
                aborted += 1;
            }
            self.commit(change).await?;
        }
        let mut change = self.store.begin().await?;
        self.keep_policy_texts(&mut change).await?;
        let draft = Draft::new(Kind::SystemStarted)
            .fact("aborted", aborted)
            .fact("policy_set", self.authority.policy_set().to_string())
            .fact("profile", self.profile.digest().to_string());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        self.queued.notify_one();
        Ok(aborted)
    }

    /// Entries of the record that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn entries(
        &self,
        actor: &Actor,
        filter: &EntryFilter,
        page: Page<u64>,
    ) -> Result<Vec<Recorded>, LifecycleError> {
        // Asking is decided on the domain; what is found is decided entry by entry, by remit.
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        let mut seen = Vec::new();
        for recorded in self.store.entries(filter, page).await? {
            let target = Target::Record(self.record_target(&recorded).await?);
            if self.may(actor, Action::ViewRecord, &target).await? {
                seen.push(recorded);
            }
        }
        Ok(seen)
    }

    async fn record_target(&self, recorded: &Recorded) -> Result<RecordTarget, LifecycleError> {
        let operator = recorded.entry.operator();
        let mut resources = std::collections::BTreeSet::new();
        if let Some(id) = recorded.entry.run()
            && let Some(run) = self.store.run(id).await?
        {
            resources.extend(self.resources_of(&run).await?.into_iter().map(|r| r.name));
        }
        let named = recorded
            .entry
            .facts()
            .get("resource")
            .and_then(serde_json::Value::as_str);
        resources.extend(named.and_then(|name| yunei_model::Name::parse(name).ok()));
        Ok(RecordTarget {
            operator,
            resources,
        })
    }

    /// The newest signed checkpoint. It tells how long the record is, so it is for those who may read the record.
    ///
    /// # Errors
    /// Refused by policy, or the store failed.
    pub async fn checkpoint(
        &self,
        actor: &Actor,
    ) -> Result<Option<SignedCheckpoint>, LifecycleError> {
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        Ok(self.store.newest_checkpoint().await?)
    }

    /// Re-computes the record and says what does not hold.
    ///
    /// # Errors
    /// Refused by policy, or the store failed.
    pub async fn verify_record(&self, actor: &Actor) -> Result<Report, LifecycleError> {
        self.permit(actor, Action::VerifyRecord, &Target::Domain)
            .await?;
        Ok(self.store.verify(&self.log_key(), &[]).await?)
    }

    /// The answer that an earlier request under the same idempotency key got.
    ///
    /// # Errors
    /// [`Code::IdempotencyReused`] when that was another request.
    pub async fn remembered(
        &self,
        actor: &Actor,
        key: &str,
        request: &Digest,
    ) -> Result<Option<String>, LifecycleError> {
        let Some(answer) = self.store.answer(actor.principal.account, key).await? else {
            return Ok(None);
        };
        if answer.request_digest == *request {
            Ok(Some(answer.response))
        } else {
            Err(Code::IdempotencyReused.into())
        }
    }

    /// Remembers an answer for a day.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remember(
        &self,
        actor: &Actor,
        key: &str,
        request: &Digest,
        response: &str,
    ) -> Result<(), LifecycleError> {
        let now = self.clock.now();
        let answer = Answer {
            request_digest: *request,
            response: response.to_owned(),
            answered_at: now,
        };
        let mut change = self.store.begin().await?;
        change
            .remove_answers_before(now.plus_seconds(-ANSWER_SECONDS))
            .await?;
        change
            .put_answer(actor.principal.account, key, &answer)
            .await?;
        change.commit().await?;
        Ok(())
    }
}
