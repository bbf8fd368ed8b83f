//! `record`: how many call facts and entries become durable in a second, and how long an entry waits for its checkpoint.
//!
//! Three ways, from the inside out: the store alone, fed by as many runs as wanted, each group hashed and committed as the lifecycle does it;
//! entries alone, with a sequencer that signs beside them; and a guest that calls the host in a loop through the whole server, with three
//! witnesses of which two make the quorum.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_tests::{Client, Named, Server, Story, Witness, quorum_policy};

use crate::process::Call;
use crate::workspace::Workspace;

use super::Built;
use super::figures::{Figures, print_load};
use super::start::{LOG, Moments, id, laps};

/// The guest that calls.
pub const MODULE: &str = "bench/host-calls";
/// Counted measurements of each kind and size.
const RUNS: usize = 5;
/// Calls of one run: a decade apart.
const CALLS: [u64; 2] = [50_000, 500_000];
/// Calls of one group, as in the product.
const GROUP: u64 = 1024;
/// Runs at once in the store.
const RUNS_AT_ONCE: [u64; 2] = [1, 4];
/// Entries of one measurement, by how many are committed at once.
const ENTRIES: [(u64, u64); 2] = [(1, 500), (256, 50_000)];
/// Who writes entries at once.
const WRITERS: u64 = 4;
/// Rows that the calling guest reads at its end.
const ROWS: u64 = 100_000;
/// Witnesses, and how many of them make the quorum.
const WITNESSES: (usize, usize) = (3, 2);
/// Longest wait for one run.
const RUN_WAIT_MAX: Duration = Duration::from_secs(600);
/// Asked of call facts, per second.
const ASKED_PER_SECOND: f64 = 50_000.0;
/// Asked of an entry's wait for its checkpoint, in milliseconds.
const ASKED_MS: f64 = 1000.0;

/// What `yunei-bench-record` tells of what it kept.
#[derive(Debug, Deserialize)]
struct Kept {
    seconds: f64,
    durable_seconds: Option<f64>,
    count: f64,
    #[serde(default)]
    commits_ms: Vec<f64>,
}

/// What it tells of waits.
#[derive(Debug, Deserialize)]
struct Lag {
    signed_ms: Vec<f64>,
    witnessed_ms: Vec<f64>,
    unwitnessed: u64,
}

/// Measures.
pub fn run(workspace: &Workspace, built: &Built, runs: Option<usize>) -> anyhow::Result<()> {
    let runs = runs.unwrap_or(RUNS);
    let place = tempfile::tempdir()?;
    #[derive(Deserialize)]
    struct Disk {
        sync_ms: Vec<f64>,
    }
    let disk: Disk = tell(built, &["disk", &place.path().display().to_string()])?;
    println!(
        "one durable write of 12 KiB on this disk: {:.2} ms",
        Figures::of(disk.sync_ms)
    );
    calls(built, runs)?;
    entries(built, runs)?;
    through_the_server(workspace, built, place.path(), runs)?;
    print_load();
    Ok(())
}

fn tell<T: serde::de::DeserializeOwned>(built: &Built, arguments: &[&str]) -> anyhow::Result<T> {
    let told = Call::new(built.program("yunei-bench-record"))
        .args(arguments)
        .read()?;
    serde_json::from_str(&told).context("the program told something unknown")
}

/// One measurement in a store of its own.
fn keep(built: &Built, what: &str, numbers: [u64; 3]) -> anyhow::Result<Kept> {
    let place = tempfile::tempdir()?;
    let directory = place.path().display().to_string();
    let numbers = numbers.map(|number| number.to_string());
    let mut arguments = vec![what, &directory];
    arguments.extend(numbers.iter().map(String::as_str));
    tell(built, &arguments)
}

/// Call facts into the store.
fn calls(built: &Built, runs: usize) -> anyhow::Result<()> {
    println!(
        "call facts into the store, groups of {GROUP}: canonical JSON, trace tree, SQLite with `synchronous=FULL`, the root with the outcome; {runs} times:"
    );
    for at_once in RUNS_AT_ONCE {
        let mut seconds = Vec::new();
        for calls in CALLS {
            let (mut rates, mut commits) = (Vec::new(), Vec::new());
            for _ in 0..runs {
                let kept = keep(built, "calls", [at_once, calls / at_once, GROUP])?;
                rates.push(kept.count / kept.seconds);
                commits.extend(kept.commits_ms);
            }
            let rates = Figures::of(rates);
            println!(
                "  {calls} calls, {at_once} runs at once: {rates:.0} per second; asked ≥ {ASKED_PER_SECOND}: {:.2} of it",
                rates.median() / ASKED_PER_SECOND
            );
            println!(
                "    a group, from being there to being durable: {:.2} ms",
                Figures::of(commits)
            );
            #[expect(clippy::cast_precision_loss, reason = "below a million")]
            seconds.push(calls as f64 / rates.median());
        }
        print_decade("  a decade more calls", &seconds);
    }
    Ok(())
}

fn print_decade(what: &str, values: &[f64]) {
    if let [small, large] = values {
        println!("{what} takes {:.2} times as long", large / small);
    }
}

/// Entries into the store, with a sequencer beside them.
fn entries(built: &Built, runs: usize) -> anyhow::Result<()> {
    println!(
        "entries into the store, {WRITERS} writers, a sequencer that signs every 50 ms beside them; {runs} times:"
    );
    for (group, entries) in ENTRIES {
        let mut times = Vec::new();
        for size in [entries, entries * 10] {
            let (mut durable, mut signed) = (Vec::new(), Vec::new());
            for _ in 0..runs {
                let kept = keep(built, "entries", [WRITERS, size / WRITERS, group])?;
                durable.push(kept.count / kept.durable_seconds.unwrap_or(kept.seconds));
                signed.push(kept.count / kept.seconds);
            }
            let signed = Figures::of(signed);
            println!(
                "  {size} entries, {group} in a commit: durable {:.0} per second",
                Figures::of(durable)
            );
            println!(
                "    with their place in the log and a signature over it: {signed:.0} per second"
            );
            #[expect(clippy::cast_precision_loss, reason = "below a million")]
            times.push(size as f64 / signed.median());
        }
        print_decade("  a decade more entries", &times);
    }
    Ok(())
}

/// Who calls, and under which grant.
struct Stand<'a> {
    server: &'a Server,
    unit: Client,
    module: String,
    grant: String,
}

/// A guest that calls, through the whole server.
fn through_the_server(
    workspace: &Workspace,
    built: &Built,
    place: &Path,
    runs: usize,
) -> anyhow::Result<()> {
    let program = built.program("yunei");
    let data = place.join("data");
    let mut server = Server::start(&program, &data, LOG)?;
    // The first start makes the log's key, which the witnesses must know.
    server.stop()?;
    let witnesses = witnesses(&program, place, &data)?;
    server.restart()?;
    let mut story = Story::begin(&workspace.root, &server)?;
    story.set_up_people()?;
    let directory = workspace.root.join("ops").join("benchmarks").join("scan");
    story.catalogue(&directory.join("resource.toml"))?;
    let file = place.join("rows.parquet");
    Call::new(built.program("yunei-bench-scan"))
        .args(["make", &ROWS.to_string()])
        .args([&file])
        .read()?;
    let query = "format=parquet&data_as_of=2026-02-01T00:00:00Z";
    story.import_file("synthetic-takings", &file, query)?;
    let unit = story.operator_of(&directory)?.clone();
    let stand = Stand {
        server: &server,
        module: id(&story.upload(&unit, &built.module(MODULE))?.served()?)?,
        grant: id(&story.grant(&directory)?)?,
        unit,
    };
    println!(
        "call facts of a guest through the whole server (cell → supervisor → store), first call to the last fact durable; {} witnesses, quorum of {}; {runs} times after 1:",
        WITNESSES.0, WITNESSES.1
    );
    let mut millis = Vec::new();
    for calls in CALLS {
        millis.push(one_size(&mut story, &stand, calls, runs)?);
    }
    print_decade("  a decade more calls", &millis);
    await_quorum(&story)?;
    let database = data.join("yunei.db").display().to_string();
    let lag: Lag = tell(built, &["lag", &database])?;
    print_lag(lag);
    drop(witnesses);
    Ok(())
}

/// Starts the witnesses, and writes the policy that names them.
fn witnesses(program: &Path, place: &Path, data: &Path) -> anyhow::Result<Vec<Witness>> {
    let (count, threshold) = WITNESSES;
    let (mut witnesses, mut named) = (Vec::new(), Vec::new());
    for number in 1..=count {
        let name = format!("w{number}");
        let full = format!("witness.example/{name}");
        let witness = Witness::start(program, &place.join(&name), &full, &data.join("log.pub"))?;
        named.push(Named::of(&name, &witness, number > 1));
        witnesses.push(witness);
    }
    fs::write(
        data.join("witnesses.toml"),
        quorum_policy(&named, threshold, ""),
    )?;
    Ok(witnesses)
}

/// Runs of one number of calls, one after another. Gives the median of how long the guest took in milliseconds.
fn one_size(story: &mut Story, stand: &Stand<'_>, calls: u64, runs: usize) -> anyhow::Result<f64> {
    let mut moments = Vec::with_capacity(runs);
    for turn in 0..=runs {
        let moment = one_run(story, stand, calls)?;
        if turn > 0 {
            moments.push(moment);
        }
    }
    let laps = laps(stand.server, &moments)?;
    let guest = laps.get("guest").context("a server without laps")?;
    #[expect(clippy::cast_precision_loss, reason = "below a million")]
    let rate = |millis: f64| calls as f64 / millis * 1000.0;
    println!(
        "  {calls} calls of one guest: {:.0} per second at the median (slowest {:.0}, fastest {:.0}); asked ≥ {ASKED_PER_SECOND}: {:.2} of it",
        rate(guest.median()),
        rate(guest.quantile(1.0)),
        rate(guest.quantile(0.0)),
        rate(guest.median()) / ASKED_PER_SECOND
    );
    println!("    guest: {guest:.0} ms");
    Ok(guest.median())
}

fn one_run(story: &mut Story, stand: &Stand<'_>, calls: u64) -> anyhow::Result<Moments> {
    let request = json!({
        "module": stand.module,
        "grant": stand.grant,
        "purpose": "transit-planning",
        "parameters": { "calls": calls },
    });
    let run = id(&story.submit_request(&stand.unit, &request)?.served()?)?;
    let detail = story.wait_state(&run, &["released"], RUN_WAIT_MAX)?;
    let kept = detail.pointer("/run/calls").and_then(Value::as_u64);
    if kept.is_none_or(|kept| kept < calls) {
        bail!("{kept:?} calls are kept of {calls}");
    }
    Moments::of(&detail)
}

/// Waits until the newest checkpoint has its quorum.
fn await_quorum(story: &Story) -> anyhow::Result<()> {
    for _ in 0..200 {
        let told = story.witnesses()?;
        if told.pointer("/newest/reached") == Some(&Value::Bool(true)) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the log's newest checkpoint got no quorum")
}

fn print_lag(lag: Lag) {
    let Lag {
        signed_ms,
        witnessed_ms,
        unwitnessed,
    } = lag;
    let count = signed_ms.len();
    let (signed, witnessed) = (Figures::of(signed_ms), Figures::of(witnessed_ms));
    println!(
        "all {count} entries of that server, from the entry to a checkpoint over it, while the runs went on; ms:"
    );
    println!("  signed: {signed}; asked p99 ≤ {ASKED_MS}");
    println!(
        "  with a quorum of witnesses: {witnessed}, {} entries; asked p99 ≤ {ASKED_MS}",
        witnessed.count()
    );
    println!("  ({unwitnessed} entries were not under a witnessed checkpoint when it was looked)");
}
