//! `decide`: one decision of the policies, warm.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::process::Call;

use super::Built;
use super::figures::{Figures, print_load};

/// Asked of a decision, in microseconds.
const ASKED_US: f64 = 10.0;

/// Measures.
pub fn run(built: &Built) -> anyhow::Result<()> {
    let told = Call::new(built.program("yunei-bench-decide")).read()?;
    let told: BTreeMap<String, Vec<f64>> =
        serde_json::from_str(&told).context("the program told something unknown")?;
    println!(
        "warm, one thread; every question with all its facts built anew; µs, each value the mean of 200 answers:"
    );
    for (question, micros) in told {
        let figures = Figures::of(micros);
        println!(
            "  {question}: {figures:.2}, {} values; asked ≤ {ASKED_US} µs: {:.2} of it",
            figures.count(),
            figures.median() / ASKED_US
        );
    }
    print_load();
    Ok(())
}
