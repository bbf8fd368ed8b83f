//! `gate`: the gate's own figures for a table of ten thousand cells, computed per data subject and checked, beside a scan of the same columns.
//!
//! A run reads the columns in the sandbox and sums them over the same cells (`guest`); then the gate reads the snapshot itself, subject included, and
//! computes, checks and rounds the table (`judge`). Both are laps of the same run, told by the server's log.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

use crate::process::Call;
use crate::workspace::Workspace;

use super::Built;
use super::figures::print_load;
use super::stand::Stand;
use super::start::laps;

/// Its module.
pub const MODULE: &str = "bench/fine-sum";
/// Counted runs of each size, after one that warms up.
const RUNS: usize = 7;
/// Asked of the ratio of the gate's work to the scan.
const ASKED_RATIO: f64 = 2.0;

/// Measures both sizes.
pub fn run(
    workspace: &Workspace,
    built: &Built,
    rows: u64,
    runs: Option<usize>,
) -> anyhow::Result<()> {
    let runs = runs.unwrap_or(RUNS);
    println!(
        "gate: rides, cards and takings over line × day × band of fares (11,310 cells, 10,752 with rides), per data subject; synthetic rows from a fixed seed; {runs} runs after 1"
    );
    println!(
        "  scan: the guest reads the same columns in the sandbox and sums them over the same cells; judge: the gate reads them with the subject, computes, checks and rounds; laps of the same run"
    );
    let mut judged = Vec::new();
    for size in [rows / 10, rows] {
        let mut stand = Stand::set_up(workspace, built, "gate", MODULE)?;
        stand.import(size)?;
        judged.push(measure(&mut stand, size, runs)?);
    }
    if let [small, large] = judged.as_slice() {
        println!(
            "a decade more rows takes the gate {:.2} times as long",
            large / small
        );
    }
    accumulating(built, rows)?;
    print_load();
    Ok(())
}

/// What a row costs the accumulator by itself.
fn accumulating(built: &Built, rows: u64) -> anyhow::Result<()> {
    let told = Call::new(built.program("yunei-bench-accumulate"))
        .args([rows.to_string()])
        .read()?;
    let told: BTreeMap<String, Value> =
        serde_json::from_str(&told).context("the program told something unknown")?;
    println!("accumulating alone, one thread, ten rows to a subject, a count, subjects and a sum:");
    for (table, facts) in told {
        let fact = |name: &str| facts.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        println!(
            "  {table}: {:.0} ms, {:.1} ns a row",
            fact("millis"),
            fact("nanos_per_row")
        );
    }
    Ok(())
}

/// One size. Gives the gate's median in milliseconds.
fn measure(stand: &mut Stand, rows: u64, runs: usize) -> anyhow::Result<f64> {
    let mut moments = Vec::with_capacity(runs);
    for turn in 0..=runs {
        let moment = stand.run(rows)?;
        if turn > 0 {
            moments.push(moment);
        }
    }
    let laps = laps(stand.server(), &moments)?;
    let lap = |name: &str| laps.get(name).with_context(|| format!("no lap `{name}`"));
    let (scan, judge) = (lap("guest")?, lap("judge")?);
    println!("{rows} rows; ms:");
    println!("  scan: {scan:.0}");
    println!("  judge: {judge:.0}");
    println!(
        "  ratio of the medians: {:.2}; asked ≤ {ASKED_RATIO}",
        judge.median() / scan.median()
    );
    Ok(judge.median())
}
