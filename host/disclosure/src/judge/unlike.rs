//! The few of a cell who are unlike the others, and what lies between two of its figures.

use yunei_model::Status;

use crate::accumulate::{Slot, Statistics};
use crate::profile::{Indicator, Settings};
use crate::rules::{self, Contributions, Figure};

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
    between(statistics, cell, channel, settings).is_some_and(|figure| figure.status != Status::Pass)
}

/// What lies between two figures in a cell; none where nothing does, or the profile does not look at it.
pub(super) fn between(
    statistics: &Statistics,
    cell: usize,
    channel: usize,
    settings: &Settings,
) -> Option<Figure> {
    let slot = statistics.slot(cell, channel)?;
    let has_values = statistics.channels().get(channel)?.value.is_some();
    let looks = settings.complement.is_some_and(|rule| rule.disclosive);
    (looks && slot.units > 0).then(|| {
        let contributions = statistics.contributions(cell, channel);
        complement(slot, &contributions, has_values, settings)
    })
}

/// What lies between two figures, held against the rules as a cell is: nobody, or enough of them, and none who dominates. The
/// figure is that of the first rule that it does not pass.
fn complement(
    slot: &Slot,
    contributions: &Contributions,
    has_values: bool,
    settings: &Settings,
) -> Figure {
    let mut figures = vec![rules::threshold(slot.units, &settings.threshold)];
    if let Some(rule) = &settings.indicator {
        figures.push(rules::indicator(slot.nonzero, rule));
    }
    if settings.class.is_some_and(|class| class.disclosive) && has_values && slot.nonzero == 0 {
        // That nothing lies between tells each of them.
        figures.push(rules::class_disclosure(slot.rows, slot.rows));
    }
    if slot.negative {
        let negative = settings.negative.as_ref();
        figures.extend(negative.map(|rule| rules::negative(true, rule)));
    } else {
        let dominance = settings.dominance.as_ref();
        figures.extend(dominance.map(|rule| rules::dominance(contributions, rule)));
        let p_percent = settings.p_percent.as_ref();
        figures.extend(p_percent.map(|rule| rules::p_percent(contributions, rule)));
        let prior = settings.prior_posterior.as_ref();
        figures.extend(prior.map(|rule| rules::prior_posterior(contributions, rule)));
    }
    let worst = [Status::Fail, Status::Review]
        .into_iter()
        .find_map(|status| figures.iter().find(|figure| figure.status == status));
    let passed = Figure {
        status: Status::Pass,
        value: rules::real(slot.units),
        bound: rules::real(settings.threshold.minimum),
    };
    worst.copied().unwrap_or(passed)
}

#[cfg(test)]
mod tests;
