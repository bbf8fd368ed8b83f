//! Class disclosure among atoms: lines along a sensitive axis of which everybody is in one class.
//!
//! A cell of a table that is all there is of its line fails by itself. What this finds is told by no cell: the seventh day of a week, which is the
//! week less six of its days; those between two bandings that cross. Whoever works out how many these are has the class of each.

use std::collections::{BTreeMap, BTreeSet};

use super::Joint;
use super::system::{Party, System};

/// The codes that make a line: of which axes, and which.
type Line = Vec<(usize, usize)>;

/// Along which axis, beside which others, and over whose rows lines are looked at.
struct Direction<'a> {
    sensitive: usize,
    /// Axes whose codes a line has in common, those of pieces apart.
    common: BTreeSet<usize>,
    /// Tables that tell of the sensitive axis: a line has rows of theirs alone.
    told_by: Vec<&'a Party<'a>>,
}

/// Sets of atoms that are all there is of a line in one class: lines of each table by itself and of all tables that tell of the class
/// together, in each piece of time, and over all those pieces in which it is the same class.
pub(super) fn in_one_class(
    system: &System,
    joint: &Joint<'_>,
    parties: &[Party<'_>],
) -> BTreeSet<Vec<u32>> {
    let frame = joint.frame;
    let pieces: BTreeSet<usize> = parties
        .iter()
        .filter_map(|party| frame.axis(party.table.piece?.axis))
        .collect();
    let mut found = BTreeSet::new();
    for direction in directions(joint, parties) {
        // Per line, and piece of time: its classes, and its atoms.
        let mut lines: BTreeMap<(Line, Line), (BTreeSet<usize>, Vec<u32>)> = BTreeMap::new();
        for (atom, number) in (0_u32..).zip(&system.numbers) {
            let Some(key) = joint.atoms.keys().get(*number as usize) else {
                continue;
            };
            if !direction.told_by.iter().any(|p| p.is_over(frame, *key)) {
                continue;
            }
            let on = |axes: &BTreeSet<usize>| -> Line {
                axes.iter().map(|a| (*a, frame.code(*key, *a))).collect()
            };
            let line = lines.entry((on(&direction.common), on(&pieces)));
            let (classes, atoms) = line.or_default();
            classes.insert(frame.code(*key, direction.sensitive));
            atoms.push(atom);
        }
        let mut over_time: BTreeMap<(Line, usize), Vec<u32>> = BTreeMap::new();
        for ((line, _), (classes, atoms)) in lines {
            let mut classes = classes.into_iter();
            let (Some(class), None) = (classes.next(), classes.next()) else {
                continue;
            };
            over_time.entry((line, class)).or_default().extend(&atoms);
            found.insert(atoms);
        }
        for (_, mut atoms) in over_time {
            atoms.sort_unstable();
            found.insert(atoms);
        }
    }
    found
}

/// Every sensitive axis: beside the axes of each table that tells of it, and beside those of all of them.
fn directions<'a>(joint: &Joint<'_>, parties: &'a [Party<'a>]) -> Vec<Direction<'a>> {
    let mut telling: BTreeMap<usize, Vec<&Party<'_>>> = BTreeMap::new();
    for party in parties {
        let dimensions = party.table.shape.dimensions().iter().zip(&party.axes);
        for (_, axis) in dimensions.filter(|(d, _)| d.sensitive && d.labels.len() > 1) {
            telling.entry(*axis).or_default().push(party);
        }
    }
    let field = |axis: usize| joint.frame.axes().get(axis).map(|axis| &axis.field);
    let mut directions = Vec::new();
    for (sensitive, told_by) in telling {
        let beside = |parties: &[&Party<'_>]| -> BTreeSet<usize> {
            let axes = parties.iter().flat_map(|party| &party.axes).copied();
            // Other bandings of the same field are the same classes.
            axes.filter(|axis| field(*axis) != field(sensitive))
                .collect()
        };
        let all = beside(&told_by);
        let mut known = BTreeSet::from([all.clone()]);
        for party in &told_by {
            let common = beside(&[*party]);
            if known.insert(common.clone()) {
                let same = |p: &&&Party<'_>| beside(&[**p]) == common;
                directions.push(Direction {
                    told_by: told_by.iter().filter(same).copied().collect(),
                    sensitive,
                    common,
                });
            }
        }
        directions.push(Direction {
            sensitive,
            common: all,
            told_by,
        });
    }
    directions
}
