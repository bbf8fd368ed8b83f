//! Merging along the registered bandings.

use yunei_model::Decision;

use super::fails;
use crate::accumulate::{Protection, Statistics};
use crate::judge::{Judgement, Trial, judge};
use crate::profile::Profile;
use crate::shape::Shape;

/// Steps of coarsening at most; the statistics of each are gathered in the same pass.
pub const MERGE_STEPS_MAX: usize = 8;

/// The order in which bandings are coarsened, from public structure alone: the dimension with most labels goes to its next coarser
/// banding, the first of several, until none has a coarser one or [`MERGE_STEPS_MAX`] is reached.
///
/// `ladders` has, for each dimension, the numbers of labels of its banding and of every coarser one. Answers which rung of its ladder each
/// dimension stands on, step by step; the first step is the finest.
///
/// ```
/// # use yunei_disclosure::alternative::merge_path;
/// assert_eq!(merge_path(&[vec![3], vec![17, 4]]), [vec![0, 0], vec![0, 1]]);
/// ```
#[must_use]
pub fn merge_path(ladders: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut rungs = vec![0_usize; ladders.len()];
    let mut path = vec![rungs.clone()];
    for _ in 0..MERGE_STEPS_MAX {
        let next = ladders
            .iter()
            .zip(&rungs)
            .enumerate()
            .filter(|(_, (ladder, rung))| ladder.len() > **rung + 1)
            .max_by_key(|(dimension, (ladder, rung))| {
                (ladder.get(**rung).copied(), std::cmp::Reverse(*dimension))
            })
            .map(|(dimension, _)| dimension);
        let Some(rung) = next.and_then(|dimension| rungs.get_mut(dimension)) else {
            break;
        };
        *rung += 1;
        path.push(rungs.clone());
    }
    path
}

/// Judges the steps of a merge, finest first: the first in which nothing fails is the table that leaves. Answers which one it was.
///
/// Withheld: every step has a cell that fails. Under [`Protection::None`] nothing can fail, and the finest leaves.
#[must_use]
pub fn merge(
    steps: &[(&Shape, &Statistics)],
    profile: &Profile,
    protection: Protection,
) -> Option<(usize, Judgement)> {
    let mut last = None;
    for (step, (shape, statistics)) in steps.iter().enumerate() {
        if protection == Protection::None {
            return Some((step, judge(statistics, shape, profile, protection)));
        }
        let mut trial = Trial::judged(statistics, shape, profile);
        if !trial.is_open() || !fails(&trial, shape) {
            return Some((step, trial.close()));
        }
        let reason = "cells fail under the coarsest registered bandings too";
        trial.send(reason.to_owned(), Decision::Withhold);
        last = Some((step, trial.close()));
    }
    last
}
