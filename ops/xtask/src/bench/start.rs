//! `start`: submit → released of a small job with a warm module, as the record tells it: outsiders see buckets.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use yunei_tests::{Client, Server, Story};

use crate::workspace::Workspace;

use super::Built;
use super::figures::{Figures, print_load};

/// Counted runs, after [`WARM_UP`].
const RUNS: usize = 50;
/// Runs before the first that counts.
const WARM_UP: usize = 3;
/// Longest wait for one run.
pub const RUN_WAIT_MAX: Duration = Duration::from_secs(60);
/// The small job: a week of bus rides, counted by district and hour.
pub const QUESTION: &str = "bus-rides";
/// Its module.
pub const MODULE: &str = "examples/bus-rides";
/// What the server logs: its own figures too.
pub const LOG: [&str; 2] = ["--log", "warn,yunei=debug"];

/// Measures.
pub fn run(workspace: &Workspace, built: &Built, runs: Option<usize>) -> anyhow::Result<()> {
    let runs = runs.unwrap_or(RUNS);
    let place = tempfile::tempdir()?;
    let server = Server::start(&built.program("yunei"), &place.path().join("data"), LOG)?;
    let mut story = Story::begin(&workspace.root, &server)?;
    story.set_up()?;
    let directory = story.example(QUESTION);
    let unit = story.operator_of(&directory)?.clone();
    let module = story.upload(&unit, &built.module(MODULE))?.served()?;
    let grant = story.grant(&directory)?;
    let (module, grant) = (id(&module)?, id(&grant)?);
    for _ in 0..WARM_UP {
        one(&mut story, &unit, &directory, &module, &grant)?;
    }
    let mut moments = Vec::with_capacity(runs);
    for _ in 0..runs {
        moments.push(one(&mut story, &unit, &directory, &module, &grant)?);
    }
    let laps = laps(&server, &moments)?;
    println!(
        "start: {QUESTION} (52,985 rows), {runs} runs after {WARM_UP}, one after another, full record and lock-down; ms:"
    );
    let whole = Figures::of(moments.iter().map(Moments::whole_ms));
    println!("  submit → released: {whole}; asked p50 ≤ 30");
    println!(
        "  submit → claimed: {}",
        Figures::of(moments.iter().map(Moments::queued_ms))
    );
    for (stage, figures) in &laps {
        println!("  {stage}: {figures}");
    }
    if let Some(cell) = laps.get("cell") {
        println!(
            "  a cell's start (process → component loaded and locked): p50 {:.1}; asked ≤ 5",
            cell.median()
        );
    }
    println!(
        "  parts follow each other: plan, rooms (feed and cell beside each other), guest, gate-start, seal, seal-commit, judge, checkpoint, release-commit"
    );
    print_load();
    Ok(())
}

/// When a run was accepted, claimed and ended, in microseconds.
pub struct Moments {
    run: String,
    submitted_us: f64,
    claimed_us: f64,
    ended_us: f64,
}

impl Moments {
    /// From a run in detail.
    pub fn of(detail: &Value) -> anyhow::Result<Self> {
        let run = detail.get("run").context("a detail without its run")?;
        let micros = |field: &str| {
            let value = run.get(field).and_then(Value::as_f64);
            value.with_context(|| format!("a run without `{field}`"))
        };
        Ok(Self {
            run: id(run)?,
            submitted_us: micros("submitted_at")?,
            claimed_us: micros("started_at")?,
            ended_us: micros("ended_at")?,
        })
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Milliseconds from the claim to another moment, in microseconds since 1970.
    pub fn since_claim_ms(&self, at_us: f64) -> f64 {
        (at_us - self.claimed_us) / 1000.0
    }

    fn whole_ms(&self) -> f64 {
        (self.ended_us - self.submitted_us) / 1000.0
    }

    fn queued_ms(&self) -> f64 {
        (self.claimed_us - self.submitted_us) / 1000.0
    }
}

/// One run, from acceptance to release.
fn one(
    story: &mut Story,
    unit: &Client,
    directory: &Path,
    module: &str,
    grant: &str,
) -> anyhow::Result<Moments> {
    let run = id(&story.submit(unit, directory, module, grant)?.served()?)?;
    Moments::of(&story.wait_state(&run, &["released"], RUN_WAIT_MAX)?)
}

/// Milliseconds of each part of a stage over the runs, as the server logged them.
pub fn laps(server: &Server, moments: &[Moments]) -> anyhow::Result<BTreeMap<String, Figures>> {
    let log = fs::read_to_string(server.log())?;
    let mut taken: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("\"stage-done\"")) {
        let line: Value = serde_json::from_str(line).context("a line of the log")?;
        let field = |name: &str| line.get("fields").and_then(|fields| fields.get(name));
        let run = field("yunei.run.id").and_then(Value::as_str);
        let counts = run.is_some_and(|run| moments.iter().any(|moment| moment.run == run));
        let stage = field("yunei.stage").and_then(Value::as_str);
        let micros = field("yunei.duration_us").and_then(Value::as_f64);
        if let (true, Some(stage), Some(micros)) = (counts, stage, micros) {
            taken
                .entry(stage.to_owned())
                .or_default()
                .push(micros / 1000.0);
        }
    }
    let figures = taken
        .into_iter()
        .map(|(stage, millis)| (stage, Figures::of(millis)));
    Ok(figures.collect())
}

/// The id of what was made.
pub fn id(made: &Value) -> anyhow::Result<String> {
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned).context("an answer without id")
}
