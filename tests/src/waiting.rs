//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use crate::{StoryError, Told};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until `look` gives something, for `longest` at most.
pub(crate) fn until<T>(
    what: &str,
    longest: Duration,
    mut look: impl FnMut() -> Told<Option<T>>,
) -> Told<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        if start.elapsed() >= longest {
            return Err(StoryError(format!(
                "waited {} s for {what}",
                longest.as_secs()
            )));
        }
        std::thread::sleep(PAUSE);
    }
}
