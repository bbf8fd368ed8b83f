//! Outputs that no registered aggregate gives: models, measures of the module's own, and what is its own altogether.

use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_disclosure::Profile;
use yunei_model::{Name, Table, Verdict};

use super::derived::DerivedColumns;
use super::{copied, model, opened, own, undecided};
use crate::{GatePlan, OutputPlan, RoomError};

/// Judges such an output; none when it is a sum of cells, which the gate computes.
pub fn output(
    plan: &GatePlan,
    output: &OutputPlan,
    profile: &Profile,
    views: &Views,
    view: &Name,
    plaintext: &[u8],
    runtime: &Runtime,
) -> Result<Option<(Verdict, Option<Table>)>, RoomError> {
    if let Some(design) = &output.model {
        let derived = output
            .derived
            .then(|| DerivedColumns::read(&plan.derived, plaintext))
            .transpose()?;
        return model::output(output, design, profile, views, view, derived, runtime).map(Some);
    }
    if !output.own.is_empty() {
        let written = written(plan, output, plaintext)?;
        return own::output(output, profile, views, view, written, runtime).map(Some);
    }
    if output.look {
        let mut verdict = undecided(output, profile);
        if let Some(table) = written(plan, output, plaintext)? {
            verdict
                .cells
                .push(copied::look(&table, views, view, runtime)?);
        }
        return Ok(Some((verdict, None)));
    }
    Ok(None)
}

/// The table that the module wrote under the output's name.
fn written(
    plan: &GatePlan,
    output: &OutputPlan,
    plaintext: &[u8],
) -> Result<Option<Table>, RoomError> {
    let (tables, _) = opened::tables(plaintext, plan.rows_max)?;
    let mut tables = tables.into_iter().filter(|(name, _)| *name == output.name);
    let first = tables.next().map(|(_, table)| table);
    match tables.next() {
        Some(_) => Err(RoomError::protocol("an output that was written twice")),
        None => Ok(first),
    }
}
