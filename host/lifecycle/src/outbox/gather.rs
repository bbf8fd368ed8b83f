//! The spans that a collector gets next, read from the store.

use yunei_ledger::{Entry, Kind};
use yunei_model::RunId;
use yunei_store::{CollectorCursor, EntryFilter, Page, Recorded};
use yunei_telemetry::otlp::{Audience, Batch, SpanRecord};

use super::derive::{self, RunPlace};
use crate::{Domain, LifecycleError};

/// Entries that are read in one go.
const ENTRIES_PAGE: u32 = 64;
/// Calls that are read in one go.
const CALLS_PAGE: u32 = 256;

/// A span, and its place among those of its entry.
type Placed = (u64, SpanRecord);

impl Domain {
    /// Fills `batch` with the spans after `cursor` of entries up to position `covered`; gives the cursor behind them.
    pub(super) async fn gather(
        &self,
        mut cursor: CollectorCursor,
        covered: u64,
        audience: Audience,
        batch: &mut Batch,
    ) -> Result<CollectorCursor, LifecycleError> {
        loop {
            let page = Page::first(ENTRIES_PAGE).after(cursor.position);
            let entries = self.store.entries(&EntryFilter::default(), page).await?;
            if entries.is_empty() {
                return Ok(cursor);
            }
            for recorded in entries {
                if recorded.position > covered {
                    return Ok(cursor);
                }
                loop {
                    let spans = self.spans_of(&recorded, cursor.part, audience).await?;
                    if spans.is_empty() {
                        break;
                    }
                    for (part, span) in spans {
                        if !batch.push(&span) {
                            return Ok(cursor);
                        }
                        cursor.part = part + 1;
                    }
                }
                cursor.position = recorded.position;
                cursor.part = 0;
            }
        }
    }

    /// Some spans of an entry from place `from` on; none when the entry has no more. First come the calls that it commits to, then the
    /// entry itself, then, where it ends a run, the run.
    async fn spans_of(
        &self,
        recorded: &Recorded,
        from: u64,
        audience: Audience,
    ) -> Result<Vec<Placed>, LifecycleError> {
        let entry = &recorded.entry;
        // What a collector refused is not told to collectors, or one that refuses everything would never be done.
        if entry.kind() == Kind::CollectorRefused {
            return Ok(Vec::new());
        }
        let Some(run) = entry.run() else {
            let span = (from == 0).then(|| (0, derive::entry(recorded, audience)));
            return Ok(span.into_iter().collect());
        };
        let place = self.run_place(run, entry, audience).await?;
        let calls = entry.trace_root().and_then(|_| entry.calls()).unwrap_or(0);
        if from < calls {
            let kept = self.store.calls(run, from, CALLS_PAGE).await?;
            // Calls that are gone are for verification to find; what is there goes on.
            if !kept.is_empty() {
                let within = kept.into_iter().take_while(|call| call.index < calls);
                return Ok(within
                    .map(|call| (call.index, derive::call(&place, &call)))
                    .collect());
            }
        }
        let mut spans = Vec::new();
        if from <= calls {
            let before = self.entry_before(run, recorded.position).await?;
            spans.push((
                calls,
                derive::stage(&place, recorded, before.as_ref(), audience),
            ));
        }
        if from <= calls + 1
            && let Some(end) = derive::end(entry.kind())
        {
            spans.push((calls + 1, derive::run(&place, recorded, end)));
        }
        Ok(spans)
    }

    /// Where a run stands in a trace: that of the request that submitted it.
    async fn run_place(
        &self,
        run: RunId,
        entry: &Entry,
        audience: Audience,
    ) -> Result<RunPlace, LifecycleError> {
        let filter = EntryFilter {
            run: Some(run),
            kinds: vec![Kind::RunSubmitted],
            ..EntryFilter::default()
        };
        let submitted = self.store.entries(&filter, Page::first(1)).await?;
        let submitted = submitted.first().map_or(entry, |recorded| &recorded.entry);
        Ok(RunPlace::of(run, submitted, audience))
    }

    async fn entry_before(
        &self,
        run: RunId,
        position: u64,
    ) -> Result<Option<Entry>, LifecycleError> {
        let filter = EntryFilter {
            run: Some(run),
            ..EntryFilter::default()
        };
        let before = self
            .store
            .entries(&filter, Page::first(1).falling().after(position))
            .await?;
        Ok(before.into_iter().next().map(|recorded| recorded.entry))
    }
}
