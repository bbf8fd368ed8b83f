//! The sequencer: gives committed entries their place in the log and signs checkpoints.

use std::time::Duration;

use tokio::sync::watch;
use yunei_ledger::{Checkpoint, Draft, KEY_FROM, KEY_TO, Kind, SigningKey, VerifierKey};
use yunei_store::{LogHead, SEQUENCE_ROWS_MAX, SignedCheckpoint};
use yunei_telemetry::{chain, event};

use crate::{Domain, LifecycleError};

/// Milliseconds that entries gather before they are sequenced, unless somebody waits for their checkpoint.
const GATHER_MS: u64 = 50;

/// The log's public key, as a verifier line of signed notes.
pub type LogPublicKey = VerifierKey;

impl Domain {
    /// Runs until `stop` turns true: entries are under a signed checkpoint soon after they are committed, and under a published
    /// one at the next beat of the cadence.
    pub async fn run_sequencer(&self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.sign_checkpoints(stop.clone()),
            self.publish_checkpoints(stop.clone()),
            self.gather_certificates(stop)
        );
    }

    async fn sign_checkpoints(&self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.sequence_now().await {
                // Releases wait for a checkpoint, so a failing sequencer fails closed.
                event!(ERROR, SEQUENCE_FAILED, CAUSE = %chain(&error));
            }
            tokio::select! {
                () = self.gathered() => {}
                () = self.awaited.notified() => {}
                () = tokio::time::sleep(self.cadence) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Something was recorded, and what follows at its heels had time to be recorded too: a signature for each entry would take the
    /// store's one writer from those who make the next.
    async fn gathered(&self) {
        self.recorded.notified().await;
        tokio::time::sleep(Duration::from_millis(GATHER_MS)).await;
    }

    /// Lets the sequencer know that somebody waits, or is about to.
    pub(crate) fn ask_for_checkpoint(&self) {
        self.awaited.notify_one();
    }

    /// Sequences what is committed, and signs a checkpoint over it.
    ///
    /// # Errors
    /// The store or the key failed.
    pub(crate) async fn sequence_now(&self) -> Result<(), LifecycleError> {
        self.sequence_signed_by(&[&self.log_key]).await
    }

    /// Writes the entry that the log's key is replaced, signs the checkpoint over it with both keys, and goes on with the new one.
    /// Interrupted, the present key goes on, and it can be done again. Gives the checkpoint that both have signed.
    ///
    /// # Errors
    /// The store or the keys failed.
    pub async fn rotate_log_key(&mut self) -> Result<String, LifecycleError> {
        let seed = self.keys.next_log_signing_seed()?;
        let next = SigningKey::from_seed(self.log_key.name(), &seed)?;
        self.sequence_now().await?;
        let draft = Draft::new(Kind::LogKeyRotated)
            .fact(KEY_FROM, self.log_key.verifier().to_string())
            .fact(KEY_TO, next.verifier().to_string());
        self.record_alone(draft).await?;
        self.sequence_signed_by(&[&self.log_key, &next]).await?;
        self.keys.adopt_next_log_signing()?;
        self.log_key = next;
        let newest = self.store.newest_checkpoint().await?;
        newest
            .map(|checkpoint| checkpoint.note)
            .ok_or(LifecycleError::Impossible {
                detail: "a log without checkpoint",
            })
    }

    async fn sequence_signed_by(&self, keys: &[&SigningKey]) -> Result<(), LifecycleError> {
        loop {
            let covered = *self.checkpointed.borrow();
            let sign = |head: &LogHead| self.sign(head, keys);
            let head = self.store.sequence_signed(SEQUENCE_ROWS_MAX, sign).await?;
            if head.size == covered {
                return Ok(());
            }
            self.checkpointed.send_replace(head.size);
            // Fewer than were asked for: nothing waits any more.
            if head.size.saturating_sub(covered) < u64::from(SEQUENCE_ROWS_MAX) {
                return Ok(());
            }
        }
    }

    fn sign(
        &self,
        head: &LogHead,
        keys: &[&SigningKey],
    ) -> Result<SignedCheckpoint, LifecycleError> {
        let checkpoint = Checkpoint {
            size: head.size,
            root: head.root,
            origin: self.log_key.name().to_owned(),
        };
        let note = checkpoint.sign_by(keys)?;
        let note = String::from_utf8(note).map_err(|_| LifecycleError::Impossible {
            detail: "a checkpoint that is no text",
        })?;
        Ok(SignedCheckpoint {
            size: head.size,
            note,
            signed_at: self.clock.now(),
        })
    }

    /// Waits until `size` entries are under a signed checkpoint: *no trace, no release*.
    pub(crate) async fn await_checkpoint(&self, size: u64) -> Result<(), LifecycleError> {
        self.ask_for_checkpoint();
        let mut covered = self.checkpointed.subscribe();
        let reached = covered.wait_for(|covered| *covered >= size).await;
        reached.map(|_| ()).map_err(|_| LifecycleError::Impossible {
            detail: "a domain without sequencer",
        })
    }

    /// The log's public key.
    #[must_use]
    pub fn log_key(&self) -> LogPublicKey {
        self.log_key.verifier().clone()
    }
}

#[cfg(test)]
mod tests;
