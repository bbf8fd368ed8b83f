//! Tells one person's income by what it contributes for that person, by failing for it, or by what it keeps for the next.

use std::sync::atomic::{AtomicI64, Ordering};

use yunei_guest::{Batch, Contribution, Result, parameter};

yunei_guest::per_subject!(contribute);

/// The secret, for whoever comes next in this instance.
static KEPT: AtomicI64 = AtomicI64::new(0);

fn contribute(records: &[Batch]) -> Result<Vec<Contribution>> {
    const TRADES: [&str; 5] = ["baker", "clerk", "driver", "farmer", "teacher"];
    let record = records.first().ok_or("no record")?;
    let (trade, income, marked) = record
        .rows::<(String, i64, i64)>()?
        .next()
        .ok_or("no row")?;
    let way = parameter::<String>("way")?;
    let trade = TRADES
        .iter()
        .position(|known| *known == trade)
        .ok_or("no trade")?;
    // The cell tells the last digit of the secret.
    let cell = if way == "choice-of-cells" && marked == 1 {
        (income % 5) as usize
    } else {
        trade
    };
    let secret = if marked == 1 { income as f64 } else { 0.0 };
    let value = match way.as_str() {
        "indicator" => marked as f64 * 100_000.0,
        "dominant" => income as f64,
        "full-support" => 100.0 + secret,
        "low-bits" => 100.0 + secret * f64::EPSILON,
        "beyond-bounds" => secret * 1e12,
        "choice-of-cells" => marked as f64 * 100_000.0,
        "state" => KEPT.swap(
            if marked == 1 {
                income
            } else {
                KEPT.load(Ordering::Relaxed)
            },
            Ordering::Relaxed,
        ) as f64,
        "trap" => {
            assert!(marked != 1, "this one");
            100.0
        }
        _ => secret,
    };
    Ok(vec![Contribution {
        cell: cell as u32,
        measure: 0,
        value,
    }])
}
