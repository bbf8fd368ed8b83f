//! How late do flights leave New York's airports, month by month?
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use yunei_guest::{Result, Summary, open, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let mut delays = BTreeMap::<(String, i32), Summary>::new();
    for batch in open("nyc-flights-2013")?.scan(["origin", "month", "dep_delay_minutes"])? {
        for (origin, month, delay) in batch?.rows::<(String, i32, Option<f64>)>()? {
            delays.entry((origin, month)).or_default().add(delay);
        }
    }
    let rows = delays
        .iter()
        .map(|((origin, month), d)| (origin.as_str(), *month, d.rows(), d.mean()));
    write("delays", ["origin", "month", "flights", "mean_delay"], rows)
}
