//! `cargo xtask bench live`: five hundred readers on the live stream while runs go on.

use std::io::{BufRead as _, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use serde_json::json;
use yunei_tests::{BUREAU, Client, Server, Story};

use super::Built;
use super::figures::Figures;
use super::start::{MODULE, QUESTION, RUN_WAIT_MAX, id};
use crate::workspace::Workspace;

/// Readers at once.
const READERS: usize = 500;
/// Readers of one account: fewer than the server allows.
const READERS_OF_ACCOUNT: usize = 60;
/// Runs of each phase: without readers, and with them.
const RUNS: usize = 60;
/// Longest wait for a reader to come to the end.
const END_WAIT_MAX: Duration = Duration::from_secs(120);
/// How often a reader that gets nothing looks whether it is at the end.
const LOOK: Duration = Duration::from_millis(500);
/// Stack of a reader's thread in bytes.
const STACK_BYTES: usize = 256 << 10;
/// Asked for, in milliseconds.
const LAG_P99_MS_MAX: f64 = 1000.0;
/// Where an entry tells when it was made: canonical JSON has it there alone.
const MADE_AT: &str = "\"observed\":{\"at\":";

/// What one reader saw.
struct Seen {
    /// Milliseconds from an entry's making to its receipt.
    lags_ms: Vec<f64>,
    /// Entries after the beginning of the measurement.
    entries: u64,
    /// Numbers that were not the one after the one before.
    faults: u64,
}

/// Where the measurement begins and ends, by position; 0 until it is known.
#[derive(Default)]
struct Span {
    begin: AtomicU64,
    end: AtomicU64,
}

/// Measures a build of the program.
pub fn run(workspace: &Workspace, built: &Built) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let none: [&str; 0] = [];
    let server = Server::start(&built.program("yunei"), &place.path().join("data"), none)?;
    let mut story = Story::begin(&workspace.root, &server)?;
    story.set_up()?;
    let directory = story.example(QUESTION);
    let unit = story.operator_of(&directory)?.clone();
    let module = story.upload(&unit, &built.module(MODULE))?;
    let module = id(&module.served()?)?;
    let grant = id(&story.grant(&directory)?)?;
    let accounts = accounts(&story, &server)?;

    let alone = runs(&mut story, &unit, &directory, &module, &grant)?;
    // Another grant, so that no quota ends the second phase.
    let grant = id(&story.grant(&directory)?)?;
    let span = Arc::new(Span::default());
    let readers = readers(&accounts, &span)?;
    span.begin.store(newest(&accounts)?, Ordering::SeqCst);
    let watched = runs(&mut story, &unit, &directory, &module, &grant)?;
    span.end.store(newest(&accounts)?, Ordering::SeqCst);
    let mut lags_ms = Vec::new();
    let (mut entries, mut faults) = (Vec::new(), 0);
    for reader in readers {
        let seen = reader.join().ok().context("a reader broke")??;
        lags_ms.extend(seen.lags_ms);
        entries.push(seen.entries);
        faults += seen.faults;
    }
    lags_ms.sort_by(f64::total_cmp);
    let expected = span.end.load(Ordering::SeqCst) - span.begin.load(Ordering::SeqCst);
    let missed = entries.iter().filter(|seen| **seen != expected).count();
    let lags = Figures::of(lags_ms.iter().copied());
    let at = |share: f64| lags.quantile(share);
    println!(
        "bench live: {READERS} readers on one stream, {RUNS} runs of {QUESTION}, readers on the same machine"
    );
    println!(
        "entries to each reader: {expected}; readers that missed one or got one twice: {}",
        missed as u64 + faults
    );
    println!(
        "made → received: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms over {} receipts",
        at(0.5),
        at(0.99),
        at(1.0),
        lags_ms.len()
    );
    println!("runs released per second: {alone:.1} without readers, {watched:.1} with them");
    println!("asked for: p99 ≤ {LAG_P99_MS_MAX:.0} ms, nothing missed");
    if missed as u64 + faults > 0 {
        bail!("{missed} readers did not get all of it, {faults} entries out of turn");
    }
    Ok(())
}

/// Accounts of the bureau, signed in: one for every so many readers.
fn accounts(story: &Story, server: &Server) -> anyhow::Result<Vec<Client>> {
    let administrator = |name: &str| -> anyhow::Result<Client> {
        let file = server.data().join(format!("{name}-administrator.token"));
        Ok(server.client().with_token(&std::fs::read_to_string(file)?))
    };
    let (system, security) = (administrator("system")?, administrator("security")?);
    let bureau = story.personas().iter().find(|p| p.account == BUREAU);
    let bureau = &bureau.context("the story has no bureau")?.organisation;
    let mut clients = Vec::new();
    for number in 0..READERS.div_ceil(READERS_OF_ACCOUNT) {
        let (name, password) = (format!("reader-{number}"), "a password for a while");
        let new = json!({ "name": name, "organisation": bureau, "password": password });
        let account = id(&system.post("/accounts", &new)?.served()?)?;
        let path = format!("/accounts/{account}/appointments");
        security
            .post(&path, &json!({ "role": "bureau" }))?
            .served()?;
        clients.push(server.client().sign_in(&name, password)?);
    }
    Ok(clients)
}

/// Submits the runs and waits for all. Gives how many were released per second.
fn runs(
    story: &mut Story,
    unit: &Client,
    directory: &Path,
    module: &str,
    grant: &str,
) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut submitted = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let run = story.submit(unit, directory, module, grant)?.served()?;
        submitted.push(id(&run)?);
    }
    for run in &submitted {
        story.wait_state(run, &["released"], RUN_WAIT_MAX)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let per_second = RUNS as f64 / began.elapsed().as_secs_f64();
    Ok(per_second)
}

/// The position of the newest entry.
fn newest(accounts: &[Client]) -> anyhow::Result<u64> {
    let client = accounts.last().context("no account")?;
    let mut events = client.events("/events", None)?;
    let begin = events.expect_within(END_WAIT_MAX)?;
    begin.id.context("a beginning without position")
}

fn readers(
    accounts: &[Client],
    span: &Arc<Span>,
) -> anyhow::Result<Vec<JoinHandle<anyhow::Result<Seen>>>> {
    let mut readers = Vec::with_capacity(READERS);
    for number in 0..READERS {
        let client = accounts.get(number / READERS_OF_ACCOUNT);
        let client = client.context("too few accounts")?;
        let connection = client.events("/events", None)?.into_connection();
        let span = Arc::clone(span);
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        readers.push(builder.spawn(move || read(connection, &span))?);
    }
    Ok(readers)
}

/// Reads to the end of the measurement, with as little work per entry as there can be: the machine is the server's, too.
fn read(
    mut connection: std::io::BufReader<std::net::TcpStream>,
    span: &Span,
) -> anyhow::Result<Seen> {
    connection.get_ref().set_read_timeout(Some(LOOK))?;
    let mut seen = Seen {
        lags_ms: Vec::new(),
        entries: 0,
        faults: 0,
    };
    let (mut line, mut last, mut entry) = (Vec::new(), None, false);
    // The newest entry whose data came, too: its number comes before them.
    let mut told: Option<u64> = None;
    let mut ending: Option<Instant> = None;
    loop {
        let end = span.end.load(Ordering::SeqCst);
        if end > 0 && told.is_some_and(|told| told >= end) {
            return Ok(seen);
        }
        if end > 0 && ending.get_or_insert_with(Instant::now).elapsed() > END_WAIT_MAX {
            bail!("a reader did not come to the end: {told:?} of {end}");
        }
        match connection.read_until(b'\n', &mut line) {
            Ok(0) => bail!("the server ended a stream"),
            Ok(_) => {}
            // A line that has begun is read on with the next look.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let text = String::from_utf8_lossy(&line);
        if let Some(number) = text.strip_prefix("id: ") {
            let number: u64 = number.trim_end().parse()?;
            if last.is_some_and(|last| number != last + 1) {
                seen.faults += 1;
            }
            last = Some(number);
        } else if let Some(name) = text.strip_prefix("event: ") {
            entry = name.trim_end() == "entry";
        } else if text.starts_with("data: ") && entry {
            note(&mut seen, &text, last, span);
            told = last;
        }
        line.clear();
    }
}

fn note(seen: &mut Seen, text: &str, position: Option<u64>, span: &Span) {
    let begin = span.begin.load(Ordering::SeqCst);
    let end = span.end.load(Ordering::SeqCst);
    let counts = |position: u64| begin > 0 && position > begin && (end == 0 || position <= end);
    if !position.is_some_and(counts) {
        return;
    }
    seen.entries += 1;
    let made = text.split_once(MADE_AT).and_then(|(_, rest)| {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        rest.get(..digits)?.parse::<f64>().ok()
    });
    if let (Some(made), Some(now_ms)) = (made, now_ms()) {
        seen.lags_ms.push(now_ms - made / 1e3);
    }
}

/// Milliseconds since 1970 by the clock that the server stamps its entries with.
#[expect(
    clippy::disallowed_methods,
    reason = "the lag of an entry is measured from the server's own stamp, which is the system's time"
)]
fn now_ms() -> Option<f64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.as_secs_f64() * 1e3)
}
