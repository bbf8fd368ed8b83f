//! Sizes for the people who decide: by how much the rows of an output differ from those of the earlier releases that overlap with them.
//!
//! They are told to reviewers and authorities alone, as numbers of the verdict, and decide nothing.

use std::os::fd::OwnedFd;

use tokio::runtime::Runtime;
use yunei_disclosure::{Profile, RevisionOutcome};
use yunei_model::{Decision, OverlapSize};

use super::{Judged, revision};
use crate::{GatePlan, RoomError};

/// Adds the sizes to the verdicts on what goes to people.
pub fn tell(
    plan: &GatePlan,
    profile: &Profile,
    outputs: &mut Judged,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
    runtime: &Runtime,
) -> Result<(), RoomError> {
    for sizes in &plan.audit.sizes {
        let output = plan.outputs.iter().find(|o| o.name == sizes.output);
        let output =
            output.ok_or_else(|| RoomError::protocol("sizes of an output that is not there"))?;
        let (now, before) = (&sizes.now, &sizes.before);
        let outcomes = revision::compare(now, before, output, profile, descriptors, runtime)?;
        let Some(outcomes) = outcomes else {
            continue;
        };
        let waits = |decision: Decision| decision == Decision::Review;
        for (verdict, _) in outputs.iter_mut() {
            if verdict.output == output.name && waits(verdict.decision) {
                verdict.overlaps.sizes.extend(outcomes.iter().map(size));
            }
        }
    }
    Ok(())
}

/// What a comparison came to.
const fn size(outcome: &RevisionOutcome) -> OverlapSize {
    OverlapSize {
        rows: outcome.rows_changed,
        subjects: outcome.subjects_changed,
        cells: outcome.cells_changed,
        subjects_min: outcome.subjects_min,
        cells_held: outcome.cells_held,
    }
}
