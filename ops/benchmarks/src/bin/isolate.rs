//! What `cargo xtask bench isolate` measures: a `per-subject` module, called in a fresh instance for each data subject.
//!
//! Duty: make synthetic rides of cards from a fixed seed, hand them to the runner of the cell subject by subject, in one
//! thread, and tell how much processor time all of them took; and how much the same takes without the calls.
//!
//! Invariants: the same number of subjects has the same rows; every run's records are the same bytes, or it is no figure.
//!
//! Never: ship with Yunei.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use thiserror::Error;
use yunei_benchmarks::{SplitMix, ended};
use yunei_model::{Contribution, Digest, Limits, World};
use yunei_sandbox::{
    Artefact, ArtefactError, ArtefactKey, Batch, Column, CompileError, Compiler, Component,
    Contributions, Engine, GuestEnd, Identity, Metering, PerSubject, SandboxError, Values,
    VarBytes, inspect,
};

/// Seed of the rows.
const SEED: u64 = 20_261_122;
/// Cards that come in one batch.
const CARDS_PER_BATCH: u64 = 1_000;
/// Rides of one card at most; at least one.
const RIDES_MAX: u64 = 15;
/// Key of artefacts that live as long as this process.
const KEY: [u8; 32] = [7; 32];

const USAGE: &str = "usage: yunei-bench-isolate PROGRAM COMPONENT SUBJECTS RUNS";

/// Why it ended.
#[derive(Debug, Error)]
enum BenchError {
    #[error("{USAGE}")]
    Usage,
    #[error("a file")]
    File(#[from] std::io::Error),
    #[error("a number is too large")]
    Number(#[from] std::num::TryFromIntError),
    #[error("the compiler")]
    Compile(#[from] CompileError),
    #[error("the sandbox")]
    Sandbox(#[from] SandboxError),
    #[error("the artefact")]
    Artefact(#[from] ArtefactError),
    #[error("the module")]
    Guest(#[from] GuestEnd),
    #[error("the module went otherwise than it was meant: {0}")]
    Module(&'static str),
}

fn main() -> ExitCode {
    ended(run())
}

fn run() -> Result<serde_json::Value, BenchError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, component, subjects, runs] = arguments.as_slice() else {
        return Err(BenchError::Usage);
    };
    let subjects: u64 = subjects.parse().map_err(|_| BenchError::Usage)?;
    let runs: usize = runs.parse().map_err(|_| BenchError::Usage)?;
    let module = start(Path::new(program), Path::new(component))?;
    let groups = rides(subjects)?;
    let rows: u64 = groups.iter().map(|group| u64::from(group.rides.rows)).sum();
    let before = called(&module, &groups)?;
    let (mut wall_s, mut called_s, mut cut_s) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let (began, used) = (Instant::now(), processor_s()?);
        let records = called(&module, &groups)?;
        called_s.push(processor_s()? - used);
        wall_s.push(began.elapsed().as_secs_f64());
        if records != before {
            return Err(BenchError::Module("other records than before"));
        }
        let used = processor_s()?;
        cut(&groups)?;
        cut_s.push(processor_s()? - used);
    }
    let served = before
        .iter()
        .flat_map(Contributions::records)
        .filter(|record| record.cells().next().is_some())
        .count() as u64;
    if served != subjects {
        return Err(BenchError::Module("a subject without a contribution"));
    }
    Ok(json!({
        "subjects": subjects,
        "rows": rows,
        "wall_s": wall_s,
        "called_s": called_s,
        "cut_s": cut_s,
    }))
}

/// Processor time of this thread in seconds, in user and kernel: what a core that is busy with others gave to it.
fn processor_s() -> Result<f64, BenchError> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = told.split_whitespace().next();
    let nanos = nanos.and_then(|nanos| nanos.parse::<u64>().ok());
    let nanos = nanos.ok_or(BenchError::Module("a kernel that counts no time"))?;
    Ok(std::time::Duration::from_nanos(nanos).as_secs_f64())
}

/// The module, as a cell starts it.
fn start(program: &Path, component: &Path) -> Result<PerSubject, BenchError> {
    let bytes = std::fs::read(component)?;
    let limits = Limits::default();
    let contribution: Contribution = inspect(&bytes, &limits)
        .manifest
        .and_then(|manifest| manifest.contribution)
        .ok_or(BenchError::Module("no contribution in its manifest"))?;
    let compiled = Compiler::new(program.to_owned()).compile(&bytes, &limits)?;
    let metering = Metering::of(World::PerSubject);
    let (key, digest) = (ArtefactKey::from_bytes(KEY), Digest::of(&bytes));
    let identity = Identity::of_this_host(metering)?;
    let artefact = Artefact::seal(&key, &digest, &identity, &compiled.code);
    let engine = Engine::metered(metering)?;
    let component = Component::load(&engine, &artefact.open(&key, &digest, &identity)?)?;
    let parameters = BTreeMap::new();
    Ok(PerSubject::start(
        &engine,
        &component,
        parameters,
        &contribution,
        &limits,
    )?)
}

/// Cards that come together: their rides, and how many are whose.
struct Group {
    rides: Batch,
    runs: Vec<u32>,
}

fn called(module: &PerSubject, groups: &[Group]) -> Result<Vec<Contributions>, BenchError> {
    let contributions = |group: &Group| {
        let mut contributions = Contributions::new(Arc::clone(module.form()));
        each(group, |records| {
            module.contribute(&records, &mut contributions);
        })?;
        Ok(contributions)
    };
    groups.iter().map(contributions).collect()
}

/// The same without the calls.
fn cut(groups: &[Group]) -> Result<(), BenchError> {
    groups
        .iter()
        .try_for_each(|group| each(group, |records| drop(black_box(records))))
}

fn each(group: &Group, mut serve: impl FnMut([Batch; 1])) -> Result<(), BenchError> {
    let mut start = 0;
    for rows in &group.runs {
        let own = group.rides.slice(start, *rows);
        serve([own.ok_or(BenchError::Module("fewer rides than its cards have"))?]);
        start += rows;
    }
    Ok(())
}

fn rides(subjects: u64) -> Result<Vec<Group>, BenchError> {
    let mut random = SplitMix::of(SEED);
    let mut groups = Vec::new();
    let mut left = subjects;
    while left > 0 {
        let cards = left.min(CARDS_PER_BATCH);
        left -= cards;
        let mut runs = Vec::new();
        for _ in 0..cards {
            runs.push(1 + u32::try_from(random.below(RIDES_MAX))?);
        }
        let rows: u32 = runs.iter().sum();
        let (mut hours, mut minutes) = (Vec::new(), Vec::new());
        let (mut offsets, mut lines) = (vec![0_i32], String::new());
        for _ in 0..rows {
            hours.push(i32::try_from(random.below(24))?);
            minutes.push(f64::from(u32::try_from(random.below(600))?) / 10.0);
            lines.push_str(&(600 + random.below(64)).to_string());
            offsets.push(i32::try_from(lines.len())?);
        }
        let lines = VarBytes {
            offsets: offsets.into(),
            bytes: lines.into_bytes().into(),
        };
        let columns = vec![
            Column::valid(Values::Int32(hours.into())),
            Column::valid(Values::Text(lines)),
            Column::valid(Values::Float64(minutes.into())),
        ];
        let rides = Batch { rows, columns };
        groups.push(Group { rides, runs });
    }
    Ok(groups)
}
