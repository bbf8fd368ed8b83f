//! Route private: what data subjects contributed, bounded, added up, with noise.
//!
//! INVARIANT: what comes of the records is used in sums alone, and no sum leaves without its noise. Every check before the
//! noise looks at the number of subjects and at the form of the records, and at no value of theirs.

mod units;

use std::sync::Arc;

use tokio::runtime::Runtime;
use yunei_disclosure::Profile;
use yunei_model::{Decision, Overlaps, Route, Table, Verdict};
use yunei_privacy::{Beside, Bounds, Calibration, Tally, Unit, table};
use yunei_sandbox::RecordForm;

use self::units::Units;
use super::failed;
use crate::cell::read_contributions;
use crate::{GatePlan, PrivatePlan, RoomError};

/// The verdict, with the table where noise may be drawn: once for a run, and never for a replay of it.
pub fn output(
    plan: &GatePlan,
    private: &PrivatePlan,
    profile: &Profile,
    plaintext: &[u8],
    descriptors: &mut impl Iterator<Item = std::os::fd::OwnedFd>,
    runtime: &Runtime,
) -> Result<(Verdict, Option<Table>), RoomError> {
    let contribution = &private.contribution;
    let bounds = Bounds::of(contribution).map_err(|e| failed(&e))?;
    let calibration = Calibration::of(bounds.clone(), private.charge).map_err(|e| failed(&e))?;
    let units = Units::read(&plan.views, &private.groups, descriptors, runtime)?;
    let sums = summed(bounds, private, &units, plaintext)?;
    let verdict = verdict(private, profile);
    if !private.draws {
        return Ok((verdict, None));
    }
    let figures = calibration.draw(&sums).map_err(|e| failed(&e))?;
    let unit = if private.groups.contains(&true) {
        Unit::Group
    } else {
        Unit::Subject
    };
    let beside = if private.exact_beside {
        Beside::Exact
    } else {
        Beside::Nothing
    };
    let table = table(contribution, &calibration, figures, unit, beside);
    Ok((verdict, Some(table.map_err(|e| failed(&e))?)))
}

/// Sums over all subjects of the snapshots: as many records as there are subjects, in their order.
fn summed(
    bounds: Bounds,
    private: &PrivatePlan,
    units: &Units,
    plaintext: &[u8],
) -> Result<Vec<i64>, RoomError> {
    let form = Arc::new(RecordForm::of(&private.contribution));
    let differ =
        || RoomError::protocol("records of another number of subjects than the snapshot has");
    let mut tally = Tally::new(bounds);
    let mut subject = 0_usize;
    for records in read_contributions(&form, plaintext) {
        for record in records?.records() {
            let unit = units.of(subject).ok_or_else(differ)?;
            let cells = record.cells().map(|(cell, values)| (cell as usize, values));
            tally.add(unit, cells).map_err(|e| failed(&e))?;
            subject += 1;
        }
    }
    if subject != units.subjects() {
        return Err(differ());
    }
    Ok(tally.finish().1)
}

fn verdict(private: &PrivatePlan, profile: &Profile) -> Verdict {
    let cells = private.contribution.cells.len() as u64;
    Verdict {
        output: private.output.clone(),
        route: Route::Private,
        profile: profile.name().clone(),
        profile_digest: profile.digest(),
        decision: Decision::Release,
        cells_total: cells,
        cells_released: cells,
        cells_failed: 0,
        cells_complementary: 0,
        cells: Vec::new(),
        hints: Vec::new(),
        reasons: Vec::new(),
        routine: false,
        overlaps: Overlaps::default(),
        checks: None,
    }
}
