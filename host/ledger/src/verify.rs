//! Offline verification: re-computes everything and says where it breaks.
//!
//! Trust starts at the signed checkpoints. Stored leaf hashes that give the signed roots are as good as the
//! checkpoints, and entries are then compared with them one by one; without them a break is located between
//! two checkpoints. What lies beyond the newest checkpoint is only checked against the log's own hashes.

mod compare;
mod finding;
mod published;

use std::collections::{BTreeMap, BTreeSet};

use yunei_model::{Digest, EntryId, RunId};

pub use finding::{FINDINGS_MAX, Finding, Report};
pub use published::{Published, Scope};

use crate::{Checkpoint, Entry, Frontier, LedgerError, Tree, VerifierKey, log, tree};

/// A verification in progress: hand in all evidence, then ask for the report.
///
/// Memory is some 50 bytes per entry and little per run, so a record is streamed through it.
#[derive(Debug)]
pub struct Verification<'k> {
    key: &'k VerifierKey,
    /// Notes that the key did not sign, with their numbers and why: perhaps a key of before did.
    unopened: Vec<(u64, Vec<u8>, LedgerError)>,
    /// Entries that tell of a new key: index, the key of before, the key from then on.
    rotations: Vec<(u64, String, String)>,
    notes: u64,
    checkpoints: BTreeMap<u64, Digest>,
    stored: BTreeMap<u64, Digest>,
    entries: Vec<(u64, Digest)>,
    pending: u64,
    ids: BTreeSet<EntryId>,
    traces: BTreeMap<RunId, Trace>,
    outcomes: Vec<Outcome>,
    report: Report,
}

#[derive(Debug, Default)]
struct Trace {
    tree: Frontier,
    expected: bool,
}

#[derive(Debug)]
struct Outcome {
    entry: u64,
    run: RunId,
    root: Digest,
    calls: Option<u64>,
}

impl<'k> Verification<'k> {
    /// Begins, trusting `key` to sign checkpoints.
    #[must_use]
    pub fn new(key: &'k VerifierKey) -> Self {
        Self {
            key,
            unopened: Vec::new(),
            rotations: Vec::new(),
            notes: 0,
            checkpoints: BTreeMap::new(),
            stored: BTreeMap::new(),
            entries: Vec::new(),
            pending: 0,
            ids: BTreeSet::new(),
            traces: BTreeMap::new(),
            outcomes: Vec::new(),
            report: Report::default(),
        }
    }

    /// Hands in a checkpoint as a signed note, in any order. One that a key of before has signed counts if an entry of the log
    /// tells of that key, under a checkpoint that the present key has signed.
    pub fn checkpoint(&mut self, note: &[u8]) {
        let number = self.notes;
        self.notes += 1;
        match Checkpoint::open(note, self.key) {
            Ok(read) => self.accept(&read),
            Err(error) => self.unopened.push((number, note.to_vec(), error)),
        }
    }

    fn accept(&mut self, read: &Checkpoint) {
        match self.checkpoints.insert(read.size, read.root) {
            Some(root) if root != read.root => self.report.add(Finding::Fork { size: read.size }),
            _ => self.report.checkpoints += 1,
        }
    }

    /// Opens with keys of before what the present key did not sign; the rest is forged.
    fn open_earlier(&mut self) {
        let retired = self.retired();
        for (number, note, error) in std::mem::take(&mut self.unopened) {
            let opened = retired.iter().find_map(|(key, until)| {
                let read = Checkpoint::open(&note, key).ok()?;
                (read.size <= *until).then_some(read)
            });
            match opened {
                Some(read) => self.accept(&read),
                None => self.report.add(Finding::ForgedCheckpoint {
                    number,
                    reason: error.to_string(),
                }),
            }
        }
    }

    /// Keys of before, from the present one backwards, each with the size of the log up to which it signed.
    ///
    /// INVARIANT: an entry says which keys signed before only once the present key has signed over it. Anybody can write an entry that
    /// names a key of his own.
    fn retired(&mut self) -> Vec<(VerifierKey, u64)> {
        // Nothing but what the present key signed was accepted yet.
        let signed = self.checkpoints.keys().next_back().copied().unwrap_or(0);
        self.rotations.sort_by_key(|(index, ..)| *index);
        let mut retired = Vec::new();
        let mut wanted = self.key.to_string();
        let rotations = self.rotations.iter().rev();
        for (index, from, to) in rotations.filter(|(index, ..)| *index < signed) {
            let key = VerifierKey::parse(from).ok();
            let key = key.filter(|key| *to == wanted && key.name() == self.key.name());
            if let Some(key) = key {
                retired.push((key, index.saturating_add(1)));
                wanted.clone_from(from);
            }
        }
        retired
    }

    /// Hands in a stored hash of the log by its position, in any order.
    pub fn stored_hash(&mut self, position: u64, hash: Digest) {
        self.stored.insert(position, hash);
    }

    /// Hands in an entry as it was kept, in the order of the record; `index` is `None` while it waits to be sequenced.
    pub fn entry(&mut self, index: Option<u64>, canonical: &[u8]) {
        let Some(index) = index else {
            self.pending += 1;
            self.content(self.pending_index(), canonical);
            return;
        };
        self.entries.push((index, tree::leaf_hash(canonical)));
        self.content(index, canonical);
    }

    /// Tells that the columns that an entry is searched by do not say what its body says.
    pub fn misfiled(&mut self, index: Option<u64>) {
        let index = index.unwrap_or_else(|| self.pending_index());
        self.report.add(Finding::Misfiled { index });
    }

    /// Hands in the next leaf of a run's trace: the canonical JSON of a call's facts. In order within each run.
    pub fn trace_leaf(&mut self, run: RunId, index: u64, facts: &[u8]) {
        let trace = self.traces.entry(run).or_default();
        let expected = trace.tree.size();
        trace.tree.push(tree::leaf_hash(facts));
        self.report.calls += 1;
        if index != expected {
            self.report.add(Finding::TraceGap {
                run,
                expected,
                index,
            });
        }
    }

    /// Compares all of it.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.open_earlier();
        self.entries.sort_by_key(|(index, _)| *index);
        self.report.entries = self.entries.len() as u64;
        self.report.pending = self.pending;
        let covered = self.checkpoints.keys().next_back().copied();
        self.report.covered = covered.unwrap_or(0);
        self.traces();
        self.log();
        self.report
    }

    fn pending_index(&self) -> u64 {
        let next = self.entries.last().map_or(0, |(index, _)| index + 1);
        next.saturating_add(self.pending).saturating_sub(1)
    }

    fn content(&mut self, index: u64, canonical: &[u8]) {
        let entry = match Entry::parse(canonical) {
            Ok(entry) => entry,
            Err(error) => {
                self.report.add(Finding::Malformed {
                    index,
                    reason: error.to_string(),
                });
                return;
            }
        };
        if !self.ids.insert(entry.id()) {
            self.report.add(Finding::IdTwice {
                index,
                id: entry.id(),
            });
        }
        if let Some((from, to)) = entry.rotation() {
            let rotation = (index, from.to_owned(), to.to_owned());
            self.rotations.push(rotation);
        }
        if let (Some(run), Some(root)) = (entry.run(), entry.trace_root()) {
            self.outcomes.push(Outcome {
                entry: index,
                run,
                root,
                calls: entry.calls(),
            });
        }
    }

    fn traces(&mut self) {
        for outcome in std::mem::take(&mut self.outcomes) {
            let trace = self.traces.entry(outcome.run).or_default();
            trace.expected = true;
            let calls = trace.tree.size();
            if trace.tree.root() != outcome.root || outcome.calls.is_some_and(|c| c != calls) {
                self.report.add(Finding::TraceMismatch {
                    index: outcome.entry,
                    run: outcome.run,
                    expected_calls: outcome.calls,
                    calls,
                });
            }
        }
        let (closed, open): (Vec<_>, Vec<_>) =
            self.traces.values().partition(|trace| trace.expected);
        self.report.runs = closed.len() as u64;
        self.report.open_runs = open.len() as u64;
    }

    fn log(&mut self) {
        let found: Vec<Digest> = self.entries.iter().map(|(_, leaf)| *leaf).collect();
        let leaves = self.stored_leaves();
        let by_entries = self.first_break(&found);
        if leaves.is_empty() && self.stored.is_empty() {
            if let Some((from, to)) = by_entries {
                self.report.add(Finding::RootMismatch { from, to });
            }
            self.numbering();
            return;
        }
        let by_hashes = self.first_break(&leaves);
        match (by_hashes, by_entries) {
            // The hashes were changed and the entries were not: the entries say what the hashes should be.
            (Some(_), None) => self.compare_stored(&found),
            (Some((from, to)), Some(_)) => {
                self.report.add(Finding::RootMismatch { from, to });
                self.compare_entries(&leaves);
            }
            (None, _) => {
                self.compare_stored(&leaves);
                self.compare_entries(&leaves);
            }
        }
    }

    /// The leaf hashes among the stored ones, from the first without a gap.
    fn stored_leaves(&self) -> Vec<Digest> {
        (0..)
            .map_while(|index| self.stored.get(&log::leaf_position(index)).copied())
            .collect()
    }

    /// The first checkpoint that these leaves do not give: from the newest good one before it, up to it.
    fn first_break(&self, leaves: &[Digest]) -> Option<(u64, u64)> {
        let mut tree = Frontier::default();
        let mut leaves = leaves.iter();
        let mut good = 0;
        for (size, root) in &self.checkpoints {
            while tree.size() < *size {
                match leaves.next() {
                    Some(leaf) => tree.push(*leaf),
                    None => return Some((good, *size)),
                }
            }
            if tree.root() != *root {
                return Some((good, *size));
            }
            good = *size;
        }
        None
    }

    /// Compares the stored hashes with those that `leaves` give.
    fn compare_stored(&mut self, leaves: &[Digest]) {
        let mut tree = Tree::default();
        if leaves.iter().any(|leaf| tree.push(*leaf).is_err()) {
            return;
        }
        let mut stored = std::mem::take(&mut self.stored);
        for (position, hash) in (0..).zip(tree.stored()) {
            if stored.remove(&position) != Some(*hash) {
                self.report.add(Finding::HashAltered { position });
            }
        }
        for position in stored.into_keys() {
            self.report.add(Finding::HashAltered { position });
        }
    }

    /// Compares the entries with the leaves that the log has.
    fn compare_entries(&mut self, leaves: &[Digest]) {
        for finding in compare::entries(leaves, &self.entries) {
            self.report.add(finding);
        }
    }

    /// Without hashes to compare with, entries must at least be numbered from 0 without a gap.
    fn numbering(&mut self) {
        let odd = (0..)
            .zip(&self.entries)
            .find(|(place, (index, _))| place != index);
        if let Some((place, (index, _))) = odd {
            self.report.add(Finding::Misnumbered {
                index: *index,
                expected: place,
            });
        }
    }
}

#[cfg(test)]
mod tests;
