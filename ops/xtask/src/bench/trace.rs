//! `trace`: what the record costs a run: the same job in feed and cell, with intent, calls, trace and outcome in the store, and with nobody listening.
//!
//! The product has no such switch; `yunei-bench-trace` drives the rooms' session itself, as the lifecycle does.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::process::Call;

use super::Built;
use super::figures::{Figures, print_load};

/// The job: the grouped sum of `scan`.
pub const MODULE: &str = "bench/grouped-sum";
/// Counted pairs of each size.
const PAIRS: usize = 11;
/// Rows of one part.
const PART_ROWS: u64 = 1_000_000;
/// Rows of one batch at most, as the server says to its feeds.
const BATCH_ROWS: u64 = 65_536;
/// Asked of the cost, as a ratio.
const ASKED_RATIO: f64 = 1.03;

/// What the program tells.
#[derive(Debug, Deserialize)]
struct Told {
    rows: u64,
    calls: u64,
    kept_ms: Vec<f64>,
    dropped_ms: Vec<f64>,
}

/// Measures both sizes.
pub fn run(built: &Built, rows: u64, pairs: Option<usize>) -> anyhow::Result<()> {
    let pairs = pairs.unwrap_or(PAIRS);
    let place = tempfile::tempdir()?;
    println!(
        "trace: sum per line (64 groups) of fares over synthetic rows, process start of both rooms to the end of the guest; {pairs} pairs after 1, with the record and without by turns"
    );
    let mut with = Vec::new();
    for rows in [rows / 10, rows] {
        let told = measure(built, place.path(), rows, pairs)?;
        with.push(print(told));
    }
    if let [small, large] = with.as_slice() {
        println!(
            "a decade more rows takes {:.2} times as long with the record",
            large / small
        );
    }
    print_load();
    Ok(())
}

fn measure(built: &Built, place: &Path, rows: u64, pairs: usize) -> anyhow::Result<Told> {
    let store = tempfile::tempdir_in(place)?;
    let part_rows = rows.min(PART_ROWS);
    if part_rows == 0 || !rows.is_multiple_of(part_rows) {
        bail!("{rows} rows are not so many parts of {part_rows}");
    }
    let part = place.join("part.parquet");
    Call::new(built.program("yunei-bench-scan"))
        .args(["make", &part_rows.to_string()])
        .args([&part])
        .read()?;
    let mut call = Call::new(built.program("yunei-bench-trace"))
        .args([built.program("yunei"), built.module(MODULE)])
        .args([store.path()])
        .args([pairs.to_string(), BATCH_ROWS.to_string()]);
    for _ in 0..rows / part_rows {
        call = call.args([part_rows.to_string()]).args([&part]);
    }
    serde_json::from_str(&call.read()?).context("the program told something unknown")
}

/// Gives the median with the record in milliseconds.
fn print(told: Told) -> f64 {
    let ratios = told.kept_ms.iter().zip(&told.dropped_ms);
    let ratios = Figures::of(ratios.map(|(kept, dropped)| kept / dropped));
    let (kept, dropped) = (Figures::of(told.kept_ms), Figures::of(told.dropped_ms));
    println!("{} rows, {} calls; ms:", told.rows, told.calls);
    println!("  with the record: {kept}");
    println!("  without: {dropped}");
    println!(
        "  ratio of the medians: {:.4}; of pairs: {ratios:.3}; asked ≤ {ASKED_RATIO}",
        kept.median() / dropped.median()
    );
    kept.median()
}
