//! The sequencer: gives committed entries their place in the log and signs checkpoints.

use tokio::sync::watch;
use yunei_ledger::{Checkpoint, VerifierKey};
use yunei_store::{SEQUENCE_ROWS_MAX, SignedCheckpoint};
use yunei_telemetry::event;

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
                event!(ERROR, SEQUENCE_FAILED, CAUSE = %error);
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
            let note = checkpoint.sign(&self.log_key)?;
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
