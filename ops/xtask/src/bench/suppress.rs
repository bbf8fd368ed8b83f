//! `suppress`: rules, suppression, proofs and audit of tables with margins.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

use crate::process::Call;

use super::Built;
use super::figures::{Figures, print_load};

/// Asked of the table of a hundred by a hundred, in milliseconds: seconds.
const ASKED_MS: f64 = 10_000.0;

/// Measures.
pub fn run(built: &Built) -> anyhow::Result<()> {
    let told = Call::new(built.program("yunei-bench-suppress")).read()?;
    let told: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&told).context("the program told something unknown")?;
    println!(
        "one thread; people and a sum per cell, margins, one cell in 53 below the threshold; the accumulation is not counted; asked of 100 × 100: ≤ {ASKED_MS:.0} ms"
    );
    for (table, mut facts) in told {
        let millis = facts.remove("millis").context("no times")?;
        let millis: Vec<f64> = serde_json::from_value(millis)?;
        let figures = Figures::of(millis);
        println!("  {table}: {figures:.1} ms, {} judgements", figures.count());
        let facts: Vec<String> = facts.iter().map(|(k, v)| format!("{k} {v}")).collect();
        println!("    {}", facts.join(", "));
    }
    print_load();
    Ok(())
}
