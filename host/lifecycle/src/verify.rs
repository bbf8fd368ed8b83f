//! Verification of the record from inside: the newest checkpoint, and the record computed anew.

use tracing::Instrument as _;
use yunei_authority::{Action, Target};
use yunei_ledger::Report;
use yunei_store::SignedCheckpoint;
use yunei_telemetry::span;

use crate::{Actor, Domain, LifecycleError};

impl Domain {
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
        let key = self.log_key();
        let verified = self.store.verify(&key, &[]).instrument(span!(VERIFY));
        Ok(verified.await?)
    }
}
