//! The attack on blank cells: what everything that is shown gives back of those that must stay unknown.
//!
//! First a proof is looked for, as for linked tables at the gate: shifts of whole numbers. Where there is none, linear programmes decide: deviations
//! prove that enough stays unknown for everybody and for those who know a cell of their own, or there are none. Cells that a shift proves are decided
//! so too, and all are bracketed for the report, while that is little work.

use std::collections::BTreeMap;

use yunei_model::Status;

use super::atoms::{Atoms, Told};
use super::brackets::{Asked, Held, Interval, Place, System, Target, Unbracketed, Work};
use super::counted::{Counted, Failed, Rows};
use super::measured::Quantity;
use super::shifts::{Levels, Shifts};
use crate::profile::Profile;
use crate::rules::{Contributions, real};

/// Work of linear programmes in one review at most, for cells that no shift proves; what lies beyond goes to people.
pub(super) const ATTACK_WORK_MAX: u64 = 2_000_000_000;
/// Work of linear programmes in one review at most, for cells that shifts prove, and as much for brackets that the report alone needs.
const REPORT_WORK_MAX: u64 = 2_000_000;

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

impl Need {
    /// How far a cell must be able to lie from its value so that it is met.
    pub(super) fn levels(self, value: f64) -> Levels {
        match self {
            Self::Width(width) => Levels {
                up: width.ceil(),
                down: 0.0,
            },
            Self::Ends { low, high } => Levels {
                up: (high - value).max(0.0),
                down: (value - low).max(0.0),
            },
        }
    }

    /// The same, as programmes are asked.
    fn asked(self, value: f64) -> Asked {
        let levels = self.levels(value);
        match self {
            Self::Width(width) => Asked::Width(width),
            Self::Ends { .. } => Asked::Ways {
                up: levels.up,
                down: levels.down,
            },
        }
    }
}

/// What the attack found about one blank cell in one quantity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) measure: usize,
    /// The other measure, where it is about what lies between two.
    pub(super) beside: Option<usize>,
    pub(super) need: Need,
    /// Whether enough stays unknown.
    pub(super) held: Result<Held, Unbracketed>,
    /// Between what the cell lies for everybody, where that was computed.
    pub(super) interval: Option<Interval>,
    /// The true value.
    pub(super) value: f64,
    /// Whether shifts prove what is needed.
    pub(super) proven: bool,
}

impl Found {
    /// What the programmes decided, and nothing else.
    pub(super) fn of(aim: &Aim<'_>, held: Result<Held, Unbracketed>) -> Self {
        Self {
            measure: aim.measure,
            beside: aim.quantity.own.as_ref().and_then(|own| own.beside),
            need: aim.need,
            held,
            interval: None,
            value: aim.target.value,
            proven: false,
        }
    }

    /// Whether enough stays unknown; review where that is not proven.
    pub(super) fn status(&self) -> Status {
        let narrow = |interval: &Interval| !self.enough(interval.low, interval.high);
        match self.held {
            Ok(Held::No { .. }) => Status::Fail,
            // The true interval is no wider than this one.
            _ if self.interval.as_ref().is_some_and(narrow) => Status::Fail,
            Ok(Held::Yes { .. }) => Status::Pass,
            Ok(Held::Unknown) | Err(_) if self.proven => Status::Pass,
            Ok(Held::Unknown) | Err(_) => Status::Review,
        }
    }

    /// Between what the cell is known to lie: the bracket, or the part of it that is proven.
    pub(super) fn ends(&self) -> Option<(Option<f64>, Option<f64>)> {
        if let Some(interval) = &self.interval {
            return Some((interval.low, interval.high));
        }
        let levels = self.need.levels(self.value);
        let (down, up) = match self.held {
            Ok(Held::Yes { down, up }) => (down, up),
            _ if self.proven => (levels.down, levels.up),
            _ => return None,
        };
        Some((Some(self.value - down), Some(self.value + up)))
    }

    /// Between what the cell lies for respondents of another blank cell who know it too closely.
    pub(super) fn inside(&self) -> Option<(Option<f64>, Option<f64>)> {
        let Ok(Held::No { inside }) = self.held else {
            return None;
        };
        inside.map(|(down, up)| (down.map(|by| self.value - by), up.map(|by| self.value + by)))
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

/// What must stay unknown of a cell.
pub(super) struct Aim<'a> {
    pub(super) quantity: &'a Quantity,
    pub(super) target: Target,
    /// The measure that would show it.
    pub(super) measure: usize,
    pub(super) need: Need,
}

/// Every cell that fails a rule and is blank, by the keys of the quantities that must stay unknown in it. Empty cells hide nothing: the
/// attacker is taken to know them.
pub(super) fn aims<'a>(
    tables: &'a [Told<'_>],
    profile: &Profile,
) -> BTreeMap<&'a str, Vec<Aim<'a>>> {
    let mut by_key: BTreeMap<&str, Vec<Aim<'_>>> = BTreeMap::new();
    for (index, table) in tables.iter().enumerate() {
        for cell in 0..table.counted.frame.cells() {
            if table.counted.rows(cell) == 0 {
                continue;
            }
            for (measure, quantity) in hidden(table, cell) {
                let Some(value) = value(table.counted, cell, measure, quantity) else {
                    continue;
                };
                let aims = by_key.entry(&quantity.key).or_default();
                // Either of two figures tells what lies between them.
                if aims.iter().any(|aim| aim.target.place == (index, cell))
                    && quantity.own.is_some()
                {
                    continue;
                }
                aims.push(Aim {
                    quantity,
                    target: Target {
                        place: (index, cell),
                        value,
                    },
                    measure,
                    need: need(table.counted, cell, measure, quantity, value, profile),
                });
            }
        }
    }
    by_key
}

/// Attacks every blank cell that fails a rule.
pub(super) fn attack(
    tables: &[Told<'_>],
    atoms: &Atoms,
    rows: &Rows,
    profile: &Profile,
) -> BTreeMap<Place, Vec<Found>> {
    let aims = aims(tables, profile);
    let quantities: Vec<&Quantity> = aims
        .values()
        .filter_map(|aims| aims.first().map(|aim| aim.quantity))
        .collect();
    let mut shifts = Shifts::new(tables, atoms, rows, &quantities, 0);
    let mut work = Work::new(ATTACK_WORK_MAX);
    let mut spare_work = Work::new(REPORT_WORK_MAX);
    let mut report_work = Work::new(REPORT_WORK_MAX);
    let mut found: BTreeMap<Place, Vec<Found>> = BTreeMap::new();
    for (quantity, aims) in quantities.into_iter().zip(aims.values()) {
        let proven: Vec<bool> = aims
            .iter()
            .map(|aim| {
                let levels = aim.need.levels(aim.target.value);
                let place = aim.target.place;
                let shifts = shifts.as_mut();
                shifts.is_some_and(|shifts| shifts.proves(place, quantity, levels))
            })
            .collect();
        let mut system = System::new(quantity, tables, atoms, rows);
        for (aim, proven) in aims.iter().zip(proven) {
            let work = if proven { &mut spare_work } else { &mut work };
            let (held, interval) = match &mut system {
                Ok(system) => judged(system, aim, work, &mut report_work),
                Err(unbracketed) => (Err(*unbracketed), None),
            };
            found.entry(aim.target.place).or_default().push(Found {
                interval,
                proven,
                ..Found::of(aim, held)
            });
        }
    }
    found
}

/// Whether enough stays unknown.
pub(super) fn decided(
    system: &mut System,
    aim: &Aim<'_>,
    work: &mut Work,
) -> Result<Held, Unbracketed> {
    if work.is_spent() {
        return Err(Unbracketed::TooLarge);
    }
    system.decide(&aim.target, aim.need.asked(aim.target.value), work)
}

/// Whether enough stays unknown, and between what the cell lies: always where it fails, else while it is little work.
fn judged(
    system: &mut System,
    aim: &Aim<'_>,
    work: &mut Work,
    spare: &mut Work,
) -> (Result<Held, Unbracketed>, Option<Interval>) {
    if work.is_spent() {
        return (Err(Unbracketed::TooLarge), None);
    }
    let held = decided(system, aim, work);
    let ends = match held {
        Ok(Held::No { .. }) => work,
        _ => spare,
    };
    (held, system.bracket(&aim.target, ends).ok())
}

/// What a cell must not give back: the quantities of measures that are blank in it and fail a rule.
fn hidden<'a>(table: &'a Told<'_>, cell: usize) -> Vec<(usize, &'a Quantity)> {
    let failed = table.counted.failed(cell);
    let mut hidden = Vec::new();
    for (measure, measured) in table.counted.measures.iter().enumerate() {
        let fails = failed
            .iter()
            .any(|f| f.figure.status == Status::Fail && concerns(f, measure));
        if table.published.figure(cell, measure).is_some() {
            continue;
        }
        let must =
            |quantity: &&Quantity| quantity.own.as_ref().map_or(fails, |own| own.needs(cell));
        let tells = measured.tells.iter().filter(must);
        hidden.extend(tells.map(|quantity| (measure, quantity)));
    }
    hidden
}

/// The true value of a quantity in a cell.
fn value(counted: &Counted<'_>, cell: usize, measure: usize, quantity: &Quantity) -> Option<f64> {
    use super::measured::Source;
    if let Some(own) = &quantity.own {
        let contributions = own.contributions(cell);
        return Some(if quantity.source.is_whole() {
            real(contributions.units)
        } else {
            contributions.total
        });
    }
    if quantity.under {
        return counted.denominator(cell, measure);
    }
    let total = || Some(counted.contributions(cell, measure)?.total);
    match &quantity.source {
        Source::Rows => Some(real(counted.rows(cell))),
        Source::Units => Some(real(counted.units(cell))),
        Source::Sum(_) | Source::Present(_) | Source::UnitsOf(_) => total(),
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
    let own = quantity.own.as_ref().map(|own| own.contributions(cell));
    let contributions = own.or_else(|| counted.contributions(cell, measure));
    needed(quantity, value, contributions.as_ref(), profile)
}

/// The same of any set of rows, of what its units gave.
pub(super) fn needed(
    quantity: &Quantity,
    value: f64,
    contributions: Option<&Contributions>,
    profile: &Profile,
) -> Need {
    let settings = profile.settings();
    if quantity.source.is_whole() {
        return Need::Width(real(settings.suppression.interval_count));
    }
    let Some(contributions) = contributions else {
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
