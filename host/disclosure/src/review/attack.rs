//! The attack on blank cells: what everything that is shown gives back of those that must stay unknown.

use std::collections::BTreeMap;

use yunei_model::Status;

use super::atoms::{Atoms, Told};
use super::brackets::{Interval, Place, System, Target, Unbracketed};
use super::counted::{Counted, Failed, Rows};
use super::measured::Quantity;
use crate::profile::Profile;
use crate::rules::real;

/// Relative error that ends of intervals are allowed.
const TOLERANCE: f64 = 1e-6;

/// How much must stay unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Need {
    /// An interval at least so wide: counts.
    Width(f64),
    /// An interval that reaches at least so far both ways: magnitudes.
    Ends { low: f64, high: f64 },
}

/// What the attack found about one blank cell in one quantity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) measure: usize,
    pub(super) need: Need,
    pub(super) interval: Result<Interval, Unbracketed>,
}

impl Found {
    /// Whether enough stays unknown; review where that is not proven.
    pub(super) fn status(&self) -> Status {
        let Ok(interval) = &self.interval else {
            return Status::Review;
        };
        let enough = self.enough(interval.low, interval.high)
            && interval
                .inside
                .is_none_or(|(low, high)| self.enough(low, high));
        match (enough, interval.exact) {
            // The true interval is no wider than this one.
            (false, _) => Status::Fail,
            (true, true) => Status::Pass,
            (true, false) => Status::Review,
        }
    }
    fn enough(&self, low: Option<f64>, high: Option<f64>) -> bool {
        let (low, high) = (
            low.unwrap_or(f64::NEG_INFINITY),
            high.unwrap_or(f64::INFINITY),
        );
        match self.need {
            Need::Width(width) => high - low + TOLERANCE >= width,
            Need::Ends {
                low: needed,
                high: most,
            } => {
                let slack = TOLERANCE * most.abs().max(needed.abs());
                low <= needed + slack && high + slack >= most
            }
        }
    }
}

/// Whether a rule's failure is about a measure.
pub(super) fn concerns(failed: &Failed, measure: usize) -> bool {
    failed.measure.is_none_or(|of| of == measure)
}

/// A target, the measure that would show it, and how much must stay unknown.
type Aim = (Target, usize, Need);

/// Attacks every blank cell that fails a rule. Empty cells hide nothing: the attacker is taken to know them.
pub(super) fn attack(
    tables: &[Told<'_>],
    atoms: &Atoms,
    rows: &Rows,
    profile: &Profile,
) -> BTreeMap<Place, Vec<Found>> {
    let mut by_key: BTreeMap<&str, (&Quantity, Vec<Aim>)> = BTreeMap::new();
    for (index, table) in tables.iter().enumerate() {
        for cell in 0..table.counted.frame.cells() {
            if table.counted.rows(cell) == 0 {
                continue;
            }
            for (measure, quantity) in hidden(table, cell) {
                let Some(value) = value(table.counted, cell, measure, quantity) else {
                    continue;
                };
                let target = Target {
                    place: (index, cell),
                    value,
                };
                let need = need(table.counted, cell, measure, quantity, value, profile);
                by_key
                    .entry(&quantity.key)
                    .or_insert_with(|| (quantity, Vec::new()))
                    .1
                    .push((target, measure, need));
            }
        }
    }
    let mut found: BTreeMap<Place, Vec<Found>> = BTreeMap::new();
    for (quantity, targets) in by_key.into_values() {
        let mut system = System::new(quantity, tables, atoms, rows);
        for (target, measure, need) in targets {
            let interval = match &mut system {
                Ok(system) => system.bracket(&target),
                Err(unbracketed) => Err(*unbracketed),
            };
            found.entry(target.place).or_default().push(Found {
                measure,
                need,
                interval,
            });
        }
    }
    found
}

/// What a cell must not give back: the quantities of measures that are blank in it and fail a rule.
fn hidden<'a>(table: &'a Told<'_>, cell: usize) -> Vec<(usize, &'a Quantity)> {
    let failed = table.counted.failed(cell);
    let mut hidden = Vec::new();
    for (measure, measured) in table.counted.measures.iter().enumerate() {
        let fails = failed
            .iter()
            .any(|f| f.figure.status == Status::Fail && concerns(f, measure));
        if fails && table.published.figure(cell, measure).is_none() {
            hidden.extend(measured.tells.iter().map(|quantity| (measure, quantity)));
        }
    }
    hidden
}

/// The true value of a quantity in a cell.
fn value(counted: &Counted<'_>, cell: usize, measure: usize, quantity: &Quantity) -> Option<f64> {
    use super::measured::Source;
    if quantity.under {
        return counted.denominator(cell, measure);
    }
    let total = || Some(counted.contributions(cell, measure)?.total);
    match &quantity.source {
        Source::Rows => Some(real(counted.rows(cell))),
        Source::Units => Some(real(counted.units(cell))),
        Source::Sum(_) => total(),
        // A proportion's own figure, times the rows that it is a share of.
        Source::Present(_) if counted.measures.get(measure)?.extra.is_some() => {
            Some((counted.figure(cell, measure)? * total()?).round())
        }
        Source::Present(_) => total(),
    }
}

/// How much of a quantity must stay unknown. Counts: the profile's width. Magnitudes: the profile's share of the largest
/// contribution both ways, so that nobody learns it more closely, and upwards what a dominated cell lacks to pass (the
/// Handbook, section 4.3.2).
fn need(
    counted: &Counted<'_>,
    cell: usize,
    measure: usize,
    quantity: &Quantity,
    value: f64,
    profile: &Profile,
) -> Need {
    let settings = profile.settings();
    if quantity.source.is_whole() {
        return Need::Width(real(settings.suppression.interval_count));
    }
    let Some(contributions) = counted.contributions(cell, measure) else {
        return Need::Ends {
            low: value,
            high: value,
        };
    };
    let [largest, ..] = contributions.largest;
    let level = settings.suppression.interval_share * largest.abs();
    let lacking = settings.dominance.map_or(0.0, |rule| {
        contributions.top(rule.contributors) / rule.share - contributions.total
    });
    Need::Ends {
        low: value - level.min(value.max(0.0)),
        high: value + level.max(lacking),
    }
}
