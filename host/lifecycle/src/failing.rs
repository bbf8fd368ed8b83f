//! Failure: a run that ends without an output, by its guest or by the host.
//!
//! What a guest says of its error may be rows: it is sealed with the run's key, and nothing else of it is kept.

use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, EndCause, RunId, RunState, SealedOutput, State};
use yunei_rooms::{GuestMessage, Sealer};
use yunei_telemetry::{chain, event};

use crate::admit::write_once;
use crate::attend::Ran;
use crate::claim::Claimed;
use crate::prepared::Prepared;
use crate::stop::run_facts;
use crate::{Domain, LifecycleError};

/// Name of the file that what a module said of its error is sealed in.
fn message_file(run: RunId) -> String {
    format!("{run}.message.sealed")
}

impl Domain {
    /// Puts a run to `failed`, unless something else ended it first. What its guest said of that is sealed.
    pub(crate) async fn fail(
        &self,
        claimed: &Claimed,
        cause: EndCause,
        ran: Option<&Ran>,
    ) -> Result<(), LifecycleError> {
        let id = claimed.run().id;
        let message = ran.and_then(|ran| ran.ending.message.as_ref());
        let output = match message {
            Some(message) => Some(self.seal_message(&claimed.prepared, message)?),
            None => None,
        };
        let mut change = self.store.begin().await?;
        let Some(mut run) = self.still(&mut change, id, RunState::Running).await? else {
            // The key of what was sealed is nowhere.
            let _gone = self.sealed.remove_file(message_file(id));
            return Ok(());
        };
        run.state = run
            .state
            .step(RunState::Failed)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        run.end_cause = Some(cause.clone());
        if let Some(ran) = ran {
            run.rows_fed = ran.ending.rows_fed;
            self.put_last(&mut change, id, &ran.last).await?;
        }
        let draft = self
            .close_trace(&mut change, &mut run, Draft::new(Kind::RunFailed))
            .await?;
        change.put_run(&run).await?;
        self.edition_failed(&mut change, &run).await?;
        if let Some(output) = &output {
            change
                .put_sealed_output(output, &message_file(id), &claimed.wrapped_key)
                .await?;
        }
        let digest = output.map(|output| output.digest.to_string());
        let draft = run_facts(draft, &run)
            .fact("cause", cause_kind(&cause))
            .fact("output_digest", digest)
            .observed("layers", ran.map(|ran| &ran.layers));
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }

    /// Keeps what a guest said of its error as the run's sealed output: it may be rows, so it stands nowhere else.
    fn seal_message(
        &self,
        prepared: &Prepared,
        message: &GuestMessage,
    ) -> Result<SealedOutput, LifecycleError> {
        let sealer = Sealer::new(&prepared.key, &prepared.digest_key);
        let sealed = message.sealed(&sealer)?;
        let run = prepared.run.id;
        write_once(&self.sealed, &message_file(run), &sealed.ciphertext)?;
        Ok(SealedOutput {
            run,
            digest: sealed.digest,
            bytes: sealed.bytes,
        })
    }

    /// Puts a run to its end after the host itself failed. When that fails too, whoever leads the run interrupts it.
    pub(crate) async fn give_up(&self, id: RunId, error: &LifecycleError) {
        if error.end_cause() == EndCause::RecordFailed {
            event!(ERROR, RECORD_FAILED, RUN_ID = %id, CAUSE = %chain(error));
        }
        if let Err(second) = self.abandon(id, error).await {
            event!(ERROR, STAGE_FAILED, STAGE = "abandon", RUN_ID = %id, CAUSE = %chain(&second));
        }
    }

    async fn abandon(&self, id: RunId, error: &LifecycleError) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        let Some(mut run) = change.run(id).await?.filter(|run| !run.state.is_final()) else {
            return Ok(());
        };
        let next = if run.state == RunState::InReview {
            RunState::Withheld
        } else {
            RunState::Failed
        };
        run.state = run.state.step(next).map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        let cause = error.end_cause();
        let kind_of_cause = cause_kind(&cause);
        run.end_cause = Some(cause);
        let kind = if next == RunState::Failed {
            Kind::RunFailed
        } else {
            Kind::RunWithheld
        };
        let draft = self
            .close_trace(&mut change, &mut run, Draft::new(kind))
            .await?;
        change.put_run(&run).await?;
        self.edition_failed(&mut change, &run).await?;
        self.record(
            &mut change,
            run_facts(draft, &run).fact("cause", kind_of_cause),
        )
        .await?;
        self.destroy_output(&mut change, &run).await?;
        self.commit(change).await
    }
}

/// The kind of a cause: the record has no message of a guest.
pub(crate) fn cause_kind(cause: &EndCause) -> serde_json::Value {
    serde_json::to_value(cause)
        .ok()
        .and_then(|v| v.get("kind").cloned())
        .unwrap_or_default()
}
