//! Metrics, taken when somebody looks: counters from what was recorded since the last look, the rest as it is now.

use std::collections::{BTreeMap, BTreeSet};

use rustix::fs::fstatvfs;
use yunei_disclosure::Profile;
use yunei_ledger::{Entry, Kind};
use yunei_model::{Decision, Route, RunState, State as _, Timestamp};
use yunei_rooms::Layer;
use yunei_store::{EntryFilter, Page, Store, database_errors};
use yunei_telemetry::metrics::{Metrics, OutboxStanding, RecordStanding};

use crate::{Domain, LifecycleError};

/// Entries that are counted in one look; what is left is counted by the next ones, and told as uncounted.
const COUNTED_MAX: u64 = 20_000;
/// Entries that are read in one go.
const ENTRIES_PAGE: u32 = 500;
/// The layers of containment that every room must have.
const LAYERS: [Layer; 6] = [
    Layer::ParentDeath,
    Layer::NotDumpable,
    Layer::ResourceLimits,
    Layer::NoNewPrivileges,
    Layer::Landlock,
    Layer::Seccomp,
];
/// The rooms.
const ROOMS: [&str; 3] = ["feed", "cell", "gate"];

/// How far the counters have seen the record.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Position of the last entry that was counted.
    position: u64,
}

impl Meter {
    /// Counters begin with what is recorded from now on, each at zero: a counter that appears with its first event hides it.
    pub(crate) async fn start(
        store: &Store,
        metrics: &Metrics,
        profile: &Profile,
    ) -> Result<Self, LifecycleError> {
        metrics.expect_entries(Kind::ALL.iter().map(|kind| kind.as_str()));
        metrics.expect_runs(
            RunState::ALL
                .iter()
                .filter(|state| state.is_final())
                .map(|state| state.as_str()),
        );
        for decision in Decision::ALL {
            for route in Route::ALL {
                metrics.expect_verdicts(decision.as_str(), route.as_str(), profile.name().as_ref());
            }
        }
        for layer in LAYERS {
            metrics.layer_missing(&layer_name(layer), false);
        }
        let newest = store
            .entries(&EntryFilter::default(), Page::first(1).falling())
            .await?;
        Ok(Self {
            position: newest.first().map_or(0, |recorded| recorded.position),
        })
    }
}

impl Domain {
    /// The metrics of this process.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Takes every metric, as OpenMetrics text. For operations alone: never for an operating unit, which times would tell too much.
    ///
    /// # Errors
    /// The store failed.
    pub async fn measure(&self) -> Result<String, LifecycleError> {
        self.count().await?;
        self.look_at_record().await?;
        if let Some(standing) = self.witness_standing().await? {
            self.metrics.witnesses(standing);
        }
        self.look_at_runs().await?;
        self.look_at_outboxes().await?;
        let emergency = self.store.emergency().await?.is_some();
        self.metrics.troubles(database_errors(), emergency);
        if let Ok(disk) = fstatvfs(&self.data) {
            let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
            self.metrics
                .disk(bytes(disk.f_bavail), bytes(disk.f_blocks));
        }
        self.metrics.text().map_err(|_| LifecycleError::Impossible {
            detail: "metrics that are no text",
        })
    }

    /// Counts what was recorded since the last look.
    async fn count(&self) -> Result<(), LifecycleError> {
        let mut meter = self.meter.lock().await;
        let last = meter.position.saturating_add(COUNTED_MAX);
        while meter.position < last {
            let page = Page::first(ENTRIES_PAGE).after(meter.position);
            let entries = self.store.entries(&EntryFilter::default(), page).await?;
            if entries.is_empty() {
                break;
            }
            for recorded in entries {
                self.count_one(&recorded.entry).await?;
                meter.position = recorded.position;
            }
        }
        let newest = self.record_size().await?;
        self.metrics
            .uncounted(newest.saturating_sub(meter.position));
        Ok(())
    }

    async fn count_one(&self, entry: &Entry) -> Result<(), LifecycleError> {
        self.metrics.entry(entry.kind().as_str());
        let Some(run) = entry.run() else {
            return Ok(());
        };
        if crate::outbox::end(entry.kind()).is_some()
            && let Some(run) = self.store.run(run).await?
        {
            let since = |started: Timestamp| entry.at().as_micros() - started.as_micros();
            self.metrics
                .run_ended(run.state.as_str(), run.started_at.map(since));
        }
        if entry.facts().contains_key("verdicts") {
            for verdict in self.store.verdicts(run).await? {
                let figures = verdict.cells.iter().flat_map(|cell| &cell.failed);
                let rules: BTreeSet<&str> = figures.map(|figure| figure.rule.as_str()).collect();
                let decision = verdict.decision.as_str();
                self.metrics.judged(
                    decision,
                    verdict.route.as_str(),
                    verdict.profile.as_str(),
                    rules,
                );
            }
        }
        let layers = entry.observed().get("layers").cloned();
        let layers = layers
            .and_then(|layers| serde_json::from_value::<Vec<(String, Vec<Layer>)>>(layers).ok());
        if let Some(rooms) = layers {
            for layer in LAYERS {
                let missing = rooms.iter().any(|(_, layers)| !layers.contains(&layer));
                self.metrics.layer_missing(&layer_name(layer), missing);
            }
        }
        Ok(())
    }

    async fn look_at_record(&self) -> Result<(), LifecycleError> {
        let now = self.clock.now();
        let pending = self.store.pending().await?;
        let newest = self.store.newest_checkpoint().await?;
        self.metrics.record(RecordStanding {
            entries: self.record_size().await?,
            pending: pending.entries,
            pending_us: pending
                .oldest
                .map_or(0, |oldest| micros_between(oldest, now)),
            checkpoint_size: newest.as_ref().map_or(0, |checkpoint| checkpoint.size),
            checkpoint_us: newest.map_or(0, |checkpoint| micros_between(checkpoint.signed_at, now)),
        });
        Ok(())
    }

    async fn look_at_runs(&self) -> Result<(), LifecycleError> {
        let now = self.clock.now();
        let open = self.store.open_runs().await?;
        let oldest = self.store.oldest_queued().await?;
        let states = open.iter().map(|(state, runs)| (state.as_str(), *runs));
        self.metrics.waiting(
            states,
            oldest.map_or(0, |oldest| micros_between(oldest, now)),
        );
        let mut up: BTreeMap<&str, u64> = ROOMS.into_iter().map(|room| (room, 0)).collect();
        {
            let running = self
                .running
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            for (room, _) in running.values().flat_map(yunei_rooms::RunningRooms::ids) {
                *up.entry(room).or_default() += 1;
            }
        }
        for (room, up) in up {
            self.metrics.rooms(room, up);
        }
        Ok(())
    }

    async fn look_at_outboxes(&self) -> Result<(), LifecycleError> {
        let now = self.clock.now();
        let newest = self.record_size().await?;
        let outboxes = {
            let outboxes = self
                .outboxes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            outboxes.clone()
        };
        for (name, outbox) in outboxes {
            let page = Page::first(1).after(outbox.cursor.position);
            let next = self.store.entries(&EntryFilter::default(), page).await?;
            let standing = OutboxStanding {
                backlog: newest.saturating_sub(outbox.cursor.position),
                lag_us: next
                    .first()
                    .map_or(0, |next| micros_between(next.entry.at(), now)),
                delivered: outbox.cursor.delivered,
                parked: outbox.cursor.parked,
                failures: outbox.failures,
            };
            self.metrics.outbox(&name, standing);
        }
        Ok(())
    }
}

fn micros_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.as_micros().saturating_sub(earlier.as_micros())
}

/// The layer as the record names it.
fn layer_name(layer: Layer) -> String {
    let name = serde_json::to_value(layer).ok();
    name.and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}
