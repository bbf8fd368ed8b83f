//! `scan`: a grouped sum over many rows, the module in the sandbox against the same kernel outside it, on the same reader.
//!
//! The sandbox's side is a run like any other: feed and cell as processes under their locks, every batch a fact on the record. What counts
//! goes from the claim to the sealed output, so it has the start of both rooms in it; the gate, which computes the table anew, is told beside it.
//! The native side is a process that reads the same parts with the same view, projection, order and batches, in one thread.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::Story;

use crate::process::Call;
use crate::workspace::Workspace;

use super::Built;
use super::figures::{Figures, print_load};
use super::stand::Stand;
use super::start::{Moments, laps};

/// Rows of the larger size.
pub const ROWS: u64 = 20_000_000;
/// Its module.
pub const MODULE: &str = "bench/grouped-sum";
/// Counted pairs of runs of each size, after one that warms up.
const RUNS: usize = 11;
/// Asked of the ratio.
const ASKED_RATIO: f64 = 1.25;
/// Measures both sizes.
pub fn run(
    workspace: &Workspace,
    built: &Built,
    rows: u64,
    runs: Option<usize>,
) -> anyhow::Result<()> {
    let runs = runs.unwrap_or(RUNS);
    println!(
        "scan: sum per line (64 groups, int32) of fares (int64); synthetic rows from a fixed seed; {runs} pairs after 1, sandbox and native by turns"
    );
    println!(
        "  sandbox: claim → output sealed, whole record and lock-down; native: footers → last group, one thread; both on a warm page cache"
    );
    let mut sandbox = Vec::new();
    for size in [rows / 10, rows] {
        let mut stand = Stand::set_up(workspace, built, "scan", MODULE)?;
        sandbox.push(measure(&mut stand, built, size, runs)?);
    }
    if let [small, large] = sandbox.as_slice() {
        println!(
            "a decade more rows takes {:.2} times as long in the sandbox",
            large / small
        );
    }
    print_load();
    Ok(())
}

/// What a native run tells.
struct Native {
    millis: f64,
    rows: u64,
}

/// One size: imports it, and measures by turns. Gives the median of the sandbox in milliseconds.
fn measure(stand: &mut Stand, built: &Built, rows: u64, runs: usize) -> anyhow::Result<f64> {
    let snapshot = stand.import(rows)?;
    let parts = parts(&snapshot, &stand.parts())?;
    let native = Call::new(built.program("yunei-bench-scan"))
        .args(["sum"])
        .args(&parts);

    let mut moments = Vec::with_capacity(runs);
    let mut outside = Vec::with_capacity(runs);
    for turn in 0..=runs {
        let moment = stand.run(rows)?;
        let told = sum(&native)?;
        if told.rows != rows {
            bail!("the native side read {} rows of {rows}", told.rows);
        }
        if turn > 0 {
            moments.push(moment);
            outside.push(told.millis);
        }
    }
    let laps = laps(stand.server(), &moments)?;
    let inside = sealed_millis(stand.story(), &moments)?;
    let pairs = Figures::of(inside.iter().zip(&outside).map(|(a, b)| a / b));
    let (inside, outside) = (Figures::of(inside), Figures::of(outside));
    println!("{rows} rows, {} parts; ms:", parts.len() / 2);
    println!("  sandbox: {inside:.0}");
    println!("  native: {outside:.0}");
    println!(
        "  ratio of the medians: {:.3}; of pairs: {pairs:.3}; asked ≤ {ASKED_RATIO}",
        inside.median() / outside.median(),
    );
    for stage in ["rooms", "guest", "judge"] {
        if let Some(figures) = laps.get(stage) {
            println!("  of it, {stage}: {figures:.0}");
        }
    }
    println!(
        "  (`judge` is not in the sandbox's figure: the gate computes the table anew from the parts, per data subject)"
    );
    Ok(inside.median())
}

/// One sum outside the sandbox.
fn sum(native: &Call) -> anyhow::Result<Native> {
    let told: Value = serde_json::from_str(&native.read()?)?;
    let seconds = told.get("seconds").and_then(Value::as_f64);
    let rows = told.get("rows").and_then(Value::as_u64);
    match (seconds, rows) {
        (Some(seconds), Some(rows)) => Ok(Native {
            millis: seconds * 1000.0,
            rows,
        }),
        _ => bail!("the native side told {told}"),
    }
}

/// Milliseconds from each run's claim to the entry that its output is sealed.
fn sealed_millis(story: &Story, moments: &[Moments]) -> anyhow::Result<Vec<f64>> {
    let sealed = |moment: &Moments| {
        let entries = story.entries(moment.run())?;
        let at = entries.iter().find_map(|placed| {
            let entry = placed.get("entry")?;
            let sealed = entry.get("kind").and_then(Value::as_str) == Some("run-sealed");
            entry
                .pointer("/observed/at")
                .and_then(Value::as_f64)
                .filter(|_| sealed)
        });
        let at = at.context("a released run that was not sealed")?;
        Ok(moment.since_claim_ms(at))
    };
    moments.iter().map(sealed).collect()
}

/// The snapshot's parts as the native side wants them: rows and file by turns.
fn parts(snapshot: &Value, directory: &Path) -> anyhow::Result<Vec<String>> {
    let parts = snapshot.get("parts").and_then(Value::as_array);
    let mut told = Vec::new();
    for part in parts.context("a snapshot without parts")? {
        let digest = part.get("digest").and_then(Value::as_str);
        let digest = digest.and_then(|digest| digest.strip_prefix("sha256:"));
        let rows = part.get("rows").and_then(Value::as_u64);
        let (Some(digest), Some(rows)) = (digest, rows) else {
            bail!("a part that is told otherwise: {part}");
        };
        let file = directory.join(digest).with_extension("parquet");
        told.extend([rows.to_string(), file.display().to_string()]);
    }
    Ok(told)
}
