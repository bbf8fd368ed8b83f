//! What the outputs of a run are held against beside their own rules: each other, and what left before.

use tokio::runtime::Runtime;
use yunei_disclosure::Profile;
use yunei_model::{Decision, Hint, Table, Verdict};

use super::joint;
use super::parts::Parts;
use crate::{EarlierPlan, GatePlan, RoomError};

/// Why people decide about a derived number beside another column.
const MASKED: &str =
    "the run sums a derived number and another column, which may be one column for all but a few";

/// Why people decide about two tables about the same people by way of two resources.
const LOOKED_UP_TWICE: &str = "another output of the run is about data subjects that one of the two looks up, and nothing judges both together";

/// Judges together what tells of the same rows, and sends to people what the audit cannot decide. `outputs` are the verdicts of each
/// output by itself, in the order of the plan.
pub fn hold(
    plan: &GatePlan,
    profile: &Profile,
    outputs: &mut [(Verdict, Option<Table>)],
    parts: &mut Parts<'_>,
    plaintext: &[u8],
    runtime: &Runtime,
) -> Result<(), RoomError> {
    // A run leaves as a whole or not at all: where one output stays, nothing of it is shown.
    let stays = |(verdict, _): &(Verdict, _)| verdict.decision == Decision::Withhold;
    if outputs.iter().any(stays) {
        return Ok(());
    }
    for joint in &plan.audit.joint {
        joint::judge(plan, joint, profile, parts, plaintext, runtime, outputs)?;
    }
    for ((verdict, table), earlier) in outputs.iter_mut().zip(&plan.audit.earlier) {
        let repeats = earlier.repeats.is_some() && earlier.repeats == *table;
        if !repeats {
            undecidable(verdict, earlier);
        }
    }
    Ok(())
}

/// Sends to people what public structure alone says that nobody can decide here, with the sizes.
fn undecidable(verdict: &mut Verdict, earlier: &EarlierPlan) {
    verdict.overlaps.overlapping = earlier.overlapping;
    verdict.overlaps.beyond = earlier.beyond;
    for reason in verdict.overlaps.texts() {
        review(verdict, reason.en);
    }
    if earlier.masked {
        review(verdict, MASKED.to_owned());
    }
    if earlier.looked_up_twice {
        review(verdict, LOOKED_UP_TWICE.to_owned());
    }
}

/// Sends to people what would leave; what stays, stays.
pub fn review(verdict: &mut Verdict, reason: String) {
    match verdict.decision {
        Decision::Withhold => return,
        Decision::Release => {
            verdict.decision = Decision::Review;
            verdict.cells_released = 0;
            verdict.hints = vec![Hint::AwaitReview];
        }
        Decision::Review => {}
    }
    verdict.routine = false;
    verdict.reasons.push(reason);
}
