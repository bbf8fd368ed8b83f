//! Figures of order and spread, which the accumulator does not keep: least, greatest, percentiles, deviations, shares.

use yunei_model::Status;

use super::measured::Extra;
use crate::profile::Settings;
use crate::rules::{self, Figure, real};

/// One row's value and the unit that it is of.
pub(super) type Entry = (f64, u32);

/// The figure of a cell. None where it is not defined.
pub(super) fn figure(extra: Extra, entries: &mut [Entry]) -> Option<f64> {
    entries.sort_by(|a, b| a.0.total_cmp(&b.0));
    match extra {
        Extra::Minimum => entries.first().map(|entry| entry.0),
        Extra::Maximum => entries.last().map(|entry| entry.0),
        Extra::Percentile(p) => percentile(entries, p),
        Extra::Deviation => deviation(entries),
        // The accumulator has it.
        Extra::Proportion => None,
    }
}

/// Linear between order statistics, at `(n − 1)·p/100`: definition 7 of Hyndman and Fan, *Sample quantiles in statistical
/// packages*, The American Statistician 50 (1996).
fn percentile(sorted: &[Entry], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = real(last as u64) * p / 100.0;
    let below = place.floor();
    // The place is between 0 and the last index.
    let low = sorted.get(below as usize)?.0;
    let high = sorted.get((below as usize).saturating_add(1).min(last))?.0;
    Some(low + (high - low) * (place - below))
}

/// Over n − 1, in two passes.
fn deviation(entries: &[Entry]) -> Option<f64> {
    let count = real(entries.len() as u64);
    if entries.len() < 2 {
        return None;
    }
    let mean = entries.iter().map(|entry| entry.0).sum::<f64>() / count;
    let squares: f64 = entries.iter().map(|entry| (entry.0 - mean).powi(2)).sum();
    Some((squares / (count - 1.0)).sqrt())
}

/// The rules about such a figure that do not pass; `entries` are sorted.
pub(super) fn failures(
    extra: Extra,
    value: Option<f64>,
    entries: &[Entry],
    settings: &Settings,
) -> Vec<(&'static str, Figure)> {
    let mut found = Vec::new();
    let mut note = |rule, figure: Figure| {
        if figure.status != Status::Pass {
            found.push((rule, figure));
        }
    };
    if entries.is_empty() {
        return found;
    }
    match (extra, &settings.extremes) {
        (Extra::Minimum | Extra::Maximum, Some(rule)) => note("extremes", rules::extreme(rule)),
        (Extra::Percentile(_), Some(rule)) => {
            let value = value.unwrap_or(f64::NAN);
            let below = units(entries, |v| v < value);
            let above = units(entries, |v| v > value);
            note("percentile", rules::percentile(below, above, rule));
        }
        (Extra::Deviation, _) => {
            if let Some(rule) = &settings.degrees_of_freedom {
                let residual = units(entries, |_| true).saturating_sub(1);
                note(
                    "degrees-of-freedom",
                    rules::degrees_of_freedom(residual, rule),
                );
            }
        }
        _ => {}
    }
    let class = settings.class.is_some_and(|class| class.disclosive);
    match extra {
        Extra::Proportion => {
            let (of, all) = (units(entries, |v| v > 0.0), units(entries, |_| true));
            let rest = units(entries, |v| v <= 0.0);
            if class {
                // Whoever has rows on both sides is in the class and out of it.
                let in_class = if rest == 0 { all } else { of.min(all - 1) };
                note("class", rules::class_disclosure(in_class, all));
            }
            for part in [of, rest] {
                note("threshold", rules::threshold(part, &settings.threshold));
            }
        }
        Extra::Percentile(_) if class => {
            let alike = matches!((entries.first(), entries.last()), (Some(a), Some(b)) if a.0.total_cmp(&b.0).is_eq());
            if alike {
                let rows = entries.len() as u64;
                note("class", rules::class_disclosure(rows, rows));
            }
        }
        _ => {}
    }
    found
}

/// Distinct units with such a value.
fn units(entries: &[Entry], is: impl Fn(f64) -> bool) -> u64 {
    let mut units: Vec<u32> = entries
        .iter()
        .filter(|entry| is(entry.0))
        .map(|entry| entry.1)
        .collect();
    units.sort_unstable();
    units.dedup();
    units.len() as u64
}
