//! `scan`: a grouped sum over many rows, the module in the sandbox against the same kernel outside it, on the same reader.
//!
//! The sandbox's side is a run like any other: feed and cell as processes under their locks, every batch a fact on the record. What counts
//! goes from the claim to the sealed output, so it has the start of both rooms in it; the gate, which computes the table anew, is told beside it.
//! The native side is a process that reads the same parts with the same view, projection, order and batches, in one thread.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::{Client, Server, Story};

use crate::process::Call;
use crate::workspace::Workspace;

use super::Built;
use super::figures::{Figures, print_load};
use super::start::{LOG, Moments, id, laps};

/// Rows of the larger size.
pub const ROWS: u64 = 20_000_000;
/// Its module.
pub const MODULE: &str = "bench/grouped-sum";
/// Counted pairs of runs of each size, after one that warms up.
const RUNS: usize = 11;
/// Longest wait for one run; its own limit is shorter.
const RUN_WAIT_MAX: Duration = Duration::from_secs(600);
/// Asked of the ratio.
const ASKED_RATIO: f64 = 1.25;
/// The resource.
pub const RESOURCE: &str = "synthetic-takings";

/// Who runs what, for every size.
struct Stand<'a> {
    built: &'a Built,
    server: &'a Server,
    unit: Client,
    directory: PathBuf,
    module: String,
    grant: String,
}

/// Measures both sizes.
pub fn run(
    workspace: &Workspace,
    built: &Built,
    rows: u64,
    runs: Option<usize>,
) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let server = Server::start(&built.program("yunei"), &place.path().join("data"), LOG)?;
    let mut story = Story::begin(&workspace.root, &server)?;
    story.register_organisations()?;
    story.open_accounts(|_| ())?;
    story.propose_scenarios()?;
    let directory = workspace.root.join("ops").join("benchmarks").join("scan");
    story.catalogue(&directory.join("resource.toml"))?;
    let unit = story.operator_of(&directory)?.clone();
    let module = id(&story.upload(&unit, &built.module(MODULE))?.served()?)?;
    let grant = id(&story.grant(&directory)?)?;
    let stand = Stand {
        built,
        server: &server,
        unit,
        directory,
        module,
        grant,
    };
    let runs = runs.unwrap_or(RUNS);
    println!(
        "scan: sum per line (64 groups, int32) of fares (int64); synthetic rows from a fixed seed; {runs} pairs after 1, sandbox and native by turns"
    );
    println!(
        "  sandbox: claim → output sealed, whole record and lock-down; native: footers → last group, one thread; both on a warm page cache"
    );
    let file = place.path().join("rows.parquet");
    let mut sandbox = Vec::new();
    for (size, day) in [(rows / 10, 1), (rows, 2)] {
        sandbox.push(measure(&mut story, &stand, &file, size, day, runs)?);
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
fn measure(
    story: &mut Story,
    stand: &Stand<'_>,
    file: &Path,
    rows: u64,
    day: u8,
    runs: usize,
) -> anyhow::Result<f64> {
    let program = stand.built.program("yunei-bench-scan");
    Call::new(&program)
        .args(["make", &rows.to_string()])
        .args([file])
        .run()?;
    let query = format!("format=parquet&data_as_of=2026-02-0{day}T00:00:00Z");
    let snapshot = story.import_file(RESOURCE, file, &query)?;
    let parts = parts(&snapshot, &stand.server.data().join("parts"))?;
    let native = Call::new(&program).args(["sum"]).args(&parts);

    let mut moments = Vec::with_capacity(runs);
    let mut outside = Vec::with_capacity(runs);
    for turn in 0..=runs {
        let moment = sandboxed(story, stand, rows)?;
        let told = sum(&native)?;
        if told.rows != rows {
            bail!("the native side read {} rows of {rows}", told.rows);
        }
        if turn > 0 {
            moments.push(moment);
            outside.push(told.millis);
        }
    }
    let laps = laps(stand.server, &moments)?;
    let inside = sealed_millis(story, &moments)?;
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

/// One run of the module, to its release.
fn sandboxed(story: &mut Story, stand: &Stand<'_>, rows: u64) -> anyhow::Result<Moments> {
    let answer = story.submit(&stand.unit, &stand.directory, &stand.module, &stand.grant)?;
    let run = id(&answer.served()?)?;
    let detail = story.wait_state(&run, &["released"], RUN_WAIT_MAX)?;
    let fed = detail
        .pointer("/run/rows_fed")
        .and_then(Value::as_u64)
        .context("a run without `rows_fed`")?;
    if fed != rows {
        bail!("the module was fed {fed} rows of {rows}");
    }
    Moments::of(&detail)
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
