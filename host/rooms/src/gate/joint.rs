//! Outputs and earlier releases about the same rows, judged together.

use tokio::runtime::Runtime;
use yunei_disclosure::Profile;
use yunei_model::{Table, Verdict};

use super::earlier::review;
use super::parts::Parts;
use crate::{GatePlan, JointPlan, RoomError};

/// Sends each output but the first to people.
pub fn judge(
    _plan: &GatePlan,
    joint: &JointPlan,
    _profile: &Profile,
    _parts: &mut Parts<'_>,
    _plaintext: &[u8],
    _runtime: &Runtime,
    outputs: &mut [(Verdict, Option<Table>)],
) -> Result<(), RoomError> {
    for (index, _) in joint.candidates.iter().skip(1) {
        if let Some((verdict, _)) = outputs.get_mut(*index) {
            review(
                verdict,
                "it is linked with another output about the same resource".to_owned(),
            );
        }
    }
    Ok(())
}
