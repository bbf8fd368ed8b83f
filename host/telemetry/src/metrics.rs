//! Every metric there is: its name, its labels, and the one place where it is set.
//!
//! Metrics are for operations, over loopback alone. No label tells an operating unit, a person, a resource or a run: labels are words of
//! the program and of policy files, and names of collectors. Times here are as fine as they are measured, so no operating unit may
//! ever read them ([decision 0008](../../../ops/decisions/0008-buckets-of-status.md)).

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// Media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What every name begins with.
pub const PREFIX: &str = "yunei";
/// Bounds of the durations of requests, in seconds.
const REQUEST_SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];
/// Bounds of the durations of runs, in seconds.
const RUN_SECONDS: [f64; 10] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0, 300.0, 1800.0];

/// The labels of one series.
type Labels = Vec<(&'static str, String)>;
/// A histogram for each set of labels.
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;
/// A number that is no whole one, such as seconds.
type Seconds = Gauge<f64, std::sync::atomic::AtomicU64>;

macro_rules! metrics {
    ($($(#[$meta:meta])* $field:ident: $kind:ty = $name:literal, $help:literal $(, made $made:expr)?;)+) => {
        /// The metrics of one process.
        pub struct Metrics {
            registry: Registry,
            $($(#[$meta])* $field: $kind,)+
        }

        impl Default for Metrics {
            fn default() -> Self {
                let mut registry = Registry::with_prefix(PREFIX);
                $(
                    let $field: $kind = metrics!(@make $($made)?);
                    registry.register($name, $help, $field.clone());
                )+
                let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
                registry.register("build", "The program that is running", version);
                Self { registry, $($field,)+ }
            }
        }

        /// Names of all metrics without [`PREFIX`], as they are registered: the text adds `_total` to counters, `_bucket`, `_sum` and `_count` to histograms.
        pub const NAMES: &[&str] = &["build", $($name),+];
    };
    (@make) => { Default::default() };
    (@make $made:expr) => { $made };
}

metrics! {
    requests: Family<Labels, Counter> = "http_requests", "Requests that were answered";
    request_seconds: Histograms = "http_request_duration_seconds", "Seconds until a request was answered",
        made Family::new_with_constructor(|| Histogram::new(REQUEST_SECONDS));
    runs: Family<Labels, Gauge> = "runs", "Runs that are not at their end, by state";
    queue_age: Seconds = "run_queue_age_seconds", "How long the oldest queued run has been waiting";
    runs_ended: Family<Labels, Counter> = "runs_ended", "Runs that came to their end since the start, by state";
    run_seconds: Histograms = "run_duration_seconds", "Seconds from claim to end, by state",
        made Family::new_with_constructor(|| Histogram::new(RUN_SECONDS));
    verdicts: Family<Labels, Counter> = "gate_verdicts", "Outputs that the gate judged";
    rules: Family<Labels, Counter> = "gate_rules_failed", "Outputs in which a rule kept something back";
    entries: Family<Labels, Counter> = "entries", "Entries recorded since the start, by kind";
    uncounted: Gauge = "uncounted_entries", "Entries that the counters of entries, runs and verdicts have not seen yet";
    record_entries: Gauge = "record_entries", "Entries of the record";
    record_pending: Gauge = "record_pending_entries", "Entries that wait for their place in the log";
    sequencing_lag: Seconds = "record_sequencing_lag_seconds", "Age of the oldest entry that waits for its place in the log; 0 when none does";
    checkpoint_size: Gauge = "record_checkpoint_entries", "Entries under the newest signed checkpoint";
    checkpoint_age: Seconds = "record_checkpoint_age_seconds", "Age of the newest signed checkpoint; it grows while nothing is recorded";
    record_holds: Gauge = "record_holds", "1 if the last verification found nothing wrong, 0 if it did, -1 before the first", made { let gauge = Gauge::default(); gauge.set(-1); gauge };
    verified_at: Seconds = "record_verified_timestamp_seconds", "When the record was verified last; 0 before the first time";
    witnesses_required: Gauge = "witness_quorum_required", "Cosignatures that the quorum wants; 0 without a quorum";
    witnesses_cosigned: Gauge = "witness_quorum_cosigned", "Cosignatures on the newest witnessed checkpoint";
    witness_lag: Seconds = "witness_lag_seconds", "Age of the oldest checkpoint that lacks its quorum; 0 when none does";
    outbox_entries: Family<Labels, Gauge> = "outbox_entries", "Entries that a collector does not have yet";
    outbox_lag: Family<Labels, Seconds> = "outbox_lag_seconds", "Age of the oldest entry that a collector does not have yet";
    outbox_delivered: Family<Labels, Gauge> = "outbox_delivered_spans", "Spans that a collector has taken, ever";
    outbox_parked: Family<Labels, Gauge> = "outbox_parked_spans", "Spans that a collector refused for good, ever";
    outbox_failures: Family<Labels, Gauge> = "outbox_failed_attempts", "Attempts in a row that failed";
    rooms: Family<Labels, Gauge> = "rooms", "Rooms that are up";
    layers_missing: Family<Labels, Gauge> = "room_layers_missing", "1 if a room of the newest sealed run lacked the layer of containment";
    store_errors: Gauge = "store_errors", "Errors of the database since the start";
    emergency: Gauge = "emergency_stop", "1 while an emergency stop is in force";
    disk_free: Gauge = "disk_free_bytes", "Bytes free where the data directory is";
    disk_size: Gauge = "disk_size_bytes", "Bytes of the file system of the data directory";
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// How the record stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RecordStanding {
    /// Entries.
    pub entries: u64,
    /// Entries that wait to be sequenced.
    pub pending: u64,
    /// Age of the oldest of them in microseconds.
    pub pending_us: i64,
    /// Entries under the newest checkpoint.
    pub checkpoint_size: u64,
    /// Age of the newest checkpoint in microseconds.
    pub checkpoint_us: i64,
}

/// How one collector stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxStanding {
    /// Entries that it does not have.
    pub backlog: u64,
    /// Age of the oldest of them in microseconds.
    pub lag_us: i64,
    /// Spans that it has taken.
    pub delivered: u64,
    /// Spans that it refused for good.
    pub parked: u64,
    /// Attempts in a row that failed.
    pub failures: u64,
}

/// How the witnesses stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WitnessStanding {
    /// Cosignatures that the quorum wants.
    pub required: u64,
    /// Cosignatures that hold on the newest witnessed checkpoint, or while one is overdue on the newest that witnesses were asked for.
    pub cosigned: u64,
    /// Age of the oldest checkpoint without its quorum, in microseconds.
    pub lag_us: i64,
}

impl Metrics {
    /// A request was answered: method, route as registered, status, microseconds.
    pub fn answered(&self, method: &str, route: &str, status: u16, duration_us: i64) {
        let mut labels = vec![("method", method.to_owned()), ("route", route.to_owned())];
        self.request_seconds
            .get_or_create(&labels)
            .observe(seconds(duration_us));
        labels.push(("status", status.to_string()));
        self.requests.get_or_create(&labels).inc();
    }

    /// An entry of that kind was recorded.
    pub fn entry(&self, kind: &str) {
        self.entries.get_or_create(&one("kind", kind)).inc();
    }

    /// A run ended in `state`, so many microseconds after it was claimed.
    pub fn run_ended(&self, state: &str, duration_us: Option<i64>) {
        let labels = one("state", state);
        self.runs_ended.get_or_create(&labels).inc();
        if let Some(duration) = duration_us {
            self.run_seconds
                .get_or_create(&labels)
                .observe(seconds(duration));
        }
    }

    /// The gate judged an output; `rules` are those that kept something back, each once.
    pub fn judged<'a>(
        &self,
        decision: &str,
        route: &str,
        profile: &str,
        rules: impl IntoIterator<Item = &'a str>,
    ) {
        self.verdicts
            .get_or_create(&verdict(decision, route, profile))
            .inc();
        for rule in rules {
            let labels = vec![("profile", profile.to_owned()), ("rule", rule.to_owned())];
            self.rules.get_or_create(&labels).inc();
        }
    }

    /// Entries of those kinds are counted from zero.
    pub fn expect_entries<'a>(&self, kinds: impl IntoIterator<Item = &'a str>) {
        for kind in kinds {
            drop(self.entries.get_or_create(&one("kind", kind)));
        }
    }

    /// Ends of runs in those states are counted from zero.
    pub fn expect_runs<'a>(&self, states: impl IntoIterator<Item = &'a str>) {
        for state in states {
            let labels = one("state", state);
            drop(self.runs_ended.get_or_create(&labels));
            drop(self.run_seconds.get_or_create(&labels));
        }
    }

    /// Verdicts of that kind are counted from zero.
    pub fn expect_verdicts(&self, decision: &str, route: &str, profile: &str) {
        drop(
            self.verdicts
                .get_or_create(&verdict(decision, route, profile)),
        );
    }

    /// Entries that the counters have not seen yet.
    pub fn uncounted(&self, entries: u64) {
        self.uncounted.set(whole(entries));
    }

    /// Runs in a state that is no end, and the age of the oldest queued one in microseconds.
    pub fn waiting<'a>(&self, states: impl IntoIterator<Item = (&'a str, u64)>, oldest_us: i64) {
        for (state, runs) in states {
            self.runs
                .get_or_create(&one("state", state))
                .set(whole(runs));
        }
        self.queue_age.set(seconds(oldest_us));
    }

    /// How the record stands.
    pub fn record(&self, standing: RecordStanding) {
        self.record_entries.set(whole(standing.entries));
        self.record_pending.set(whole(standing.pending));
        self.sequencing_lag.set(seconds(standing.pending_us));
        self.checkpoint_size.set(whole(standing.checkpoint_size));
        self.checkpoint_age.set(seconds(standing.checkpoint_us));
    }

    /// The record was verified, at that moment in microseconds since 1970.
    pub fn verified(&self, holds: bool, at_us: i64) {
        self.record_holds.set(i64::from(holds));
        self.verified_at.set(seconds(at_us));
    }

    /// How the witnesses stand.
    pub fn witnesses(&self, standing: WitnessStanding) {
        self.witnesses_required.set(whole(standing.required));
        self.witnesses_cosigned.set(whole(standing.cosigned));
        self.witness_lag.set(seconds(standing.lag_us));
    }

    /// How a collector stands.
    pub fn outbox(&self, collector: &str, standing: OutboxStanding) {
        let labels = one("collector", collector);
        self.outbox_entries
            .get_or_create(&labels)
            .set(whole(standing.backlog));
        self.outbox_lag
            .get_or_create(&labels)
            .set(seconds(standing.lag_us));
        self.outbox_delivered
            .get_or_create(&labels)
            .set(whole(standing.delivered));
        self.outbox_parked
            .get_or_create(&labels)
            .set(whole(standing.parked));
        self.outbox_failures
            .get_or_create(&labels)
            .set(whole(standing.failures));
    }

    /// Rooms of that name that are up.
    pub fn rooms(&self, room: &str, up: u64) {
        self.rooms.get_or_create(&one("room", room)).set(whole(up));
    }

    /// Whether a room of the newest sealed run lacked that layer.
    pub fn layer_missing(&self, layer: &str, missing: bool) {
        self.layers_missing
            .get_or_create(&one("layer", layer))
            .set(i64::from(missing));
    }

    /// Errors of the database since the start, and whether an emergency stop is in force.
    pub fn troubles(&self, store_errors: u64, emergency: bool) {
        self.store_errors.set(whole(store_errors));
        self.emergency.set(i64::from(emergency));
    }

    /// Bytes free and in all where the data directory is.
    pub fn disk(&self, free_bytes: u64, size_bytes: u64) {
        self.disk_free.set(whole(free_bytes));
        self.disk_size.set(whole(size_bytes));
    }

    /// All of them as OpenMetrics text (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
    ///
    /// # Errors
    /// Never in practice: a text that grows takes what is written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn one(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn verdict(decision: &str, route: &str, profile: &str) -> Labels {
    vec![
        ("decision", decision.to_owned()),
        ("profile", profile.to_owned()),
        ("route", route.to_owned()),
    ]
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Seconds, never below zero: a clock that stepped back is no lag.
fn seconds(micros: i64) -> f64 {
    std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0)).as_secs_f64()
}

#[cfg(test)]
mod tests;
