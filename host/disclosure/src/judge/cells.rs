//! The rules, cell by cell.

use yunei_model::{Aggregate, Name, RuleFigure, Status};

use super::figures::Ledger;
use super::{CellOutcome, Suppression, unlike};
use crate::accumulate::{Channel, ChannelRole, Slot, Statistics};
use crate::profile::{Profile, Settings};
use crate::rules::{self, Figure};
use crate::shape::Shape;

/// Every cell as it stands before the rules.
pub(crate) fn unjudged(statistics: &Statistics) -> Vec<CellOutcome> {
    (0..statistics.lattice().count())
        .map(|cell| CellOutcome {
            cell,
            status: Status::Pass,
            empty: statistics.rows(cell) == 0,
            suppression: Suppression::None,
            failed: Vec::new(),
        })
        .collect()
}

/// Holds every cell against every rule of the profile that applies to it.
pub(crate) fn hold_against(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    cells: &mut [CellOutcome],
) {
    hold_each(statistics, shape, profile, cells, None);
}

/// As [`hold_against`], and keeps what was measured, passed or not.
pub(crate) fn hold_and_keep(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    cells: &mut [CellOutcome],
    ledger: &mut Ledger,
) {
    hold_each(statistics, shape, profile, cells, Some(ledger));
}

fn hold_each(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    cells: &mut [CellOutcome],
    mut ledger: Option<&mut Ledger>,
) {
    let bench = Bench {
        statistics,
        shape,
        settings: profile.settings(),
        sensitive: shape.sensitive_axes().collect(),
        varied: &unlike::varied(statistics),
        told: &|_| true,
    };
    for outcome in cells {
        let cell = outcome.cell;
        let mut taken = Taken {
            outcome,
            ledger: ledger
                .as_deref_mut()
                .and_then(|ledger| ledger.begin(cell).then_some(ledger)),
        };
        bench.hold(&mut taken);
        if outcome.status == Status::Fail {
            outcome.suppression = Suppression::Primary;
        }
    }
}

/// The outcome of the only cell of `one`, which is made of cells of a table, in the channels that are told of it. `varied` is the table's.
pub(super) fn hold_one(
    one: &Statistics,
    shape: &Shape,
    settings: &Settings,
    varied: &[bool],
    told: &dyn Fn(&Channel) -> bool,
) -> Status {
    let bench = Bench {
        statistics: one,
        shape,
        settings,
        sensitive: Vec::new(),
        varied,
        told,
    };
    let mut cells = unjudged(one);
    for outcome in &mut cells {
        bench.hold(&mut Taken {
            outcome,
            ledger: None,
        });
    }
    cells.first().map_or(Status::Pass, |cell| cell.status)
}

/// Where the figures of one cell go.
struct Taken<'a> {
    outcome: &'a mut CellOutcome,
    ledger: Option<&'a mut Ledger>,
}

struct Bench<'a> {
    statistics: &'a Statistics,
    shape: &'a Shape,
    settings: &'a Settings,
    /// Axes whose classes are sensitive.
    sensitive: Vec<usize>,
    /// Per channel whether it tells the table's cells apart.
    varied: &'a [bool],
    /// Whether a channel is told of the cells.
    told: &'a dyn Fn(&Channel) -> bool,
}

impl Bench<'_> {
    fn hold(&self, taken: &mut Taken<'_>) {
        let cell = taken.outcome.cell;
        let units = self.statistics.units(cell);
        note(taken, "zero", None, rules::zero(units, &self.settings.zero));
        if taken.outcome.empty {
            return;
        }
        note(
            taken,
            "threshold",
            None,
            rules::threshold(units, &self.settings.threshold),
        );
        if self.settings.class.is_some_and(|class| class.disclosive) {
            self.classes(taken);
        }
        for channel in 0..self.statistics.channels().len() {
            self.channel(taken, channel);
        }
    }

    /// The rules about what one channel sums in the cell.
    fn channel(&self, taken: &mut Taken<'_>, index: usize) {
        let cell = taken.outcome.cell;
        let (Some(channel), Some(slot)) = (
            self.statistics.channels().get(index),
            self.statistics.slot(cell, index),
        ) else {
            return;
        };
        if !(self.told)(channel) {
            return;
        }
        let measure = channel.measure.and_then(|m| self.shape.measures().get(m));
        let name = measure.map(|m| &m.name);
        if channel.role.is_complement() {
            for (rule, figure) in unlike::between(self.statistics, cell, index, self.settings) {
                note(taken, rule, name, figure);
            }
            return;
        }
        if let (Some(rule), Some(_)) = (&self.settings.indicator, name) {
            note(taken, "indicator", name, unlike::indicator(slot, rule));
        }
        let units = slot.units.min(self.statistics.subjects(cell));
        if name.is_some() {
            let zero = rules::zero(units, &self.settings.zero);
            note(taken, "zero", name, zero);
            let threshold = rules::threshold(units, &self.settings.threshold);
            note(taken, "threshold", name, threshold);
        }
        if slot.negative {
            if let Some(rule) = &self.settings.negative {
                note(taken, "negative", name, rules::negative(true, rule));
            }
            return;
        }
        let contributions = self.statistics.contributions(cell, index);
        if let Some(rule) = &self.settings.dominance {
            let figure = rules::dominance(&contributions, rule);
            note(taken, "dominance", name, figure);
        }
        if let Some(rule) = &self.settings.p_percent {
            let figure = rules::p_percent(&contributions, rule);
            note(taken, "p-percent", name, figure);
        }
        if let Some(rule) = &self.settings.prior_posterior {
            let figure = rules::prior_posterior(&contributions, rule);
            note(taken, "prior-posterior", name, figure);
        }
        let is_mean =
            measure.is_some_and(|m| matches!(m.aggregate, Aggregate::Mean | Aggregate::Ratio));
        if let Some(rule) = &self.settings.degrees_of_freedom
            && rule.tables
            && is_mean
        {
            let figure = rules::degrees_of_freedom(units.saturating_sub(1), rule);
            note(taken, "degrees-of-freedom", name, figure);
        }
    }

    fn slot_of(&self, cell: usize, measure: Option<usize>, role: ChannelRole) -> Option<&Slot> {
        let channel = self.statistics.channel_of(measure?, role)?;
        self.statistics.slot(cell, channel)
    }

    /// Class disclosure: all of a line in one sensitive class, or all members of the cell with one value.
    fn classes(&self, taken: &mut Taken<'_>) {
        let cell = taken.outcome.cell;
        let lattice = self.statistics.lattice();
        for axis in self.sensitive.iter().copied() {
            if lattice.is_margin(cell, axis) {
                continue;
            }
            let group = (0..lattice.labels(axis))
                .map(|label| self.statistics.rows(lattice.moved(cell, axis, label)))
                .sum();
            let figure = rules::class_disclosure(self.statistics.rows(cell), group);
            note(taken, "class", None, figure);
            // Of who has several rows one in the class is enough.
            let units = self.statistics.units(cell);
            if let Some(line) = self.statistics.units_of_line(cell, axis) {
                let figure = rules::class_disclosure(units, line.max(units));
                note(taken, "class", None, figure);
            }
        }
        let channels = self.statistics.channels().iter().enumerate();
        for (index, channel) in channels.filter(|(_, channel)| (self.told)(channel)) {
            let measure = channel.measure.and_then(|m| self.shape.measures().get(m));
            let (Some(measure), Some(slot)) = (measure, self.statistics.slot(cell, index)) else {
                continue;
            };
            let varied = self.varied.get(index).copied().unwrap_or(true);
            let alike = is_alike(slot);
            let (tells, rule) = match (channel.role, measure.aggregate) {
                // Numerators that are all 0, or as alike as what they are divided by, make a ratio that tells each of them.
                (ChannelRole::Value, Aggregate::Ratio) => {
                    let under = self.slot_of(cell, channel.measure, ChannelRole::Denominator);
                    let both = varied || slot.least == 0.0 || under.is_some_and(is_alike);
                    (alike && both, "class")
                }
                (ChannelRole::Value, _) => (alike, "class"),
                // So do denominators and weights that add up to nothing: what they divide has no figure.
                (ChannelRole::Denominator | ChannelRole::Weight, _) => {
                    let nothing = slot.rows > 0 && !slot.negative && slot.total() == 0.0;
                    (nothing || alike && varied, "class")
                }
                (ChannelRole::Complement(between), aggregate) => {
                    let tells = varied || aggregate == Aggregate::Ratio;
                    let nobody = tells && unlike::is_nobody(self.statistics, cell, index);
                    let looks = self.settings.complement.is_some_and(|c| c.disclosive);
                    (
                        looks && nobody && between.weighs(self.shape),
                        "complement-class",
                    )
                }
                (ChannelRole::Rows, _) => (false, "class"),
            };
            if tells {
                let figure = rules::class_disclosure(slot.rows.max(1), slot.rows.max(1));
                note(taken, rule, Some(&measure.name), figure);
            }
        }
    }
}

/// Whether all rows that weigh have one value.
fn is_alike(slot: &Slot) -> bool {
    slot.rows > 0 && slot.least.total_cmp(&slot.greatest).is_eq()
}

/// Keeps a figure, and takes it into the outcome unless it passes.
fn note(taken: &mut Taken<'_>, rule: &'static str, measure: Option<&Name>, figure: Figure) {
    if let Some(ledger) = taken.ledger.as_deref_mut() {
        ledger.note(rule, measure, &figure);
    }
    if figure.status == Status::Pass {
        return;
    }
    let outcome = &mut *taken.outcome;
    outcome.status = match (outcome.status, figure.status) {
        (Status::Fail, _) | (_, Status::Fail) => Status::Fail,
        _ => Status::Review,
    };
    // INVARIANT: rules' names are names; were one not, the cell would still fail.
    if let Ok(rule) = Name::parse(rule) {
        outcome.failed.push(RuleFigure {
            rule,
            measure: measure.cloned(),
            status: figure.status,
            value: figure.value,
            bound: figure.bound,
        });
    }
}

/// Whether enough is left to be of use.
pub(super) fn within_share(profile: &Profile, cells: &[CellOutcome]) -> Result<(), &'static str> {
    let filled = cells.iter().filter(|cell| !cell.empty).count() as u64;
    let blank = cells
        .iter()
        .filter(|cell| !cell.empty && cell.suppression != Suppression::None)
        .count() as u64;
    if blank == filled {
        return Err("every cell that is not empty would be blank");
    }
    let share = rules::real(blank) / rules::real(filled);
    if share > profile.settings().suppression.suppressed_share_max {
        return Err("too many cells would be blank for the table to be of use");
    }
    Ok(())
}
