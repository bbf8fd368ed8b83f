//! Keyed noise on counts.

use yunei_model::Decision;

use super::{CellKeys, counts_alone, of_sensitive, remarked};
use crate::accumulate::Statistics;
use crate::judge::{Judgement, Trial};
use crate::profile::Profile;
use crate::rounding::round_count;
use crate::rules::real;
use crate::shape::Shape;

/// The variance of the noise on a count of at least `noise_max`: that of the whole numbers from `−D` to `D`, all equally likely.
///
/// ```
/// assert_eq!(yunei_disclosure::alternative::noise_variance(10), 110.0 / 3.0);
/// ```
#[must_use]
pub fn noise_variance(noise_max: u64) -> f64 {
    real(noise_max) * (real(noise_max) + 1.0) / 3.0
}

/// The count with its noise: one of `n − m … n + m` with `m = min(n, D)`, all equally likely over cell keys. So it is unbiased, never
/// negative, and an empty cell stays empty; what is shown as 0 is anything from 0 to D.
pub(super) fn perturbed(count: u64, noise_max: u64, cell_key: u32) -> u64 {
    let reach = count.min(noise_max);
    // Sums of record keys differ in their low bits first: a fixed permutation (the finaliser of MurmurHash3) spreads them.
    let mut mixed = cell_key;
    mixed = (mixed ^ (mixed >> 16)).wrapping_mul(0x85eb_ca6b);
    mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
    mixed ^= mixed >> 16;
    let places = reach.saturating_mul(2).saturating_add(1);
    let place = (u128::from(mixed) * u128::from(places)) >> 32;
    count - reach + u64::try_from(place).unwrap_or(reach)
}

/// Judges a table whose counts get keyed noise.
///
/// Released: every cell, with noise that the profile bounds; the columns' titles tell its variance. Review: anything but counts, counts of
/// several rows of one subject (the noise is made for one row each), sensitive dimensions,
/// profiles without noise, noise that is narrower than the
/// protection interval.
pub(super) fn perturb(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    keys: Option<&CellKeys>,
) -> Judgement {
    let mut trial = Trial::judged(statistics, shape, profile);
    let settings = profile.settings();
    let alternatives = settings.alternatives;
    let noise_max = alternatives.map_or(0, |alternatives| alternatives.noise_max);
    let cells = 0..statistics.lattice().count();
    let several = cells
        .clone()
        .any(|cell| statistics.rows(cell) != statistics.units(cell));
    let keys = keys.filter(|keys| keys.lattice() == statistics.lattice());
    let trouble = match keys {
        _ if noise_max < settings.suppression.interval_count => {
            Some("the profile has no noise as wide as what must stay unknown")
        }
        _ if !counts_alone(shape) => Some("keyed noise is for counts, and a measure is none"),
        _ if several => Some("keyed noise is for one row of each subject, and some have several"),
        None => Some("the cells have no keys for their noise"),
        Some(_) => of_sensitive(shape),
    };
    if let Some(reason) = trouble {
        trial.send(reason.to_owned(), Decision::Review);
        return trial.close();
    }
    trial.show_all();
    let rounding = settings.rounding.as_ref();
    let count = |cell: usize, count: u64| {
        let count = perturbed(count, noise_max, keys.map_or(0, |keys| keys.at(cell)));
        rounding.map_or(count, |rounding| round_count(count, rounding))
    };
    let variance = noise_variance(noise_max);
    let (zh, en) = (
        format!("含按单元格固定的噪声，不超过 ±{noise_max}，方差 {variance:.1}"),
        format!("with noise fixed per cell, at most ±{noise_max}, variance {variance:.1}"),
    );
    let titled =
        shape.retitled(|measure| remarked(measure.title.as_ref(), measure.name.as_str(), &zh, &en));
    trial.close_as(&titled, None, Some(&count))
}
