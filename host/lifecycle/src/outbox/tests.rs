use std::time::Duration;

use super::{PAUSE_MS_MAX, RETRY_AFTER_SECONDS_MAX, answered, pause};

#[test]
fn pauses_double_up_to_a_bound_and_honour_what_is_asked() {
    assert_eq!(pause(1, None), Duration::from_millis(250));
    assert_eq!(pause(2, None), Duration::from_millis(500));
    for many in [8, 64, 65, u32::MAX] {
        assert_eq!(pause(many, None), Duration::from_millis(PAUSE_MS_MAX));
    }
    assert_eq!(pause(1, Some(7)), Duration::from_secs(7));
    assert_eq!(
        pause(u32::MAX, Some(1)),
        Duration::from_millis(PAUSE_MS_MAX)
    );
    assert_eq!(
        pause(1, Some(u64::MAX)),
        Duration::from_secs(RETRY_AFTER_SECONDS_MAX)
    );
}

#[test]
fn causes_are_words() {
    for status in [301, 400, 401, 404, 413, 428, 429, 431, 500, 503, 599] {
        assert!(
            answered(status)
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b' ')
        );
    }
    assert_ne!(answered(401), answered(503));
}
