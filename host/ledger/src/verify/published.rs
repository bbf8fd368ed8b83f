//! Verification of a published log: its checkpoint, tiles, entry bundles and traces, wherever they were copied to.
//!
//! Trust starts at the signed checkpoints again. Of leaf hashes and entries, those that give the signed roots are taken as the
//! truth, and everything else is compared with what follows from them, hash by hash and entry by entry.

use std::collections::{BTreeMap, BTreeSet};

use yunei_model::{Digest, RunId};

use super::{Finding, Report, Verification, compare};
use crate::tile::{level_above, read_bundle, read_hash_tile};
use crate::{Tile, TileKind, VerifierKey, tree};

/// What is handed in, and how far it must be believed to be all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Entry bundles are part of it.
    pub entries: bool,
    /// Traces are part of it; without entries they are not.
    pub traces: bool,
    /// Entries are those of another system: bytes that mean nothing here.
    pub foreign: bool,
    /// It grows meanwhile: what goes beyond the checkpoint is no finding.
    pub growing: bool,
}

impl Scope {
    /// A whole copy of a log of ours that does not change.
    pub const COPY: Self = Self {
        entries: true,
        traces: true,
        foreign: false,
        growing: false,
    };
}

/// A verification of a published log in progress. Checkpoints are handed in first, then tiles, wider ones before
/// narrower ones in the same place, then traces.
///
/// Memory is some 70 bytes per entry.
#[derive(Debug)]
pub struct Published<'k> {
    verification: Verification<'k>,
    scope: Scope,
    /// By level and index: the tiles there with their hashes, the widest first.
    tiles: BTreeMap<(u8, u64), Vec<(Tile, Vec<Digest>)>>,
    /// By index: the bundles there with the leaf hashes of their entries, the widest first.
    bundles: BTreeMap<u64, Vec<(Tile, Vec<Digest>)>>,
}

impl<'k> Published<'k> {
    /// Begins, trusting `key` to sign checkpoints.
    #[must_use]
    pub fn new(key: &'k VerifierKey, scope: Scope) -> Self {
        Self {
            verification: Verification::new(key),
            scope,
            tiles: BTreeMap::new(),
            bundles: BTreeMap::new(),
        }
    }

    /// Hands in a checkpoint as a signed note: the log's own, or one that was kept elsewhere.
    pub fn checkpoint(&mut self, note: &[u8]) {
        self.verification.checkpoint(note);
    }

    /// Size of the largest checkpoint so far whose signature holds.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let sizes = self.verification.checkpoints.keys();
        sizes.last().copied()
    }

    /// Hands in a hash tile or an entry bundle. Gives the runs with calls whose traces its entries commit to.
    pub fn tile(&mut self, tile: Tile, bytes: &[u8]) -> Vec<RunId> {
        match tile.kind() {
            TileKind::Hashes(level) => {
                match read_hash_tile(bytes, tile.width()) {
                    Ok(hashes) => {
                        let place = self.tiles.entry((level, tile.index())).or_default();
                        place.push((tile, hashes));
                    }
                    Err(_) => self.malformed(tile, "it has not as many hashes as its path says"),
                }
                Vec::new()
            }
            TileKind::Entries => self.bundle(tile, bytes),
        }
    }

    /// Hands in the next leaf of a run's trace, in order within each run.
    pub fn trace_leaf(&mut self, run: RunId, index: u64, facts: &[u8]) {
        self.verification.trace_leaf(run, index, facts);
    }

    /// Tells of a file that is no part of a published log, or cannot be read as one.
    pub fn stray(&mut self, path: &str, reason: &str) {
        self.verification.report.add(Finding::Stray {
            path: path.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn malformed(&mut self, tile: Tile, reason: impl Into<String>) {
        self.verification.report.add(Finding::TileMalformed {
            path: tile.to_string(),
            reason: reason.into(),
        });
    }

    fn bundle(&mut self, tile: Tile, bytes: &[u8]) -> Vec<RunId> {
        let (entries, whole) = read_bundle(bytes, tile.width());
        if !whole {
            let at = tile.first() + entries.len() as u64;
            self.malformed(tile, format!("it cannot be read from entry {at} on"));
        }
        let leaves = entries.iter().map(|entry| tree::leaf_hash(entry)).collect();
        let place = self.bundles.entry(tile.index()).or_default();
        let widest = place.is_empty();
        place.push((tile, leaves));
        if !widest || self.scope.foreign {
            return Vec::new();
        }
        let end = match self.size() {
            Some(size) if self.scope.growing => size,
            _ => u64::MAX,
        };
        let known = self.verification.outcomes.len();
        for (index, entry) in (tile.first()..end).zip(entries) {
            self.verification.content(index, entry);
        }
        let outcomes = self.verification.outcomes.iter().skip(known);
        let with_calls = outcomes.filter(|outcome| outcome.calls != Some(0));
        with_calls.map(|outcome| outcome.run).collect()
    }

    /// Compares all of it.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.verification.open_earlier();
        let found = self.found();
        let leaves = self.leaves();
        let size = self.size();
        self.verification.report.entries = found.len() as u64;
        self.verification.report.covered = size.unwrap_or(0);
        if size.is_none() {
            self.verification.report.add(Finding::NoCheckpoint);
        }
        let truth = self.truth(leaves, &found, size);
        if self.scope.entries {
            self.compare_entries(&truth, &found);
        }
        self.compare_tiles(&truth);
        if self.scope.entries && self.scope.traces && !self.scope.foreign {
            self.compare_traces();
        }
        self.verification.report
    }

    /// Entries as they lie in the bundles: index and leaf hash.
    fn found(&self) -> Vec<(u64, Digest)> {
        let widest = self.bundles.values().filter_map(|place| place.first());
        let found = widest.flat_map(|(tile, leaves)| (tile.first()..).zip(leaves.iter().copied()));
        match self.size() {
            Some(size) if self.scope.growing => found.filter(|(i, _)| *i < size).collect(),
            _ => found.collect(),
        }
    }

    /// Leaf hashes of the tiles of level 0, up to the first gap.
    fn leaves(&self) -> Vec<Digest> {
        let mut leaves = Vec::new();
        for index in 0.. {
            let Some((tile, hashes)) = self.tiles.get(&(0, index)).and_then(|p| p.first()) else {
                break;
            };
            leaves.extend_from_slice(hashes);
            if !tile.is_full() {
                break;
            }
        }
        leaves
    }

    /// The leaf hashes that give the roots of the checkpoints; where none do, those of the tiles.
    fn truth(
        &mut self,
        mut leaves: Vec<Digest>,
        found: &[(u64, Digest)],
        size: Option<u64>,
    ) -> Vec<Digest> {
        let Some(size) = size else {
            return leaves;
        };
        let by_tiles = self.verification.first_break(&leaves);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if by_tiles.is_none() {
            leaves.truncate(size);
            return leaves;
        }
        let numbered = (0..).zip(found).all(|(place, (index, _))| place == *index);
        let mut entries: Vec<Digest> = found.iter().map(|(_, leaf)| *leaf).collect();
        if numbered && self.verification.first_break(&entries).is_none() {
            entries.truncate(size);
            return entries;
        }
        if let Some((from, to)) = by_tiles {
            let report = &mut self.verification.report;
            report.add(Finding::RootMismatch { from, to });
        }
        leaves
    }

    fn compare_entries(&mut self, truth: &[Digest], found: &[(u64, Digest)]) {
        // Entries of others may well be the same twice; then only their places tell them apart.
        let unique = !self.scope.foreign
            || (all_differ(truth.iter()) && all_differ(found.iter().map(|(_, leaf)| leaf)));
        let findings = if unique {
            compare::entries(truth, found)
        } else {
            by_place(truth, found)
        };
        for finding in findings {
            self.verification.report.add(finding);
        }
        let narrower = self.bundles.values().flat_map(|place| place.iter().skip(1));
        let mut findings = Vec::new();
        for (tile, leaves) in narrower {
            findings.extend(differences(*tile, leaves, truth));
        }
        for tile in Tile::of_tree(truth.len() as u64) {
            if tile.kind() == TileKind::Entries {
                let place = self.bundles.get(&tile.index()).and_then(|p| p.first());
                findings.extend(missing(tile, place.map(|(tile, _)| *tile)));
            }
        }
        for finding in findings {
            self.verification.report.add(finding);
        }
    }

    /// Compares every hash tile with the one that follows from `truth`.
    fn compare_tiles(&mut self, truth: &[Digest]) {
        let mut levels: BTreeMap<u8, Vec<Digest>> = BTreeMap::new();
        let mut hashes = truth.to_vec();
        for level in 0_u8.. {
            if hashes.is_empty() {
                break;
            }
            let above = level_above(&hashes);
            levels.insert(level, hashes);
            hashes = above;
        }
        let mut findings = Vec::new();
        for ((level, _), place) in &self.tiles {
            let expected = levels.get(level).map(Vec::as_slice).unwrap_or_default();
            for (tile, hashes) in place {
                if !self.scope.growing || tile.size_min() <= truth.len() as u64 {
                    findings.extend(differences(*tile, hashes, expected));
                }
            }
        }
        for tile in Tile::of_tree(truth.len() as u64) {
            if let TileKind::Hashes(level) = tile.kind() {
                let place = self.tiles.get(&(level, tile.index()));
                let place = place.and_then(|place| place.first());
                findings.extend(missing(tile, place.map(|(tile, _)| *tile)));
            }
        }
        for finding in findings {
            self.verification.report.add(finding);
        }
    }

    fn compare_traces(&mut self) {
        self.verification.traces();
        if self.scope.growing {
            return;
        }
        let traces = &self.verification.traces;
        let strays = traces.iter().filter(|(_, trace)| !trace.expected);
        let strays: Vec<RunId> = strays.map(|(run, _)| *run).collect();
        for run in strays {
            let report = &mut self.verification.report;
            report.add(Finding::TraceStray { run });
        }
    }
}

fn all_differ<'d>(leaves: impl Iterator<Item = &'d Digest>) -> bool {
    let mut seen = BTreeSet::new();
    leaves.into_iter().all(|leaf| seen.insert(leaf))
}

/// Compares entry by entry, each with the one that belongs in its place.
fn by_place(truth: &[Digest], found: &[(u64, Digest)]) -> Vec<Finding> {
    let found: BTreeMap<u64, Digest> = found.iter().copied().collect();
    let mut findings = Vec::new();
    for (index, leaf) in (0..).zip(truth) {
        match found.get(&index) {
            Some(other) if other == leaf => {}
            Some(_) => findings.push(Finding::Altered { index }),
            None => findings.push(Finding::Missing { index }),
        }
    }
    let added = found.range(truth.len() as u64..);
    findings.extend(added.map(|(index, _)| Finding::Added { index: *index }));
    findings
}

/// The first hash of a tile that is not as expected, as a finding.
fn differences(tile: Tile, hashes: &[Digest], expected: &[Digest]) -> Option<Finding> {
    let mut numbers = (tile.first()..).zip(hashes);
    let differs = numbers.find(|(number, hash)| {
        let number = usize::try_from(*number).unwrap_or(usize::MAX);
        expected.get(number) != Some(*hash)
    });
    differs.map(|(number, _)| Finding::TileAltered {
        path: tile.to_string(),
        index: tile.entry_under(number),
    })
}

fn missing(tile: Tile, found: Option<Tile>) -> Option<Finding> {
    let enough = found.is_some_and(|found| found.width() >= tile.width());
    (!enough).then(|| Finding::TileMissing {
        path: tile.to_string(),
    })
}

#[cfg(test)]
mod tests;
