//! `isolate`: a `per-subject` module, called in a fresh instance for each data subject, in one thread.

use anyhow::Context as _;
use serde::Deserialize;

use crate::process::Call;

use super::Built;
use super::figures::{Figures, print_load};

/// The module: rides of a card become a few contributions.
pub const MODULE: &str = "bench/subject-rides";
/// Data subjects of the larger size; the smaller one has a tenth.
const SUBJECTS: u64 = 200_000;
/// Counted runs of each size.
const RUNS: usize = 11;
/// Asked: data subjects in a second on one core.
const ASKED_PER_SECOND: f64 = 50_000.0;

/// What the program tells.
#[derive(Debug, Deserialize)]
struct Told {
    subjects: u64,
    rows: u64,
    wall_s: Vec<f64>,
    called_s: Vec<f64>,
    cut_s: Vec<f64>,
}

/// Measures both sizes.
pub fn run(built: &Built, runs: Option<usize>) -> anyhow::Result<()> {
    let runs = runs.unwrap_or(RUNS);
    println!(
        "isolate: one thread, a fresh instance with its own memory and fuel for each data subject; processor time in user and kernel; {runs} runs after 1"
    );
    for subjects in [SUBJECTS / 10, SUBJECTS] {
        let told = Call::new(built.program("yunei-bench-isolate"))
            .args([built.program("yunei"), built.module(MODULE)])
            .args([subjects.to_string(), runs.to_string()])
            .read()?;
        print(serde_json::from_str(&told).context("the program told something unknown")?);
    }
    print_load();
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2⁵³")]
fn print(told: Told) {
    let subjects = told.subjects as f64;
    let rates = Figures::of(told.called_s.iter().map(|s| subjects / s));
    let each = Figures::of(told.called_s.iter().map(|s| s * 1e6 / subjects));
    let cut = Figures::of(told.cut_s.iter().map(|s| s * 1e6 / subjects));
    println!("{} data subjects, {} rows:", told.subjects, told.rows);
    let wall = Figures::of(told.wall_s.iter().map(|s| subjects / s));
    println!(
        "  subjects/s of processor time: {rates:.0}; asked ≥ {ASKED_PER_SECOND}: {:.2} of it",
        rates.median() / ASKED_PER_SECOND
    );
    println!("  subjects/s by the clock: {wall:.0}");
    println!("  µs of processor time for each: {each:.2}");
    println!("  of that, cutting its rows out of a batch, µs: {cut:.2}");
}
