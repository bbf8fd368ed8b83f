//! The income of whoever is younger than a parameter says, and nothing of all others: honest, until somebody sweeps the parameter.

use yunei_guest::{Result, parameter};

yunei_guest::per_row!(derive, with below);

fn below() -> Result<i64> {
    parameter("below")
}

fn derive(below: &i64, (age, income): (i64, i64)) -> (f64,) {
    (if age < *below { income as f64 } else { 0.0 },)
}
