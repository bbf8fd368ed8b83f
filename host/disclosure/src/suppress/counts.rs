//! What the rules count of a cell beside its units and rows, so that it must stay unknown like these.
//!
//! That few lie between two figures, that few have something rather than nothing, that few have another value than a crowd, and that nobody
//! has: each fails a cell, and two cells that fail in the same way hide nothing of it for each other. So each is a quantity by itself,
//! whose level can only be paid by a cell that has enough of those units.

use yunei_model::Status;

use super::COALITION;
use crate::accumulate::{ChannelRole, Slot, Statistics};
use crate::judge;
use crate::profile::Settings;
use crate::rules::{self, real};

/// Sets of values of one channel, whose crowds are counted, at most. What is beyond it is the matter of the check that follows the search.
const SETS_MAX: usize = 6;
/// Sets that are met in failed cells before those that several have are taken, at most.
const SETS_MET_MAX: usize = 256;

/// Units of a cell in one channel that a rule counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Few {
    /// All of them: of a channel between two figures, those whom the figures weigh differently.
    All,
    /// Those whose contribution is not 0.
    Nonzero,
    /// Those who have not one of these values in all rows.
    Beside(Vec<f64>),
}

/// A count of each cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Count {
    /// The channel.
    pub(crate) channel: usize,
    /// Which of its units.
    pub(crate) few: Few,
}

impl Few {
    /// So many of a cell's units, at least.
    pub(crate) fn units(&self, slot: &Slot) -> u64 {
        match self {
            Self::All => slot.units,
            Self::Nonzero => slot.nonzero,
            Self::Beside(values) => slot.values.units_beside(values, slot.present),
        }
    }

    /// How high above its value the count of a cell must be able to lie: the interval of counts where it fails a rule, else nothing.
    pub(crate) fn level(
        &self,
        statistics: &Statistics,
        settings: &Settings,
        (cell, channel): (usize, usize),
    ) -> f64 {
        let Some(slot) = statistics.slot(cell, channel) else {
            return 0.0;
        };
        let units = self.units(slot);
        let is_class = settings.class.is_some_and(|class| class.disclosive);
        let fails = match self {
            Self::All if units == 0 => is_class && is_told_of_nobody(statistics, cell, channel),
            Self::All => rules::threshold(units, &settings.threshold).status != Status::Pass,
            // That everybody has one value tells it of each; that they have one of several does not.
            Self::Beside(values) if units == 0 => is_class && slot.rows > 0 && values.len() == 1,
            Self::Nonzero if units == 0 => is_class && slot.rows > 0,
            Self::Nonzero | Self::Beside(_) => settings
                .indicator
                .is_some_and(|rule| rules::indicator(units, &rule).status != Status::Pass),
        };
        if fails {
            real(settings.suppression.interval_count)
        } else {
            0.0
        }
    }

    /// How far the count of a cell could fall for two of its own respondents, of whom none is in another cell too.
    pub(crate) fn spare(&self, statistics: &Statistics, (cell, channel): (usize, usize)) -> f64 {
        let units = statistics
            .slot(cell, channel)
            .map_or(0, |slot| self.units(slot));
        let shared = statistics.units(cell) - statistics.exclusive_units(cell);
        real(units.saturating_sub(COALITION.max(shared)))
    }
}

/// Whether that two figures weigh everybody of the cell alike tells of each.
fn is_told_of_nobody(statistics: &Statistics, cell: usize, channel: usize) -> bool {
    let role = statistics
        .channels()
        .get(channel)
        .map(|described| described.role);
    let Some(ChannelRole::Complement(between)) = role else {
        return false;
    };
    between.weighs_inputs() && judge::is_nobody(statistics, cell, channel)
}

/// A cell of a table, or several of them as one.
pub(crate) type Place<'a> = (&'a Statistics, usize);

/// The counts of a table in which some cells fail. These are its own, or others over the same channels.
pub(crate) fn counts(table: &Statistics, settings: &Settings, failed: &[Place<'_>]) -> Vec<Count> {
    let looks = settings.complement.is_some_and(|rule| rule.disclosive);
    let mut counts: Vec<Count> = Vec::new();
    for (channel, described) in table.channels().iter().enumerate() {
        let found = match described.role {
            ChannelRole::Rows => Vec::new(),
            ChannelRole::Complement(_) if looks && judge::lies_somewhere(table, channel) => {
                vec![Few::All, Few::Nonzero]
            }
            ChannelRole::Complement(_) => Vec::new(),
            ChannelRole::Value | ChannelRole::Denominator | ChannelRole::Weight => {
                sides(settings, failed, channel)
            }
        };
        for few in found {
            let fails = |(statistics, cell): &Place<'_>| {
                few.level(statistics, settings, (*cell, channel)) > 0.0
            };
            if failed.iter().any(fails) {
                counts.push(Count { channel, few });
            }
        }
    }
    let cells = || 0..table.lattice().count();
    let values = |count: &Count| -> Vec<u64> {
        let slots = cells().map(|cell| table.slot(cell, count.channel));
        let units = slots.map(|slot| slot.map_or(0, |slot| count.few.units(slot)));
        units.collect()
    };
    // What is the number of units in every cell is protected as that.
    let mut known: Vec<Vec<u64>> = vec![cells().map(|cell| table.units(cell)).collect()];
    counts.retain(|count| {
        let values = values(count);
        let is_new = !known.contains(&values);
        if is_new {
            known.push(values);
        }
        is_new
    });
    counts
}

/// The units of a channel of values that may be few: where the values of cells are what several of them have.
fn sides(settings: &Settings, failed: &[Place<'_>], channel: usize) -> Vec<Few> {
    let is_class = settings.class.is_some_and(|class| class.disclosive);
    if settings.indicator.is_none() && !is_class {
        return Vec::new();
    }
    let mut sets: Vec<(Vec<f64>, usize)> = Vec::new();
    let mut take = |set: Vec<f64>, weight: usize| {
        if let Some(place) = sets.iter().position(|(known, _)| *known == set) {
            if let Some((_, met)) = sets.get_mut(place) {
                *met += weight;
            }
        } else if sets.len() < SETS_MET_MAX {
            sets.push((set, weight));
        }
    };
    for (statistics, cell) in failed {
        let slot = statistics.slot(*cell, channel);
        let Some(slot) = slot.filter(|slot| slot.rows > 0) else {
            continue;
        };
        if slot.least.total_cmp(&slot.greatest).is_eq() {
            take(vec![slot.least], 1);
        }
        if slot.two_valued {
            take(vec![slot.least], 2);
            take(vec![slot.greatest], 2);
        }
        let crowds = settings
            .indicator
            .map(|rule| slot.values.crowds(rule.minimum));
        if let Some(crowds) = crowds.filter(|crowds| !crowds.is_empty()) {
            take(crowds, 1);
        }
    }
    // A value that one cell alone has is hidden by any other cell.
    sets.retain(|(_, met)| *met > 1);
    sets.sort_by_key(|(_, met)| std::cmp::Reverse(*met));
    let sets = sets.into_iter().take(SETS_MAX);
    let sets = sets.map(|(set, _)| Few::Beside(set));
    std::iter::once(Few::Nonzero).chain(sets).collect()
}
