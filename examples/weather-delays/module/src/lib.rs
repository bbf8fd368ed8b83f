//! Does rain delay flights? Joins two resources, so its figures wait for two reviewers.
#![forbid(unsafe_code)]

use yunei_guest::{Result, Summary, sql, write};

yunei_guest::analysis!(run);

const QUERY: &str = r#"
    SELECT w.precipitation_inches, f.dep_delay_minutes
    FROM "nyc-flights-2013" f
    JOIN "nyc-weather-2013" w ON w.origin = f.origin AND w.observed_hour = f.scheduled_hour
    WHERE f.dep_delay_minutes IS NOT NULL"#;

fn run() -> Result<()> {
    let (mut dry, mut wet) = (Summary::default(), Summary::default());
    for batch in sql(QUERY)? {
        for (inches, delay) in batch?.rows::<(f64, f64)>()? {
            if inches < 0.005 {
                dry.add(delay)
            } else {
                wet.add(delay)
            }
        }
    }
    let rows = [("dry", dry), ("wet", wet)].map(|(weather, s)| (weather, s.rows(), s.mean()));
    write("delays", ["weather", "flights", "mean_delay"], rows)
}
