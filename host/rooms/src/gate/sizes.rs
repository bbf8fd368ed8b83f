//! Sizes for the people who decide: by how much the rows of an output differ from those of the earlier releases that overlap with them.
//!
//! They are told to supervision alone, and decide nothing.

use std::os::fd::OwnedFd;

use tokio::runtime::Runtime;
use yunei_disclosure::{Profile, RevisionOutcome};
use yunei_model::Decision;

use super::{Judged, revision};
use crate::{GatePlan, RoomError};

/// Adds the sizes to the reasons of what goes to people.
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
                verdict.reasons.extend(outcomes.iter().map(told));
            }
        }
    }
    Ok(())
}

/// What a comparison came to, in words.
fn told(outcome: &RevisionOutcome) -> String {
    let RevisionOutcome {
        cells_changed,
        cells_held,
        subjects_min,
        subjects_changed,
        rows_changed,
        ..
    } = outcome;
    if *subjects_changed == 0 {
        return "the rows of one of them are the same in every cell".to_owned();
    }
    format!(
        "from one of them {rows_changed} rows of {subjects_changed} subjects differ, in {cells_changed} cells, margins included; \
         the fewest subjects in a cell are {}, and {cells_held} cells differ by too few or by one too much",
        subjects_min.unwrap_or(0),
    )
}
