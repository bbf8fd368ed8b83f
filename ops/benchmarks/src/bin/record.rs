//! What `cargo xtask bench record` measures in one process: the record's own pace, without anybody who makes what is recorded.
//!
//! Duty: keep calls (`calls`) and entries (`entries`) in a real store, group by group as the lifecycle does, and tell how long that took;
//! tell how long the entries of any store waited for their checkpoint (`lag`), and how long this disk takes to make a write durable (`disk`).
//!
//! Invariants: whatever is counted was committed, and every commit is durable. Calls are hashed into their run's tree, and the tree's
//! root is on the record before the clock stops.
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

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fixture::World;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};
use thiserror::Error;
use tokio::task::JoinSet;
use yunei_benchmarks::ended;
use yunei_ledger::{
    CALLS, Checkpoint, Draft, Entry, Kind, LedgerError, NONCE_BYTES, RUN, SigningKey, TRACE_ROOT,
    TraceTree,
};
use yunei_model::{Call, Clock as _, EntryId, Name, NameError, Run, RunState, SystemClock};
use yunei_store::{LogHead, SEQUENCE_ROWS_MAX, SignedCheckpoint, Store, StoreError};

/// Milliseconds that entries gather before they are sequenced, as in the lifecycle.
const GATHER_MS: u64 = 50;
/// Writes of `disk`.
const WRITES: usize = 200;
/// Bytes of each.
const WRITE_BYTES: usize = 12 << 10;
/// The log of `entries`.
const ORIGIN: &str = "bench.example/log";

const USAGE: &str = "usage: yunei-bench-record calls DIRECTORY RUNS CALLS GROUP\n       yunei-bench-record entries DIRECTORY WRITERS ENTRIES GROUP\n       \
                     yunei-bench-record lag DATABASE\n       yunei-bench-record disk DIRECTORY";

/// Why it ended.
#[derive(Debug, Error)]
enum BenchError {
    #[error("{USAGE}")]
    Usage,
    #[error("a file")]
    File(#[from] std::io::Error),
    #[error("the store")]
    Store(#[from] StoreError),
    #[error("the ledger")]
    Ledger(#[from] LedgerError),
    #[error("the database")]
    Database(#[from] sqlx::Error),
    #[error("a name")]
    Name(#[from] NameError),
    #[error("a task did not end")]
    Task(#[from] tokio::task::JoinError),
    #[error("a checkpoint is no text")]
    Note(#[from] std::string::FromUtf8Error),
    #[error("a run vanished")]
    Gone,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    ended(run(&arguments))
}

fn run(arguments: &[String]) -> Result<serde_json::Value, BenchError> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()?;
    match arguments.as_slice() {
        ["calls", directory, runs, calls, group] => {
            let (runs, group) = (number(runs)?, number(group)?);
            runtime.block_on(calls_kept(directory.into(), runs, number(calls)?, group))
        }
        ["entries", directory, writers, entries, group] => {
            let (writers, group) = (number(writers)?, number(group)?);
            runtime.block_on(entries_kept(
                directory.into(),
                writers,
                number(entries)?,
                group,
            ))
        }
        ["lag", database] => runtime.block_on(lag(database)),
        ["disk", directory] => disk(Path::new(directory)),
        _ => Err(BenchError::Usage),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, BenchError> {
    text.parse().map_err(|_| BenchError::Usage)
}

/// Keeps the calls of some runs at once, and their roots.
async fn calls_kept(
    directory: PathBuf,
    runs: u64,
    calls: u64,
    group: u64,
) -> Result<serde_json::Value, BenchError> {
    let store = Store::open(&directory).await?;
    let world = Arc::new(World::default());
    let setting = world.setting(&store).await;
    let mut started = Vec::new();
    for _ in 0..runs {
        let run = world.run(&setting, RunState::Running, 0);
        let mut change = store.begin().await?;
        change.put_run(&run).await?;
        world.commit(change).await?;
        started.push(run);
    }
    let fields = vec![Name::parse("line")?, Name::parse("fare-fen")?];
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for run in started {
        let (store, world, fields) = (store.clone(), Arc::clone(&world), fields.clone());
        tasks.spawn(async move { keep_run(&store, &world, run, calls, group, &fields).await });
    }
    let mut commits_ms: Vec<f64> = Vec::new();
    while let Some(done) = tasks.join_next().await {
        commits_ms.extend(done??);
    }
    let seconds = began.elapsed().as_secs_f64();
    store.close().await;
    Ok(json!({ "seconds": seconds, "count": runs * calls, "commits_ms": commits_ms }))
}

/// One run: every group hashed, committed, and the root with the outcome. Gives milliseconds from a group's being there to its being durable.
async fn keep_run(
    store: &Store,
    world: &World,
    mut run: Run,
    calls: u64,
    group: u64,
    fields: &[Name],
) -> Result<Vec<f64>, BenchError> {
    let mut trace = TraceTree::default();
    let mut commits_ms = Vec::new();
    let mut first = 0;
    while first < calls {
        let last = calls.min(first.saturating_add(group));
        let made = (first..last).map(|index| Call {
            fields: fields.to_vec(),
            bytes: index * 16,
            at: SystemClock.now(),
            ..world.call(index)
        });
        let made: Vec<Call> = made.collect();
        let there = Instant::now();
        for call in &made {
            trace.push(call)?;
        }
        let mut change = store.begin().await?;
        let still = change.run(run.id).await?.ok_or(BenchError::Gone)?;
        if still.state != RunState::Running {
            return Err(BenchError::Gone);
        }
        change.put_calls(run.id, &made).await?;
        change.commit().await?;
        commits_ms.push(there.elapsed().as_secs_f64() * 1000.0);
        first = last;
    }
    run.state = RunState::Sealed;
    run.trace_root = Some(trace.root());
    run.calls = calls;
    let outcome = Draft::new(Kind::RunSealed)
        .fact(RUN, run.id)
        .fact(TRACE_ROOT, trace.root())
        .fact(CALLS, calls);
    let mut change = store.begin().await?;
    change.put_run(&run).await?;
    change.record(&world.sealed(outcome)).await?;
    change.commit().await?;
    Ok(commits_ms)
}

/// Keeps entries from some writers at once while a sequencer gives them their place and signs; ends with the last one's checkpoint.
async fn entries_kept(
    directory: PathBuf,
    writers: u64,
    entries: u64,
    group: u64,
) -> Result<serde_json::Value, BenchError> {
    let store = Store::open(&directory).await?;
    let world = Arc::new(World::default());
    let setting = world.setting(&store).await;
    let run = world.ended_run(&store, &setting).await;
    let before = store.newest_position().await?;
    let done = Arc::new(AtomicBool::new(false));
    let sequencer = tokio::spawn(sequence(store.clone(), Arc::clone(&done)));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        let (store, world, run) = (store.clone(), Arc::clone(&world), run.clone());
        tasks.spawn(async move {
            let mut written = 0;
            while written < entries {
                let mut change = store.begin().await?;
                for _ in 0..group.min(entries - written) {
                    change.record(&entry(&world, &run)?).await?;
                    written += 1;
                }
                change.commit().await?;
            }
            Ok::<(), BenchError>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let durable = began.elapsed().as_secs_f64();
    done.store(true, Ordering::Release);
    let size = sequencer.await??;
    let seconds = began.elapsed().as_secs_f64();
    let count = store.newest_position().await?.saturating_sub(before);
    if size != store.newest_position().await? || count != writers * entries {
        return Err(BenchError::Gone);
    }
    store.close().await;
    Ok(json!({ "seconds": seconds, "durable_seconds": durable, "count": count }))
}

/// Sequences and signs until all is done; gives how far it came.
async fn sequence(store: Store, done: Arc<AtomicBool>) -> Result<u64, BenchError> {
    let key = SigningKey::from_seed(ORIGIN, &[7; 32])?;
    let mut covered = 0;
    loop {
        let last = done.load(Ordering::Acquire);
        loop {
            let head = store
                .sequence_signed(SEQUENCE_ROWS_MAX, |head| sign(head, &key))
                .await?;
            let came = head.size.saturating_sub(covered);
            covered = head.size;
            if came < u64::from(SEQUENCE_ROWS_MAX) {
                break;
            }
        }
        if last {
            return Ok(covered);
        }
        tokio::time::sleep(Duration::from_millis(GATHER_MS)).await;
    }
}

fn sign(head: &LogHead, key: &SigningKey) -> Result<SignedCheckpoint, BenchError> {
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: head.size,
        root: head.root,
    };
    Ok(SignedCheckpoint {
        size: head.size,
        note: String::from_utf8(checkpoint.sign(key)?)?,
        signed_at: SystemClock.now(),
    })
}

/// An entry such as a run has several of.
fn entry(world: &World, run: &Run) -> Result<Entry, BenchError> {
    let mut nonce = [0; NONCE_BYTES];
    for (place, byte) in nonce.iter_mut().zip(world.next().to_be_bytes()) {
        *place = byte;
    }
    let draft = Draft::new(Kind::RunClaimed)
        .actor(run.submitted_by)
        .operator(run.operator)
        .fact(RUN, run.id)
        .fact("grant", run.grant)
        .fact("module", run.module)
        .fact("purpose", &run.purpose)
        .fact("module_digest", run.module_digest)
        .fact("rows_reserved", 1_000_000_u64);
    Ok(Entry::seal(
        draft,
        EntryId::new(&world.ids),
        nonce,
        SystemClock.now(),
    )?)
}

/// Milliseconds from each entry to the first signed checkpoint over it, and to the first one with a quorum of witnesses.
async fn lag(database: &str) -> Result<serde_json::Value, BenchError> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let rows = sqlx::query("SELECT size, signed_at, witnessed_at FROM checkpoints ORDER BY size")
        .fetch_all(&mut connection)
        .await?;
    let mut checkpoints: Vec<(i64, i64, Option<i64>)> = Vec::with_capacity(rows.len());
    for row in &rows {
        checkpoints.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    let rows = sqlx::query(
        "SELECT log_index, made_at FROM entries WHERE log_index IS NOT NULL ORDER BY log_index",
    )
    .fetch_all(&mut connection)
    .await?;
    let (mut signed_ms, mut witnessed_ms, mut unwitnessed) = (Vec::new(), Vec::new(), 0_u64);
    let mut covering = checkpoints.as_slice();
    for row in &rows {
        let (index, made_at): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        while let Some(((size, ..), rest)) = covering.split_first()
            && *size <= index
        {
            covering = rest;
        }
        let since = |at: i64| Duration::from_micros(at.saturating_sub(made_at).unsigned_abs());
        if let Some((_, signed_at, _)) = covering.first() {
            signed_ms.push(since(*signed_at).as_secs_f64() * 1000.0);
        }
        match covering.iter().find_map(|(.., witnessed_at)| *witnessed_at) {
            Some(at) => witnessed_ms.push(since(at).as_secs_f64() * 1000.0),
            None => unwitnessed += 1,
        }
    }
    connection.close().await?;
    Ok(json!({ "signed_ms": signed_ms, "witnessed_ms": witnessed_ms, "unwitnessed": unwitnessed }))
}

/// Milliseconds that durable writes take here, one after another.
fn disk(directory: &Path) -> Result<serde_json::Value, BenchError> {
    let path = directory.join("written");
    let mut file = std::fs::File::create(&path)?;
    let block = vec![7; WRITE_BYTES];
    let mut sync_ms = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let began = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        sync_ms.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    std::fs::remove_file(path)?;
    Ok(json!({ "sync_ms": sync_ms }))
}
