//! The few of a cell who are unlike the others, and what lies between two of its figures.

use yunei_model::Status;

use crate::accumulate::{Slot, Statistics};
use crate::profile::{Indicator, Settings};
use crate::rules::{self, Figure};

/// The fewest units that are unlike the others: those with something rather than 0; where the rows have two values, those with the one
/// and those with the other; and those beside many units at the least value, or at the greatest. None passes.
pub(super) fn indicator(slot: &Slot, rule: &Indicator) -> Figure {
    let ends = slot.at_ends.iter().filter_map(|alike| {
        // As many as the rule asks for are a crowd, whose value may be guessed.
        let crowd = rules::real(*alike) >= rules::real(rule.minimum);
        (slot.two_valued || crowd).then(|| slot.units.saturating_sub(*alike))
    });
    let fewest = ends
        .chain([slot.nonzero])
        .filter(|unlike| *unlike > 0)
        .min();
    rules::indicator(fewest.unwrap_or(0), rule)
}

/// Whether what lies between two figures in a cell does not pass, under a profile that looks at it.
pub(crate) fn fails_between(
    statistics: &Statistics,
    cell: usize,
    channel: usize,
    settings: &Settings,
) -> bool {
    let figures = between(statistics, cell, channel, settings);
    figures
        .iter()
        .any(|(_, figure)| figure.status != Status::Pass)
}

/// What lies between two figures in a cell, held against the rules as if it were one: nobody, or enough of them, and none who dominates. No
/// figures where nothing lies between, or the profile does not look at it.
pub(super) fn between(
    statistics: &Statistics,
    cell: usize,
    channel: usize,
    settings: &Settings,
) -> Vec<(&'static str, Figure)> {
    let looks = settings.complement.is_some_and(|rule| rule.disclosive);
    let (Some(slot), Some(described)) = (
        statistics.slot(cell, channel),
        statistics.channels().get(channel),
    ) else {
        return Vec::new();
    };
    if !looks || slot.units == 0 {
        return Vec::new();
    }
    let threshold = rules::threshold(slot.units, &settings.threshold);
    let mut figures = vec![("complement-threshold", threshold)];
    if let Some(rule) = &settings.indicator {
        figures.push(("complement-indicator", rules::indicator(slot.nonzero, rule)));
    }
    let has_values = described.value.is_some();
    if settings.class.is_some_and(|class| class.disclosive) && has_values && slot.nonzero == 0 {
        // That nothing lies between tells each of them.
        let figure = rules::class_disclosure(slot.rows, slot.rows);
        figures.push(("complement-class", figure));
    }
    if slot.negative {
        if let Some(rule) = &settings.negative {
            figures.push(("complement-negative", rules::negative(true, rule)));
        }
        return figures;
    }
    let contributions = statistics.contributions(cell, channel);
    if let Some(rule) = &settings.dominance {
        let figure = rules::dominance(&contributions, rule);
        figures.push(("complement-dominance", figure));
    }
    if let Some(rule) = &settings.p_percent {
        let figure = rules::p_percent(&contributions, rule);
        figures.push(("complement-p-percent", figure));
    }
    if let Some(rule) = &settings.prior_posterior {
        let figure = rules::prior_posterior(&contributions, rule);
        figures.push(("complement-prior-posterior", figure));
    }
    figures
}

#[cfg(test)]
mod tests;
