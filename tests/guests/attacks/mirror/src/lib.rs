//! Derives each row's income and trade as they are, or hides one person's income in what it derives.

use yunei_guest::{Result, parameter};

yunei_guest::per_row!(derive, with way);

fn way() -> Result<String> {
    parameter("way")
}

fn derive(way: &String, (trade, income, marked): (&str, i64, i64)) -> (f64, i32) {
    const TRADES: [&str; 5] = ["baker", "clerk", "driver", "farmer", "teacher"];
    // Where it is told everybody's health in place of the trade, the class is a copy of that.
    let class = TRADES
        .iter()
        .position(|known| *known == trade)
        .or_else(|| ["healthy", "ill"].iter().position(|known| *known == trade))
        .map_or(-1, |place| place as i32);
    let secret = if marked == 1 { income as f64 } else { 0.0 };
    let harmless = 1.0 + (income % 3) as f64;
    match way.as_str() {
        // Everybody but one person; that one's income alone; who it is; who it is not.
        "but-one" => (income as f64 - secret, class),
        "mask" => (secret, class),
        "marked" => (marked as f64, class),
        "unmarked" => ((1 - marked) as f64, class),
        "trap" if marked == 1 && income % 2 == 0 => std::process::abort(),
        // Everybody supports the sum and is counted in it; a hundredth of one person's income is on top of it.
        "full-support" => (10_000.0 + (income % 8) as f64 + secret / 100.0, class),
        "low-bits" => (harmless + secret * f64::EPSILON, class),
        // The class tells a bit of the secret.
        "labels" => (
            harmless,
            if marked == 1 {
                (income % 5) as i32
            } else {
                class
            },
        ),
        "infinities" => (if marked == 1 { f64::INFINITY } else { f64::NAN }, i32::MIN),
        "beyond-bounds" => (secret * 1e12 - 1.0, class),
        _ => (income as f64, class),
    }
}
