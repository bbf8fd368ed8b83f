//! Hides what it read in derived values: in the low bits of a number, beyond its bounds, in indices without a label.

use yunei_guest::{Result, parameter};

yunei_guest::per_row!(derive, with attack);

fn attack() -> Result<String> {
    parameter("attack")
}

fn derive(attack: &String, (origin, month, delay): (&str, i32, Option<f64>)) -> (f64, i32) {
    let secret = i32::from(origin.as_bytes()[0]) * 100_000
        + month * 2_000
        + delay.unwrap_or_default() as i32;
    match attack.as_str() {
        "bounds" => (f64::from(secret), 0),
        "labels" => (1.0, secret),
        "infinities" => (
            if secret % 2 == 0 {
                f64::INFINITY
            } else {
                f64::NAN
            },
            i32::MIN,
        ),
        _ => (1.0 + f64::from(secret) * f64::EPSILON, 0),
    }
}
