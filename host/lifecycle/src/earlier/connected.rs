//! What a table is judged with: earlier releases sorted by how their rows lie to its own, those among them that only others connect it
//! with. A week less six of its days tells of the seventh, and the six are not about the seventh's rows.
//!
//! The judgement, and the look at what left since, sort by the same rule: two tables that a third one connects never miss each other.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use yunei_model::{Digest, ExactCandidate, ExactRelease, Name, Relation, ReleaseId, ResourceId};
use yunei_store::Change;

use super::plan::RELEASES_MAX;
use super::{Audit, cut, relation, relation_of_rows};
use crate::{Domain, LifecycleError};

/// Earlier releases about the same resource, sorted by how their rows lie to a candidate's.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    pub(super) same: Vec<T>,
    /// Of other periods, or of the same in another snapshot; with those that such a one shares rows with in turn.
    pub(super) cut: Vec<T>,
    /// What overlaps otherwise.
    pub(super) overlapping: Vec<T>,
}

/// Sorts what left: what is over the same rows, what time can be cut with, and what overlaps otherwise. What shares rows with a table that
/// the candidate is cut with is part of it too. What is left out tells nothing of the candidate.
pub(super) fn sort<T: Borrow<ExactRelease>>(candidate: &ExactCandidate, told: Vec<T>) -> Sorted<T> {
    let mut sorted = Sorted {
        same: Vec::new(),
        cut: Vec::new(),
        overlapping: Vec::new(),
    };
    let mut open = told;
    // Everything that is followed is chosen by the candidate's filter, so that its period alone tells which rows it shares.
    let mut followed = vec![candidate.rows.period.clone()];
    let mut next = VecDeque::from([candidate.rows.clone()]);
    while let Some(rows) = next.pop_front() {
        let mut apart = Vec::new();
        for told in open {
            let exact = told.borrow();
            let facts = candidate.resource.shares_facts_of_subjects(&exact.resource);
            match relation_of_rows(&rows, &candidate.resource, exact) {
                Relation::Disjoint => apart.push(told),
                _ if exact.rows == candidate.rows => sorted.same.push(told),
                // Pieces of time have nothing in common, unless their rows repeat a fact.
                _ if exact.computed && !facts && cut::is_cut_with(&candidate.rows, &exact.rows) => {
                    if !followed.contains(&exact.rows.period) {
                        followed.push(exact.rows.period.clone());
                        next.push_back(exact.rows.clone());
                    }
                    sorted.cut.push(told);
                }
                _ => sorted.overlapping.push(told),
            }
        }
        open = apart;
    }
    let repeats = |told: &T| {
        let relation = relation(&candidate.rows, &candidate.resource, told.borrow());
        relation != Relation::Disjoint
    };
    sorted.overlapping.extend(open.into_iter().filter(repeats));
    sorted
}

/// What left about a resource, before an audit looked and since.
#[derive(Debug, Default)]
struct Left {
    before: Vec<ExactRelease>,
    since: Vec<ExactRelease>,
}

impl Left {
    /// How many of those that left since a candidate would have to be held against, were it judged now. The very same table tells
    /// nothing more.
    fn overtaking(&self, candidate: &ExactCandidate, table: Option<Digest>) -> u64 {
        let is_repeated = |exact: &ExactRelease| {
            exact.rows == candidate.rows
                && exact.structure == candidate.structure
                && table == Some(exact.table)
        };
        if !candidate.computed {
            // The gate joins nothing with it: what shares rows with it is counted for people, and nothing beyond.
            let shares =
                |exact: &ExactRelease| relation(&candidate.rows, &candidate.resource, exact);
            let since = self.since.iter();
            let telling = since.filter(|e| shares(e) != Relation::Disjoint && !is_repeated(e));
            return telling.count() as u64;
        }
        let since: BTreeSet<ReleaseId> = self.since.iter().map(|exact| exact.release).collect();
        let told: Vec<&ExactRelease> = self.before.iter().chain(&self.since).collect();
        let sorted = sort(candidate, told);
        let reached = sorted
            .same
            .iter()
            .chain(&sorted.cut)
            .chain(&sorted.overlapping);
        let telling = reached.filter(|e| since.contains(&e.release) && !is_repeated(e));
        telling.count() as u64
    }
}

impl Domain {
    /// How many exact releases left since the gate was told what had left, that these tables would have to be held against: by
    /// output and resource, so that one that several are about counts for each.
    pub(crate) async fn overtaken_by(
        &self,
        change: &mut Change,
        audit: &Audit,
        tables: &[(Name, Digest)],
    ) -> Result<u64, LifecycleError> {
        let mut read: BTreeMap<ResourceId, Left> = BTreeMap::new();
        let mut overtaking = 0;
        for candidate in &audit.candidates {
            let resource = candidate.rows.resource;
            let left = match read.remove(&resource) {
                Some(left) => left,
                None => left_about(change, candidate, audit).await?,
            };
            let table = tables.iter().find(|(name, _)| *name == candidate.output);
            overtaking += left.overtaking(candidate, table.map(|(_, digest)| *digest));
            read.insert(resource, left);
        }
        Ok(overtaking)
    }
}

/// Reads what left about a candidate's resource; nothing of what left before where nothing left since.
async fn left_about(
    change: &mut Change,
    candidate: &ExactCandidate,
    audit: &Audit,
) -> Result<Left, LifecycleError> {
    let resource = candidate.rows.resource;
    let mut left = Left::default();
    let mut after = audit.to;
    loop {
        let page = change.exact_releases(resource, after, u64::MAX).await?;
        let Some(last) = page.last().map(|listed| listed.position) else {
            break;
        };
        after = last;
        left.since
            .extend(page.into_iter().map(|listed| listed.exact));
    }
    let mut after = 0;
    // What is beyond, the judgement did not look at either, and people decide.
    while !left.since.is_empty() && left.before.len() < RELEASES_MAX {
        let page = change.exact_releases(resource, after, audit.to).await?;
        let Some(last) = page.last().map(|listed| listed.position) else {
            break;
        };
        after = last;
        let told = page.into_iter().map(|listed| listed.exact);
        // An edition that left since is not among those that the judgement compared with, and counts.
        left.before
            .extend(told.filter(|exact| !audit.is_revised(exact, &candidate.rows)));
    }
    Ok(left)
}

#[cfg(test)]
mod tests;
