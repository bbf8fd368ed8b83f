//! Metrics as a scrape gets them, and waiting for what they tell.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use yunei_tests::Server;

/// Longest wait for something to show, on a busy machine.
const SHOW_WAIT_MAX: Duration = Duration::from_secs(180);

/// The series of a metric, by its labels as they are written.
pub fn metric(server: &Server, name: &str) -> BTreeMap<String, f64> {
    let url = server.metrics_url().expect("metrics");
    let text = ureq::get(url)
        .call()
        .expect("metrics")
        .body_mut()
        .read_to_string()
        .expect("text");
    let mut series = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (labelled, value) = line.rsplit_once(' ').expect("a series");
        let (found, labels) = labelled.split_once('{').unwrap_or((labelled, ""));
        if found == name {
            series.insert(
                labels.trim_end_matches('}').to_owned(),
                value.parse().expect("a number"),
            );
        }
    }
    series
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SHOW_WAIT_MAX, "waited for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
