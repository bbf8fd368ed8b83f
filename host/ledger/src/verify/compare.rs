//! Which entries were altered, added, removed or moved: a difference of two sequences.
//!
//! Leaf hashes are unique, because every entry has a nonce. So each entry found either has one place in the
//! log or none. The longest run of entries in rising order of place counts as undisturbed; all others moved.

use std::collections::{BTreeMap, BTreeSet};

use yunei_model::Digest;

use super::Finding;

/// Compares the entries found (index claimed, leaf hash; in order) with the log's leaves.
pub(super) fn entries(leaves: &[Digest], found: &[(u64, Digest)]) -> Vec<Finding> {
    let mut places: BTreeMap<Digest, u64> = (0..).zip(leaves).map(|(i, leaf)| (*leaf, i)).collect();
    // A second copy of an entry has no place left: it was added.
    let placed: Vec<(u64, Option<u64>)> = found
        .iter()
        .map(|(index, leaf)| (*index, places.remove(leaf)))
        .collect();
    let unfound: BTreeSet<u64> = places.into_values().collect();
    let undisturbed = longest_rising(&placed);
    let mut findings = Vec::new();
    let mut gap = Gap::default();
    let mut anchors = undisturbed.iter().copied().peekable();
    for (number, (index, place)) in placed.iter().enumerate() {
        match place {
            Some(place) if anchors.next_if_eq(&number).is_some() => {
                gap.close(*place, &unfound, &mut findings);
                if index != place && *index != number as u64 {
                    findings.push(Finding::Misnumbered {
                        index: *index,
                        expected: *place,
                    });
                }
            }
            Some(place) => findings.push(Finding::Reordered {
                index: *index,
                expected: *place,
            }),
            None => gap.strangers.push(*index),
        }
    }
    gap.close(leaves.len() as u64, &unfound, &mut findings);
    findings
}

/// What lies between two undisturbed entries.
#[derive(Default)]
struct Gap {
    /// First place in the log after the last undisturbed entry.
    from: u64,
    /// Indexes claimed by entries that the log does not have.
    strangers: Vec<u64>,
}

impl Gap {
    /// Ends the gap at `to`: strangers stand for what is gone as long as there are enough of both.
    fn close(&mut self, to: u64, unfound: &BTreeSet<u64>, findings: &mut Vec<Finding>) {
        let mut gone = unfound.range(self.from..to.max(self.from)).copied();
        for index in std::mem::take(&mut self.strangers) {
            findings.push(
                gone.next()
                    .map_or(Finding::Added { index }, |index| Finding::Altered { index }),
            );
        }
        findings.extend(gone.map(|index| Finding::Missing { index }));
        self.from = to.saturating_add(1);
    }
}

/// Numbers of the entries that form the longest sequence of rising places (patience sorting).
fn longest_rising(placed: &[(u64, Option<u64>)]) -> Vec<usize> {
    // For each length, the entry with the lowest place that ends a sequence of that length.
    let mut ends: Vec<(u64, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(placed.len());
    for (number, (_, place)) in placed.iter().enumerate() {
        let Some(place) = *place else {
            before.push(None);
            continue;
        };
        let length = ends.partition_point(|(end, _)| *end < place);
        before.push(
            length
                .checked_sub(1)
                .and_then(|l| ends.get(l))
                .map(|(_, number)| *number),
        );
        match ends.get_mut(length) {
            Some(end) => *end = (place, number),
            None => ends.push((place, number)),
        }
    }
    let mut rising = Vec::with_capacity(ends.len());
    let mut number = ends.last().map(|(_, number)| *number);
    while let Some(at) = number {
        rising.push(at);
        number = before.get(at).copied().flatten();
    }
    rising.reverse();
    rising
}
