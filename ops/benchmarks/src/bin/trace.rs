//! What `cargo xtask bench trace` measures: one job in feed and cell, with its record and without.
//!
//! Duty: start the same session again and again as the lifecycle does, and by turns keep what it tells in a real store
//! (intent, every call, trace tree, outcome) or drop it.
//!
//! Invariants: both kinds have the same plan, rooms, locks, calls and acknowledgements; only the store and the tree differ. The product
//! has no such switch: without its record a run does not go on.
//!
//! Never: ship with Yunei.

#[path = "../../../../host/store/tests/store/fixture.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the things of the store's tests, of which a few are put into a store here"
)]
mod fixture;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use fixture::{Setting, World as Things};
use serde_json::json;
use thiserror::Error;
use yunei_benchmarks::{TakingsError, ended, takings};
use yunei_ledger::{CALLS, Draft, Kind, LedgerError, RUN, TRACE_ROOT, TraceTree};
use yunei_model::{
    Call, Digest, Limits, Name, NameError, Run, RunId, RunState, SystemClock, World,
};
use yunei_rooms::{
    CellPlan, Event, FeedPlan, RoomError, RoomLimits, Session, SessionPlan, TableFiles, TablePlan,
};
use yunei_sandbox::{
    Artefact, ArtefactError, ArtefactKey, CompileError, Compiler, Identity, Metering, SandboxError,
};
use yunei_store::{CALLS_GROUP_MAX, Store, StoreError};

/// Its output.
const OUTPUT: &str = "takings";
/// Limits of the rooms; as generous as the server's.
const ROOM_LIMITS: RoomLimits = RoomLimits {
    address_space_bytes_max: 1 << 40,
    file_bytes_max: 1 << 30,
    cpu_seconds_max: 600,
};
/// Key of artefacts that live as long as this process.
const KEY: [u8; 32] = [7; 32];

const USAGE: &str =
    "usage: yunei-bench-trace PROGRAM COMPONENT DIRECTORY PAIRS BATCH_ROWS ROWS PART [ROWS PART]…";

/// Why it ended.
#[derive(Debug, Error)]
enum BenchError {
    #[error("{USAGE}")]
    Usage,
    #[error("a file")]
    File(#[from] std::io::Error),
    #[error("a name")]
    Name(#[from] NameError),
    #[error("the rows")]
    Takings(#[from] TakingsError),
    #[error("the store")]
    Store(#[from] StoreError),
    #[error("the ledger")]
    Ledger(#[from] LedgerError),
    #[error("a room")]
    Room(#[from] RoomError),
    #[error("the compiler")]
    Compile(#[from] CompileError),
    #[error("the sandbox")]
    Sandbox(#[from] SandboxError),
    #[error("the artefact")]
    Artefact(#[from] ArtefactError),
    #[error("the job went otherwise than it was meant: {0}")]
    Job(String),
}

fn main() -> ExitCode {
    ended(run())
}

/// The job, to be started as often as wanted.
struct Job {
    program: PathBuf,
    component: Digest,
    artefact: Artefact,
    batch_rows_max: usize,
    parts: Vec<(u64, PathBuf)>,
}

/// What one run of it told.
struct Told {
    millis: f64,
    rows: u64,
    calls: u64,
}

fn run() -> Result<serde_json::Value, BenchError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, component, directory, pairs, batch_rows, parts @ ..] = arguments.as_slice()
    else {
        return Err(BenchError::Usage);
    };
    let parts = parts.chunks(2).map(|pair| match pair {
        [rows, path] => Ok((rows.parse().map_err(|_| BenchError::Usage)?, path.into())),
        _ => Err(BenchError::Usage),
    });
    let job = Job::compile(
        Path::new(program),
        Path::new(component),
        batch_rows.parse().map_err(|_| BenchError::Usage)?,
        parts.collect::<Result<_, _>>()?,
    )?;
    let pairs = pairs.parse().map_err(|_| BenchError::Usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(by_turns(&job, Path::new(directory), pairs))
}

/// One pair that warms up, then those that count; which of a pair comes first alternates.
async fn by_turns(
    job: &Job,
    directory: &Path,
    pairs: usize,
) -> Result<serde_json::Value, BenchError> {
    let store = Store::open(directory).await?;
    let things = Things::default();
    let setting = things.setting(&store).await;
    let rows: u64 = job.parts.iter().map(|(rows, _)| rows).sum();
    let (mut kept, mut dropped, mut calls) = (Vec::new(), Vec::new(), 0);
    for pair in 0..=pairs {
        for turn in 0..2 {
            let record = (pair + turn) % 2 == 0;
            let told = if record {
                job.with_record(&store, &things, &setting).await?
            } else {
                job.without_record().await?
            };
            if told.rows != rows {
                return Err(BenchError::Job(format!("{} rows of {rows}", told.rows)));
            }
            calls = told.calls;
            if pair > 0 {
                if record { &mut kept } else { &mut dropped }.push(told.millis);
            }
        }
    }
    store.close().await;
    Ok(json!({ "rows": rows, "calls": calls, "kept_ms": kept, "dropped_ms": dropped }))
}

impl Job {
    fn compile(
        program: &Path,
        component: &Path,
        batch_rows_max: usize,
        parts: Vec<(u64, PathBuf)>,
    ) -> Result<Self, BenchError> {
        let bytes = std::fs::read(component)?;
        let compiled = Compiler::new(program.to_owned()).compile(&bytes, &Limits::default())?;
        let component = Digest::of(&bytes);
        let identity = Identity::of_this_host(Metering::of(World::Analysis))?;
        let key = ArtefactKey::from_bytes(KEY);
        Ok(Self {
            program: program.to_owned(),
            component,
            artefact: Artefact::seal(&key, &component, &identity, &compiled.code),
            batch_rows_max,
            parts,
        })
    }

    /// The plan that the lifecycle would make of a capability for both columns.
    fn plan(&self) -> Result<SessionPlan, BenchError> {
        let (view, files) = takings(&self.parts)?;
        let name = view.name.clone();
        let fields = view.columns.iter();
        let fields = fields.map(|column| (column.name.clone(), column.kind, column.nullable));
        let fields = fields.collect();
        let identity = Identity::of_this_host(Metering::of(World::Analysis))?;
        let key = ArtefactKey::from_bytes(KEY);
        Ok(SessionPlan {
            feed: FeedPlan {
                views: vec![view],
                sql: false,
                subjects: None,
                batch_rows_max: self.batch_rows_max,
                limits: ROOM_LIMITS,
            },
            cell: CellPlan {
                world: World::Analysis,
                tables: vec![TablePlan { name, fields }],
                sql: false,
                outputs: vec![Name::parse(OUTPUT)?],
                derived: Vec::new(),
                contribution: None,
                parameters: BTreeMap::new(),
                guest: Limits::default(),
                limits: ROOM_LIMITS,
            },
            files: vec![TableFiles { parts: files }],
            component: self
                .artefact
                .clone()
                .open(&key, &self.component, &identity)?,
            argument_key: [7; 32],
            rows_max: u64::MAX,
        })
    }

    /// With intent, calls, trace and outcome in the store, each before what it must come before.
    async fn with_record(
        &self,
        store: &Store,
        things: &Things,
        setting: &Setting,
    ) -> Result<Told, BenchError> {
        let mut run = things.run(setting, RunState::Running, 0);
        let plan = self.plan()?;
        let began = Instant::now();
        put(store, things, &run, Draft::new(Kind::RunClaimed)).await?;
        let (mut session, _rooms) = Session::start(&self.program, plan, &SystemClock).await?;
        let mut trace = TraceTree::default();
        let mut took = Vec::new();
        loop {
            match session.next().await? {
                Event::Calls(group) => {
                    for call in &group {
                        trace.push(call)?;
                    }
                    keep(store, run.id, &group, &mut took).await?;
                    took.extend(session.go_on().await?);
                }
                Event::Ended(ending) => {
                    keep(store, run.id, &[], &mut took).await?;
                    run.state = RunState::Sealed;
                    run.trace_root = Some(trace.root());
                    run.calls = trace.calls();
                    let outcome = Draft::new(Kind::RunSealed)
                        .fact(TRACE_ROOT, trace.root())
                        .fact(CALLS, run.calls);
                    put(store, things, &run, outcome).await?;
                    let millis = began.elapsed().as_secs_f64() * 1000.0;
                    return told(millis, ending, run.calls);
                }
            }
        }
    }

    /// The same, and nobody listens.
    async fn without_record(&self) -> Result<Told, BenchError> {
        let plan = self.plan()?;
        let began = Instant::now();
        let (mut session, _rooms) = Session::start(&self.program, plan, &SystemClock).await?;
        let mut calls = 0;
        loop {
            match session.next().await? {
                Event::Calls(group) => {
                    calls += group.len() as u64;
                    session.go_on().await?;
                }
                Event::Ended(ending) => {
                    let millis = began.elapsed().as_secs_f64() * 1000.0;
                    return told(millis, ending, calls);
                }
            }
        }
    }
}

fn told(millis: f64, ending: yunei_rooms::Ending, calls: u64) -> Result<Told, BenchError> {
    match ending.cause {
        Some(cause) => Err(BenchError::Job(format!("{cause:?}"))),
        None => Ok(Told {
            millis,
            rows: ending.rows_fed,
            calls,
        }),
    }
}

/// State and entry in one commit.
async fn put(store: &Store, things: &Things, run: &Run, draft: Draft) -> Result<(), BenchError> {
    let mut change = store.begin().await?;
    change.put_run(run).await?;
    let entry = things.sealed(draft.operator(run.operator).fact(RUN, run.id));
    change.record(&entry).await?;
    Ok(change.commit().await?)
}

/// A group of calls, as the lifecycle keeps it: only while the run goes on, with how long earlier ones took.
async fn keep(
    store: &Store,
    run: RunId,
    group: &[Call],
    took: &mut Vec<Call>,
) -> Result<(), BenchError> {
    for chunk in group.chunks(CALLS_GROUP_MAX) {
        let mut change = store.begin().await?;
        let still = change.run(run).await?;
        if still.is_none_or(|run| run.state != RunState::Running) {
            return Err(BenchError::Job("the run ended".to_owned()));
        }
        change.put_calls(run, chunk).await?;
        for call in took.drain(..) {
            change.put_observed(run, &call).await?;
        }
        change.commit().await?;
    }
    if group.is_empty() && !took.is_empty() {
        let mut change = store.begin().await?;
        for call in took.drain(..) {
            change.put_observed(run, &call).await?;
        }
        change.commit().await?;
    }
    Ok(())
}
