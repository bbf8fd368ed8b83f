//! How much must stay unknown about a failed cell: its levels of protection, up and down.

use crate::accumulate::Slot;
use crate::profile::Settings;
use crate::rules::{Contributions, real};

/// Of subjects, or rows with a value: an interval of the profile's width, upwards.
pub(crate) fn of_count(settings: &Settings) -> (f64, f64) {
    (real(settings.suppression.interval_count), 0.0)
}

/// Of rows, which subjects contribute as magnitudes too: in whole numbers.
pub(crate) fn of_rows(settings: &Settings, rows: &Contributions) -> (f64, f64) {
    let (level, lacking) = shares(settings, rows, 0.0);
    let interval = real(settings.suppression.interval_count);
    let up = interval.max(level.ceil()).max(lacking.ceil());
    (up, level.floor().min((rows.total - 1.0).max(0.0)))
}

/// Of a magnitude, both ways: the profile's share of the largest contribution, so that nobody learns it more closely (after the p%
/// rule's upper protection level, the Handbook, section 4.3.2; here without deducting `X − x₁ − x₂`, to be safe), and no less than
/// that share of the whole's mean contribution; upwards also what a dominated cell lacks to pass: `Σ top n / k − X`.
pub(crate) fn of_magnitude(
    settings: &Settings,
    cell: &Contributions,
    whole: &Contributions,
) -> (f64, f64) {
    let usual = if whole.units == 0 {
        0.0
    } else {
        whole.total / real(whole.units)
    };
    let (level, lacking) = shares(settings, cell, usual);
    (level.max(lacking), level.min(cell.total))
}

/// Of the sum of a column with two values, beside its level as a magnitude: it is a count in disguise, so that the profile's interval is about so many
/// of its steps.
pub(crate) fn of_indicator(settings: &Settings, slot: &Slot) -> f64 {
    if settings.indicator.is_none() || !slot.two_valued {
        return 0.0;
    }
    real(settings.suppression.interval_count) * (slot.greatest - slot.least)
}

/// The share of the largest contribution, and what a dominated cell lacks.
fn shares(settings: &Settings, cell: &Contributions, usual: f64) -> (f64, f64) {
    let [largest, ..] = cell.largest;
    let level = settings.suppression.interval_share * largest.max(usual);
    let lacking = settings.dominance.map_or(0.0, |rule| {
        cell.top(rule.contributors) / rule.share - cell.total
    });
    (level, lacking.max(0.0))
}
