//! How late do flights leave New York's airports in rain?
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use yunei_guest::{Result, Summary, sql, write};

yunei_guest::analysis!(run);

const QUERY: &str = r#"
    SELECT f.origin, w.precipitation_inches, f.dep_delay_minutes
    FROM "nyc-flights-2013" f
    LEFT JOIN "nyc-weather-2013" w ON w.origin = f.origin AND w.observed_hour = f.scheduled_hour"#;

fn run() -> Result<()> {
    let mut delays = BTreeMap::<(String, &str), Summary>::new();
    for batch in sql(QUERY)? {
        for (origin, inches, delay) in batch?.rows::<(String, Option<f64>, Option<f64>)>()? {
            delays
                .entry((origin, weather(inches)))
                .or_default()
                .add(delay);
        }
    }
    let rows = delays
        .iter()
        .map(|((origin, rain), d)| (origin.as_str(), *rain, d.rows(), d.mean()));
    write(
        "delays",
        ["origin", "rain_inches", "flights", "mean_delay"],
        rows,
    )
}

/// The label of the registered banding `wet`.
fn weather(inches: Option<f64>) -> &'static str {
    match inches {
        Some(inches) if (0.0..0.005).contains(&inches) => "[0, 0.005)",
        Some(inches) if (0.005..5.0).contains(&inches) => "[0.005, 5)",
        _ => "other",
    }
}
