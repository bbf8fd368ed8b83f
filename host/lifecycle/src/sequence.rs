//! The sequencer: gives committed entries their place in the log and signs checkpoints.

use tokio::sync::watch;
use yunei_ledger::{Checkpoint, Draft, KEY_FROM, KEY_TO, Kind, SigningKey, VerifierKey};
use yunei_store::{SEQUENCE_ROWS_MAX, SignedCheckpoint};
use yunei_telemetry::{chain, event};

use crate::{Domain, LifecycleError};

/// The log's public key, as a verifier line of signed notes.
pub type LogPublicKey = VerifierKey;

impl Domain {
    /// Runs until `stop` turns true: entries are under a signed checkpoint soon after they are committed, and under a published
    /// one at the next beat of the cadence.
    pub async fn run_sequencer(&self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.sign_checkpoints(stop.clone()),
            self.publish_checkpoints(stop)
        );
    }

    async fn sign_checkpoints(&self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.sequence_now().await {
                // Releases wait for a checkpoint, so a failing sequencer fails closed.
                event!(ERROR, SEQUENCE_FAILED, CAUSE = %chain(&error));
            }
            tokio::select! {
                () = self.recorded.notified() => {}
                () = tokio::time::sleep(self.cadence) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
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
        let covered = *self.checkpointed.borrow();
        let mut size = covered;
        loop {
            let head = self.store.sequence(SEQUENCE_ROWS_MAX).await?;
            if head.size == size {
                break;
            }
            size = head.size;
            let checkpoint = Checkpoint {
                size: head.size,
                root: head.root,
                origin: self.log_key.name().to_owned(),
            };
            let note = checkpoint.sign_by(keys)?;
            let note = String::from_utf8(note).map_err(|_| LifecycleError::Impossible {
                detail: "a checkpoint that is no text",
            })?;
            let signed_at = self.clock.now();
            self.store
                .put_checkpoint(&SignedCheckpoint {
                    size: head.size,
                    note,
                    signed_at,
                })
                .await?;
        }
        if size != covered {
            self.checkpointed.send_replace(size);
        }
        Ok(())
    }

    /// Waits until `size` entries are under a signed checkpoint: *no trace, no release*.
    pub(crate) async fn await_checkpoint(&self, size: u64) -> Result<(), LifecycleError> {
        self.recorded.notify_one();
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
