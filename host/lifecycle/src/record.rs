//! Entries: made here, committed with what they tell of.

use yunei_ledger::{Draft, Entry};
use yunei_model::EntryId;
use yunei_store::Change;

use crate::{Domain, LifecycleError};

/// Where in a distributed trace a request stands (W3C Trace Context).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestTrace {
    /// Trace id, 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// Span id, 16 hexadecimal digits.
    pub span_id: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
}

impl RequestTrace {
    pub(crate) fn observe(&self, draft: Draft) -> Draft {
        draft
            .observed("trace_id", &self.trace_id)
            .observed("span_id", &self.span_id)
            .observed("request_id", &self.request_id)
    }
}

impl Domain {
    /// Makes a draft final: id, nonce, time.
    fn seal(&self, draft: Draft) -> Result<Entry, LifecycleError> {
        let mut nonce = [0_u8; yunei_ledger::NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| crate::KeyError::Random)?;
        Ok(Entry::seal(
            draft,
            EntryId::new(&*self.ids),
            nonce,
            self.clock.now(),
        )?)
    }

    /// Puts an entry into the transaction of what it tells of.
    pub(crate) async fn record(
        &self,
        change: &mut Change,
        draft: Draft,
    ) -> Result<(), LifecycleError> {
        self.record_known(change, draft).await.map(drop)
    }

    /// The same, for what must name the entry.
    pub(crate) async fn record_known(
        &self,
        change: &mut Change,
        draft: Draft,
    ) -> Result<EntryId, LifecycleError> {
        let entry = self.seal(draft)?;
        change.record(&entry).await?;
        Ok(entry.id())
    }

    /// Commits, and lets the sequencer know.
    pub(crate) async fn commit(&self, change: Change) -> Result<(), LifecycleError> {
        change.commit().await?;
        self.recorded.notify_one();
        self.stream.committed.notify_one();
        Ok(())
    }

    /// An entry that tells of a decision, or of something seen, and of no state change.
    pub(crate) async fn record_alone(&self, draft: Draft) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }
}
