//! How long the parts of a stage take: one event each, for whoever improves them.

use yunei_model::{Clock, Timestamp};
use yunei_telemetry::event;

/// Tells of each part of a stage when it is done.
pub(crate) struct Laps<'a> {
    clock: &'a dyn Clock,
    last: Timestamp,
}

impl<'a> Laps<'a> {
    /// Begins now.
    pub(crate) fn begin(clock: &'a dyn Clock) -> Self {
        let last = clock.now();
        Self { clock, last }
    }

    /// The part `stage` is done, and the next one begins.
    pub(crate) fn done(&mut self, stage: &'static str) {
        let now = self.clock.now();
        took(stage, now.micros_since(self.last));
        self.last = now;
    }
}

/// A part took so many microseconds.
pub(crate) fn took(stage: &'static str, duration_us: i64) {
    event!(DEBUG, STAGE_DONE, STAGE = stage, DURATION_US = duration_us);
}
