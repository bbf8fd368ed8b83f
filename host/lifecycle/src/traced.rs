//! Which request something stems from, for requests that the host itself sends on: to witnesses and webhooks.

use tracing::Span;
use yunei_ledger::{Entry, Kind};
use yunei_store::{EntryFilter, Page};
use yunei_telemetry::{TraceParent, span};

use crate::{Domain, LifecycleError};

impl Domain {
    /// A span below the request that made the entry at `position`; a disabled one when that came with no trace.
    ///
    /// What runs do by themselves stems from no request here: whoever saw the trace of their submission again would learn when
    /// they end.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn stage_below_request(
        &self,
        stage: &'static str,
        position: u64,
    ) -> Result<Span, LifecycleError> {
        let entry = self.entry_at(position).await?;
        Ok(below(stage, entry.as_ref().and_then(request_of)))
    }

    /// A span below the request that the entry at `position` stems from: for a run's entry, the one that submitted the run. For
    /// supervision alone.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn stage_below_origin(
        &self,
        stage: &'static str,
        position: u64,
    ) -> Result<Span, LifecycleError> {
        let Some(entry) = self.entry_at(position).await? else {
            return Ok(Span::none());
        };
        let mut parent = request_of(&entry);
        if parent.is_none()
            && let Some(run) = entry.run()
        {
            let filter = EntryFilter {
                kinds: vec![Kind::RunSubmitted],
                run: Some(run),
                ..EntryFilter::default()
            };
            let submitted = self.store.entries(&filter, Page::first(1)).await?;
            parent = submitted.first().and_then(|s| request_of(&s.entry));
        }
        Ok(below(stage, parent))
    }

    async fn entry_at(&self, position: u64) -> Result<Option<Entry>, LifecycleError> {
        let page = Page::first(1).after(position.saturating_sub(1));
        let entries = self.store.entries(&EntryFilter::default(), page).await?;
        Ok(entries
            .into_iter()
            .next()
            .filter(|recorded| recorded.position == position)
            .map(|recorded| recorded.entry))
    }
}

/// A span of that stage below `parent`.
pub(crate) fn below(stage: &'static str, parent: Option<TraceParent>) -> Span {
    parent.map_or_else(Span::none, |parent| {
        let span = span!(STAGE, STAGE = stage);
        parent.adopt(&span);
        span
    })
}

/// The place of the request that made an entry. Whatever is on the record is traced.
pub(crate) fn request_of(entry: &Entry) -> Option<TraceParent> {
    let observed = |name: &str| entry.observed().get(name)?.as_str();
    let (trace, span) = (observed("trace_id")?, observed("span_id")?);
    format!("00-{trace}-{span}-01").parse().ok()
}
