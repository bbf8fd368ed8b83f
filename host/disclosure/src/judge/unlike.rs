//! The few of a cell who are unlike the others, and what lies between two of its figures.

use yunei_model::Status;

use crate::accumulate::{Channel, ChannelRole, Slot, Statistics};
use crate::profile::{Indicator, Settings};
use crate::rules::{self, Figure};

/// The fewest units that are unlike the others: those with something rather than 0; where the rows have two values, those with the one
/// and those with the other; and those beside the values that many units have each in all rows, wherever they lie. None passes.
pub(super) fn indicator(slot: &Slot, rule: &Indicator) -> Figure {
    let beside = |values: &[f64]| slot.values.units_beside(values, slot.present);
    let ends = [slot.least, slot.greatest].map(|end| beside(&[end]));
    let ends = ends.into_iter().filter(|_| slot.two_valued);
    // As many as the rule asks for are a crowd, whose value may be guessed.
    let crowds = slot.values.crowds(rule.minimum);
    let crowds = (!crowds.is_empty()).then(|| beside(&crowds));
    let fewest = ends
        .chain(crowds)
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

/// Whether two figures in a cell weigh everybody alike: each of them has a weight of 1, or the same in both.
pub(crate) fn is_nobody(statistics: &Statistics, cell: usize, channel: usize) -> bool {
    let Some(between) = statistics.channels().get(channel) else {
        return false;
    };
    let measure = between.measure;
    let figure = measure.and_then(|m| statistics.channel_of(m, ChannelRole::Value));
    // A weighted count has no values, only weights.
    let weights = || measure.and_then(|m| statistics.channel_of(m, ChannelRole::Weight));
    let figure = figure.or_else(weights);
    let rows = |channel: usize| statistics.slot(cell, channel).map_or(0, |slot| slot.rows);
    rows(channel) == 0 && figure.is_some_and(|figure| rows(figure) > 0)
}

/// Whether something lies between two figures in any cell.
pub(crate) fn lies_somewhere(statistics: &Statistics, channel: usize) -> bool {
    let mut slots =
        (0..statistics.lattice().count()).filter_map(|cell| statistics.slot(cell, channel));
    slots.any(|slot| slot.rows > 0)
}

/// Per channel, whether its column has several values in the table, or something lies between its figures somewhere. What is the same in
/// every row of a table tells nobody of its cells apart.
pub(crate) fn varied(statistics: &Statistics) -> Vec<bool> {
    let cells = statistics.lattice().count();
    let channels = statistics.channels().iter().enumerate();
    let varies = |(index, channel): (usize, &Channel)| {
        if channel.role.is_complement() {
            return lies_somewhere(statistics, index);
        }
        let slots = (0..cells).filter_map(|cell| statistics.slot(cell, index));
        let ends = slots.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), slot| {
            (least.min(slot.least), most.max(slot.greatest))
        });
        ends.0 < ends.1
    };
    channels.map(varies).collect()
}

#[cfg(test)]
mod tests;
