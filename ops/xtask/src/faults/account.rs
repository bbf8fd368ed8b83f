//! What was acknowledged, held against what is on the record.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use yunei_tests::{BUREAU, Client, REGULATOR, Story};

use super::load::{Acknowledged, Submission};
use super::report::Report;
use super::stages::Stages;

/// Entries of one page.
const PAGE: u64 = 1000;
/// Checkpoints that are kept for verification at most: the newest of each round.
const CHECKPOINTS_MAX: usize = 2000;
/// States in which a run has ended.
pub const ENDS: [&str; 5] = ["released", "withheld", "failed", "stopped", "aborted"];

/// Everything that the server ever promised, and what its record ever showed.
pub struct Account {
    notes: PathBuf,
    checkpoints: Vec<PathBuf>,
    promised: Vec<String>,
    runs: Vec<String>,
    submissions: Vec<Submission>,
    /// Digest of each entry as it was first seen, by position.
    seen: HashMap<u64, [u8; 32]>,
    /// Ids that entries name.
    named: HashSet<String>,
    last: u64,
    stages: Stages,
}

impl Account {
    /// An empty one, which keeps checkpoints as files below `place`.
    pub fn begin(place: &Path) -> anyhow::Result<Self> {
        let notes = place.join("checkpoints");
        std::fs::create_dir(&notes)?;
        Ok(Self {
            notes,
            checkpoints: Vec::new(),
            promised: Vec::new(),
            runs: Vec::new(),
            submissions: Vec::new(),
            seen: HashMap::new(),
            named: HashSet::new(),
            last: 0,
            stages: Stages::new(),
        })
    }

    /// Files of the checkpoints that were seen.
    pub fn checkpoints(&self) -> &[PathBuf] {
        &self.checkpoints
    }

    /// The server is dead: how far the published log had come.
    pub fn killed(&mut self, data: &Path) {
        self.stages.killed(data);
    }

    /// Adds what a round left behind.
    pub fn note(&mut self, acknowledged: Acknowledged) {
        self.promised.extend(acknowledged.ids);
        self.runs.extend(acknowledged.runs);
        self.submissions.extend(acknowledged.submissions);
        if let Some(note) = acknowledged.checkpoints.last()
            && self.checkpoints.len() < CHECKPOINTS_MAX
        {
            let file = self.notes.join(format!("{}.note", self.checkpoints.len()));
            if std::fs::write(&file, note).is_ok() {
                self.checkpoints.push(file);
            }
        }
    }

    /// After a restart: what is new on the record, whether every promise is kept, whether a repeated submission is the same one.
    pub fn compare(&mut self, story: &Story, report: &mut Report) -> anyhow::Result<()> {
        self.read(story.person(REGULATOR)?)?;
        let operator = self.repeat(story, report)?;
        self.read(story.person(REGULATOR)?)?;
        let lost: Vec<&String> = self
            .promised
            .iter()
            .filter(|id| !self.named.contains(*id))
            .collect();
        report.promised += self.promised.len() as u64;
        report.lost += lost.len() as u64;
        if !lost.is_empty() {
            bail!("acknowledged and not on the record: {lost:?}");
        }
        self.promised.clear();
        report.entries = self.seen.len() as u64;
        report.repeated += operator;
        report.met.clone_from(self.stages.met());
        Ok(())
    }

    /// Submits again, under the same keys, what this round submitted: an answer that came must come again.
    fn repeat(&mut self, story: &Story, report: &mut Report) -> anyhow::Result<u64> {
        let mut repeated = 0;
        let operator = story.operator_of(&story.example("bus-rides"))?;
        for submission in std::mem::take(&mut self.submissions) {
            let answer = operator.post_once("/runs", &submission.key, &submission.request)?;
            let told = answer.served()?;
            let run = told.get("id").and_then(Value::as_str).map(str::to_owned);
            let run = run.context("a run without id")?;
            if submission.run.as_ref().is_some_and(|first| *first != run) {
                report.doubled += 1;
                bail!(
                    "key `{}` gave {:?} and then {run}",
                    submission.key,
                    submission.run
                );
            }
            if submission.run.is_none() {
                self.runs.push(run.clone());
                self.promised.push(run);
            }
            repeated += 1;
        }
        Ok(repeated)
    }

    /// Reads what is new on the record.
    fn read(&mut self, regulator: &Client) -> anyhow::Result<()> {
        loop {
            let page = page(regulator, self.last)?;
            for placed in &page {
                let position = position(placed)?;
                if position != self.last + 1 {
                    bail!("entry {position} follows entry {}", self.last);
                }
                self.seen.insert(position, digest(placed));
                name(placed, &mut self.named);
                self.stages.read(position, placed);
                self.last = position;
            }
            if (page.len() as u64) < PAGE {
                return Ok(());
            }
        }
    }

    /// Reads the whole record anew: no entry may have become another.
    pub fn compare_all(&mut self, story: &Story, report: &mut Report) -> anyhow::Result<()> {
        let regulator = story.person(REGULATOR)?;
        let mut last = 0;
        loop {
            let page = page(regulator, last)?;
            for placed in &page {
                last = position(placed)?;
                let first = self.seen.get(&last);
                if first.is_some_and(|first| *first != digest(placed)) {
                    report.changed += 1;
                    bail!("entry {last} has become another");
                }
            }
            if (page.len() as u64) < PAGE {
                return Ok(());
            }
        }
    }

    /// Waits until every run that was ever accepted has ended, and counts how.
    pub fn drain(
        &self,
        story: &Story,
        longest: Duration,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        for run in &self.runs {
            loop {
                let detail = story
                    .person(BUREAU)?
                    .get(&format!("/runs/{run}/detail"))?
                    .served()?;
                let state = detail
                    .pointer("/run/state")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                if ENDS.contains(&state) {
                    report.ended(state);
                    break;
                }
                if began.elapsed() > longest {
                    bail!("run {run} is still {state}");
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }
}

fn page(regulator: &Client, after: u64) -> anyhow::Result<Vec<Value>> {
    let mut page = regulator
        .get(&format!("/record?limit={PAGE}&after={after}"))?
        .served()?;
    match page.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => bail!("a page without items"),
    }
}

fn position(placed: &Value) -> anyhow::Result<u64> {
    placed
        .get("position")
        .and_then(Value::as_u64)
        .context("an entry without position")
}

/// Digest of the entry alone: its index comes later.
fn digest(placed: &Value) -> [u8; 32] {
    let entry = placed
        .get("entry")
        .map(Value::to_string)
        .unwrap_or_default();
    Sha256::digest(entry.as_bytes()).into()
}

/// Every text in the facts of an entry.
fn name(placed: &Value, named: &mut HashSet<String>) {
    let mut open = vec![placed.pointer("/entry/facts").cloned().unwrap_or_default()];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => {
                named.insert(text);
            }
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}
