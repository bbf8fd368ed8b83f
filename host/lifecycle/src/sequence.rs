//! The sequencer: gives committed entries their place in the log and signs checkpoints.

use std::time::Duration;

use tokio::sync::watch;
use yunei_ledger::{Checkpoint, VerifierKey};
use yunei_store::{LogHead, SEQUENCE_ROWS_MAX, SignedCheckpoint};
use yunei_telemetry::event;

use crate::{Domain, LifecycleError};

/// Milliseconds between two looks at the store when nobody says that something was recorded.
const CADENCE_MS: u64 = 500;

/// Milliseconds that entries gather before they are sequenced, unless somebody waits for their checkpoint.
const GATHER_MS: u64 = 50;

/// The log's public key, as a verifier line of signed notes.
pub type LogPublicKey = VerifierKey;

impl Domain {
    /// Runs until `stop` turns true: entries are under a signed checkpoint soon after they are committed.
    pub async fn run_sequencer(&self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.sequence_now().await {
                // Releases wait for a checkpoint, so a failing sequencer fails closed.
                event!(ERROR, SEQUENCE_FAILED, CAUSE = %error);
            }
            tokio::select! {
                () = self.gathered() => {}
                () = self.awaited.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(CADENCE_MS)) => {}
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
        loop {
            let covered = *self.checkpointed.borrow();
            let sign = |head: &LogHead| self.sign(head);
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

    fn sign(&self, head: &LogHead) -> Result<SignedCheckpoint, LifecycleError> {
        let checkpoint = Checkpoint {
            size: head.size,
            root: head.root,
            origin: self.log_key.name().to_owned(),
        };
        let note = checkpoint.sign(&self.log_key)?;
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
