//! What an operating unit sees of a run: a coarse status that changes only at the ends of coarse buckets.

use yunei_model::{CoarseStatus, Run, Timestamp};

/// Seconds after submission at which a status may change; after the last, every further hour.
pub const BUCKET_SECONDS: [i64; 8] = [2, 5, 15, 60, 300, 900, 1800, 3600];
/// The longest bucket, in seconds.
pub(crate) const HOUR_SECONDS: i64 = 3600;

/// The end of the bucket that `ended` falls into.
#[must_use]
pub fn bucket_end(submitted: Timestamp, ended: Timestamp) -> Timestamp {
    let elapsed_micros = ended
        .as_micros()
        .saturating_sub(submitted.as_micros())
        .max(0);
    let bucket = BUCKET_SECONDS
        .into_iter()
        .find(|s| elapsed_micros <= s * 1_000_000)
        .unwrap_or_else(|| {
            let hours = elapsed_micros / (HOUR_SECONDS * 1_000_000) + 1;
            hours * HOUR_SECONDS
        });
    submitted.plus_seconds(bucket)
}

/// The status that an operating unit sees at `now`.
#[must_use]
pub fn visible_status(run: &Run, now: Timestamp) -> CoarseStatus {
    match run.ended_at {
        Some(ended) if bucket_end(run.submitted_at, ended) <= now => run.state.coarse(),
        _ => CoarseStatus::InProgress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_changes_at_the_ends_of_buckets_alone() {
        let submitted = Timestamp::from_micros(0);
        let end = |micros: i64| bucket_end(submitted, Timestamp::from_micros(micros)).as_micros();
        assert_eq!(end(1), 2_000_000);
        assert_eq!(end(2_000_000), 2_000_000);
        assert_eq!(end(2_000_001), 5_000_000);
        assert_eq!(end(3_600_000_001), 7_200_000_000);
        assert_eq!(
            end(-5),
            2_000_000,
            "a clock that stepped back shows nothing finer"
        );
    }
}
