//! What else can be done about a failing cell than to leave it blank, where the manifest asks for it.
//!
//! *Refuse*: any failing cell makes the table stay. *Merge*: one axis after the other is coarsened along its registered bandings, in an
//! order that follows from public structure alone, until nothing fails. *Round*: every count is rounded to the profile's base,
//! and stays only if each failing cell is proven to stay unknown over the profile's interval, given all other rounded figures.
//! *Perturb*: counts carry noise that the distinct subjects of a cell choose and nobody else, so that the same subjects always get
//! the same noise. Rounding and noise are for counts: magnitudes go to people.
//!
//! Each of them is for a table by itself. Beside other exact tables over the same rows a table that refuses, and one that was merged, are judged
//! together with those ([`crate::linked`]); rounded ones and those with noise go to people.

mod cell_keys;
mod merge;
mod perturb;
mod round;

use yunei_model::{Aggregate, Decision, OTHER, OnFailure, Text};

use crate::accumulate::{Protection, Statistics};
use crate::judge::{Judgement, Trial, judge};
use crate::profile::Profile;
use crate::shape::Shape;

pub use cell_keys::CellKeys;
pub use merge::{MERGE_STEPS_MAX, merge, merge_path};
pub use perturb::noise_variance;
pub use round::ROUND_WORK_MAX;

/// Judges a table whose manifest names what happens to a failing cell. `keys` are those of its cells, for [`OnFailure::Perturb`].
///
/// [`OnFailure::Merge`] needs the statistics of every step: see [`merge`]. Here it is judged as if there were no coarser banding.
#[must_use]
pub fn judge_with(
    method: OnFailure,
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    protection: Protection,
    keys: Option<&CellKeys>,
) -> Judgement {
    if protection == Protection::None {
        return judge(statistics, shape, profile, protection);
    }
    match method {
        OnFailure::Suppress => judge(statistics, shape, profile, protection),
        OnFailure::Refuse | OnFailure::Merge => {
            let mut trial = Trial::judged(statistics, shape, profile);
            refuse(&mut trial, shape);
            trial.close()
        }
        OnFailure::Round => round::round(statistics, shape, profile),
        OnFailure::Perturb => perturb::perturb(statistics, shape, profile, keys),
    }
}

/// Has the whole stay where a cell fails.
pub(crate) fn refuse(trial: &mut Trial<'_>, shape: &Shape) {
    if fails(trial, shape) {
        let reason = "a cell fails, and the manifest has the whole stay then";
        trial.send(reason.to_owned(), Decision::Withhold);
    }
}

/// Whether a cell fails. That nobody is in the rest of a dimension names no class: it does not count.
pub(crate) fn fails(trial: &Trial<'_>, shape: &Shape) -> bool {
    let lattice = shape.lattice();
    let is_rest = |cell: usize| {
        shape
            .dimensions()
            .iter()
            .enumerate()
            .any(|(axis, dimension)| {
                let label = dimension.labels.get(lattice.coordinate(cell, axis));
                label.is_some_and(|label| label == OTHER)
            })
    };
    trial
        .cells()
        .iter()
        .any(|cell| cell.status == yunei_model::Status::Fail && !(cell.empty && is_rest(cell.cell)))
}

/// Whether a table has counts alone, without weights.
fn counts_alone(shape: &Shape) -> bool {
    shape.measures().iter().all(|measure| {
        !measure.weighted
            && matches!(
                measure.aggregate,
                Aggregate::Count | Aggregate::DistinctSubjects
            )
    })
}

/// Why people decide where a dimension is sensitive: neither rounding nor noise hides that a whole group is in one class, or nobody.
fn of_sensitive(shape: &Shape) -> Option<&'static str> {
    let sensitive = shape
        .dimensions()
        .iter()
        .any(|dimension| dimension.sensitive);
    sensitive.then_some(
        "a dimension is sensitive, and it is not left blank where a class tells of a whole group",
    )
}

/// A title with a remark behind it.
pub(crate) fn remarked(title: Option<&Text>, name: &str, zh: &str, en: &str) -> Text {
    let (chinese, english) = title.map_or((name, name), |t| (t.zh.as_str(), t.en.as_str()));
    Text {
        zh: format!("{chinese}（{zh}）"),
        en: format!("{english} ({en})"),
    }
}

#[cfg(test)]
mod tests;
