//! `gate`: the gate's own figures for a table of ten thousand cells, computed per data subject and checked, beside a scan of the same columns.
//!
//! A run reads the columns in the sandbox and sums them over the same cells (`guest`); then the gate reads the snapshot itself, subject included, and
//! computes, checks and rounds the table (`judge`). Both are laps of the same run, told by the server's log.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::{Client, Server, Story};

use crate::process::Call;
use crate::workspace::Workspace;

use super::Built;
use super::figures::print_load;
use super::scan::RESOURCE;
use super::start::{LOG, Moments, id, laps};

/// Its module.
pub const MODULE: &str = "bench/fine-sum";
/// Counted runs of each size, after one that warms up.
const RUNS: usize = 7;
/// Longest wait for one run; its own limit is shorter.
const RUN_WAIT_MAX: Duration = Duration::from_secs(600);
/// Asked of the ratio of the gate's work to the scan.
const ASKED_RATIO: f64 = 2.0;

/// Who runs what, for every size.
struct Stand {
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
    let benchmarks = workspace.root.join("ops").join("benchmarks");
    story.catalogue(&benchmarks.join("scan").join("resource.toml"))?;
    let directory = benchmarks.join("gate");
    let unit = story.operator_of(&directory)?.clone();
    let module = id(&story.upload(&unit, &built.module(MODULE))?.served()?)?;
    let grant = id(&story.grant(&directory)?)?;
    let stand = Stand {
        unit,
        directory,
        module,
        grant,
    };
    let runs = runs.unwrap_or(RUNS);
    println!(
        "gate: rides, cards and takings over line × day × band of fares (11,310 cells, 10,752 with rides), per data subject; synthetic rows from a fixed seed; {runs} runs after 1"
    );
    println!(
        "  scan: the guest reads the same columns in the sandbox and sums them over the same cells; judge: the gate reads them with the subject, computes, checks and rounds; laps of the same run"
    );
    let file = place.path().join("rows.parquet");
    let mut judged = Vec::new();
    for (size, day) in [(rows / 10, 1), (rows, 2)] {
        Call::new(built.program("yunei-bench-scan"))
            .args(["make", &size.to_string()])
            .args([&file])
            .run()?;
        let query = format!("format=parquet&data_as_of=2026-02-0{day}T00:00:00Z");
        story.import_file(RESOURCE, &file, &query)?;
        judged.push(measure(&mut story, &server, &stand, size, runs)?);
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
fn measure(
    story: &mut Story,
    server: &Server,
    stand: &Stand,
    rows: u64,
    runs: usize,
) -> anyhow::Result<f64> {
    let mut moments = Vec::with_capacity(runs);
    for turn in 0..=runs {
        let answer = story.submit(&stand.unit, &stand.directory, &stand.module, &stand.grant)?;
        let run = id(&answer.served()?)?;
        let detail = story.wait_state(&run, &["released"], RUN_WAIT_MAX)?;
        let fed = detail.pointer("/run/rows_fed").and_then(Value::as_u64);
        if fed != Some(rows) {
            bail!("the module was fed {fed:?} rows of {rows}");
        }
        if turn > 0 {
            moments.push(Moments::of(&detail)?);
        }
    }
    let laps = laps(server, &moments)?;
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
