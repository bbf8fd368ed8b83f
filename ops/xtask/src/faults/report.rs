//! What came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::bail;

use super::moment::Moment;

/// Figures of a play.
#[derive(Debug)]
pub struct Report {
    seed: u64,
    build: &'static str,
    kills: BTreeMap<String, u64>,
    missed: u64,
    restarts_ms: Vec<u128>,
    aborted: u64,
    ends: BTreeMap<String, u64>,
    verifications: u64,
    checkpoints: usize,
    /// Things acknowledged and looked for.
    pub promised: u64,
    /// Of those, not on the record.
    pub lost: u64,
    /// Submissions repeated under their keys.
    pub repeated: u64,
    /// Of those, that became a second run.
    pub doubled: u64,
    /// Entries that became others.
    pub changed: u64,
    /// Entries on the record.
    pub entries: u64,
    /// Kills by how far runs were.
    pub met: BTreeMap<&'static str, u64>,
}

impl Report {
    /// An empty one.
    pub const fn new(seed: u64, build: &'static str) -> Self {
        Self {
            seed,
            build,
            kills: BTreeMap::new(),
            missed: 0,
            restarts_ms: Vec::new(),
            aborted: 0,
            ends: BTreeMap::new(),
            verifications: 0,
            checkpoints: 0,
            promised: 0,
            lost: 0,
            repeated: 0,
            doubled: 0,
            changed: 0,
            entries: 0,
            met: BTreeMap::new(),
        }
    }

    /// The server was killed; `reached` tells whether the moment had come.
    pub fn killed(&mut self, moment: Moment, reached: bool) {
        *self.kills.entry(moment.name()).or_default() += 1;
        self.missed += u64::from(!reached);
    }

    /// It was up again after so long, and ended so many runs as aborted.
    pub fn restarted(&mut self, took: Duration, aborted: u64) {
        self.restarts_ms.push(took.as_millis());
        self.aborted += aborted;
    }

    /// The record was verified against so many checkpoints.
    pub fn verified(&mut self, checkpoints: usize) {
        self.verifications += 1;
        self.checkpoints = checkpoints;
    }

    /// A run ended in that state.
    pub fn ended(&mut self, state: &str) {
        *self.ends.entry(state.to_owned()).or_default() += 1;
    }

    /// In one line.
    pub fn line(&self) -> String {
        format!(
            "{} acknowledged, {} lost, {} entries, {} runs aborted",
            self.promised, self.lost, self.entries, self.aborted
        )
    }

    /// An error when anything that was acknowledged is gone.
    pub fn judge(&self) -> anyhow::Result<()> {
        if self.lost + self.doubled + self.changed == 0 {
            return Ok(());
        }
        bail!(
            "{} lost, {} doubled, {} changed",
            self.lost,
            self.doubled,
            self.changed
        )
    }

    /// As a page.
    pub fn markdown(&self, machine: &str) -> String {
        let mut text = String::from("# Kills\n\n");
        let kills: u64 = self.kills.values().sum();
        let mut restarts = self.restarts_ms.clone();
        restarts.sort_unstable();
        let restart = |index: usize| restarts.get(index).copied().unwrap_or_default();
        let lines = [
            format!("`cargo xtask faults --rounds {kills} --seed {}`, {} build: SIGKILL of the server while two people submit runs,", self.seed, self.build),
            "one uploads modules, one has tokens issued and one reads checkpoints; then a restart over the same directory.".to_owned(),
            String::new(),
            machine.to_owned(),
            String::new(),
            "| | |".to_owned(),
            "|---|---|".to_owned(),
            format!("| kills | {kills} ({}) |", counts(&self.kills)),
            format!("| kills that met … | {} |", counts(&self.met)),
            format!("| kills whose moment did not come in time | {} |", self.missed),
            format!("| acknowledged, and looked for on the record after the next start | {} |", self.promised),
            format!("| **of those lost** | **{}** |", self.lost),
            format!("| submissions repeated under their idempotency keys | {} |", self.repeated),
            format!("| of those that became a second run | {} |", self.doubled),
            format!("| entries on the record at the end | {} |", self.entries),
            format!("| entries that had become others | {} |", self.changed),
            format!("| offline verifications of the whole record, the last against {} checkpoints seen on the way | {}, all held |", self.checkpoints, self.verifications),
            format!("| runs ended as `aborted` at a start | {} |", self.aborted),
            format!("| how accepted runs ended | {} |", counts(&self.ends)),
            format!("| kill to listening again | median {} ms, longest {} ms |", restart(restarts.len() / 2), restart(restarts.len().saturating_sub(1))),
        ];
        for line in lines {
            // Writing to a text does not fail.
            let _written = writeln!(text, "{line}");
        }
        text
    }
}

fn counts<N: std::fmt::Display>(map: &BTreeMap<N, u64>) -> String {
    let parts: Vec<String> = map
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    parts.join("; ")
}
