//! Figures of two columns in two tables, where the columns differ in few rows.
//!
//! One table shows the sum of a column, another that of a second column, which is the same but for somebody. What is the same set of rows in
//! both tables, however it is put together from their cells, is made of whole *knots*: sets of cells of the one and of the other that
//! are over the same atoms, and no smaller. (A function of the rows that is constant in each cell of the one table and in each of
//! the other is constant in each knot.) A difference is thus a combination of the knots' differences, and harmless where each
//! of these is of nobody or of enough units: what passes in each of disjoint sets of rows passes in all of them together. Where the columns
//! differ in every row of a small knot, it hides nobody among others, unless there are others for whom nothing differs.

use std::collections::HashMap;

use yunei_model::Status;

use super::system::Party;
use super::{Joint, Unlinked};
use crate::profile::{Profile, Settings};
use crate::rules;

/// Pairs of columns times atoms times tables at most; beyond it people decide.
const WORK_MAX: usize = 50_000_000;

/// Whether no difference of two columns is told between two tables.
pub(super) fn check(
    joint: &Joint<'_>,
    parties: &[Party<'_>],
    profile: &Profile,
) -> Result<(), Unlinked> {
    let settings = profile.settings();
    if !settings.complement.is_some_and(|rule| rule.disclosive) {
        return Ok(());
    }
    let mut work = 0_usize;
    for (index, channel) in joint.statistics.channels().iter().enumerate() {
        let Some(measures) = channel.columns_apart() else {
            continue;
        };
        let [one, other] = measures.map(|measure| telling(parties, measure));
        let Some(first) = one.first().filter(|_| !other.is_empty()) else {
            continue;
        };
        // A table by itself is held against the rule in its own cells, margins included.
        if one.iter().chain(&other).all(|place| place == first) {
            continue;
        }
        work += joint.atoms.len().saturating_mul(one.len() + other.len());
        if work > WORK_MAX {
            return Err(Unlinked::TooLarge);
        }
        let knots = Knots::tie(joint, parties, [&one, &other]);
        if tells(&knots.counts(joint, index), settings) {
            return Err(Unlinked::Alike);
        }
    }
    Ok(())
}

/// The tables that show a measure of the atoms.
fn telling(parties: &[Party<'_>], measure: usize) -> Vec<usize> {
    let parties = parties.iter().enumerate();
    parties
        .filter(|(_, party)| party.measures.contains(&Some(measure)))
        .map(|(place, _)| place)
        .collect()
}

/// Whether a difference of the knots' figures could be about a few.
pub(super) fn tells(knots: &[Count], settings: &Settings) -> bool {
    let passes = |units| rules::threshold(units, &settings.threshold).status == Status::Pass;
    let mut few = knots
        .iter()
        .filter(|knot| knot.apart > 0 && !passes(knot.units));
    let alike = knots.iter().any(|knot| knot.rows > 0 && knot.apart == 0);
    few.any(|knot| alike || knot.apart < knot.rows)
}

/// A knot's rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) rows: u64,
    /// Rows in which the columns differ.
    pub(super) apart: u64,
    /// Units behind those, at least.
    pub(super) units: u64,
}

/// Which knot each atom is part of, by number: a forest of sets (Galler and Fischer, 1964).
struct Knots {
    above: Vec<usize>,
    /// The set of each atom's cells in the tables of the first column.
    of_atom: Vec<usize>,
}

impl Knots {
    fn tie(joint: &Joint<'_>, parties: &[Party<'_>], [one, other]: [&[usize]; 2]) -> Self {
        let mut knots = Self {
            above: Vec::new(),
            of_atom: Vec::with_capacity(joint.atoms.len()),
        };
        // Several tables of a column are one whose cells are where theirs meet.
        let mut known: [HashMap<Vec<Option<usize>>, usize>; 2] = [HashMap::new(), HashMap::new()];
        for key in joint.atoms.keys() {
            let mut sets = known.iter_mut().zip([one, other]).map(|(known, places)| {
                let tables = places.iter().filter_map(|place| parties.get(*place));
                let cells: Vec<_> = tables.map(|party| party.cell(joint.frame, *key)).collect();
                *known.entry(cells).or_insert_with(|| {
                    knots.above.push(knots.above.len());
                    knots.above.len() - 1
                })
            });
            let (first, second) = (sets.next(), sets.next());
            drop(sets);
            if let (Some(first), Some(second)) = (first, second) {
                knots.join(first, second);
                knots.of_atom.push(first);
            }
        }
        knots
    }

    fn root(&mut self, set: usize) -> usize {
        let mut at = set;
        while let Some(above) = self.above.get(at).copied().filter(|above| *above != at) {
            // Halves the path, so that the next one is shorter.
            let higher = self.above.get(above).copied().unwrap_or(above);
            if let Some(held) = self.above.get_mut(at) {
                *held = higher;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(above) = self.above.get_mut(one) {
            *above = other;
        }
    }

    /// The counts of each knot in a channel that counts rows in which two columns differ.
    fn counts(mut self, joint: &Joint<'_>, channel: usize) -> Vec<Count> {
        let statistics = joint.statistics;
        let mut counts = vec![Count::default(); self.above.len()];
        let atoms = std::mem::take(&mut self.of_atom);
        for (atom, set) in atoms.into_iter().enumerate() {
            let root = self.root(set);
            let (Some(count), Some(slot)) = (counts.get_mut(root), statistics.slot(atom, channel))
            else {
                continue;
            };
            // Units that are in other atoms too are counted once at most: in the atom that has most of them.
            let shared = statistics.units(atom) - statistics.exclusive_units(atom);
            let alone = slot.units.saturating_sub(shared);
            count.rows += statistics.rows(atom);
            count.apart += slot.rows;
            count.units = (count.units + alone).max(slot.units);
        }
        counts
    }
}
