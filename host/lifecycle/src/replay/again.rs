//! The same basis without the rooms of feed and cell: what an output is judged anew from that waits for people.

use yunei_model::Run;

use crate::prepared::{Preparation, Prepared};
use crate::{Domain, LifecycleError};

impl Domain {
    /// All that a gate is started from for a run whose output is sealed, as of its claim, held against all that has left by now.
    /// `None` when the run would be decided otherwise: its module is another, or the policies refuse it.
    pub(crate) async fn prepared_as_then(
        &self,
        run: &Run,
        key: [u8; 32],
    ) -> Result<Option<Prepared>, LifecycleError> {
        let original = self.original(run.clone()).await?;
        let under = self.under(&original).await?;
        let Ok(preparation) = self.decide_as_then(&original, &under).await? else {
            return Ok(None);
        };
        let preparation = Preparation {
            audited_to: None,
            ..preparation
        };
        Ok(Some(self.prepared(preparation, key)?))
    }
}
