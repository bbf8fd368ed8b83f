//! The quantities that cells add up in, over the atoms.

use yunei_model::BracketOf;

use super::Joint;
use super::system::Party;
use crate::accumulate::{ChannelRole, Statistics, total_of};
use crate::profile::Settings;
use crate::rules::{Contributions, real};
use crate::suppress::counts::{Count, Few, Place, counts};
use crate::suppress::{COALITION, levels};

/// Quantities of one system at most: as many as a mask has bits.
pub(super) const QUANTITIES_MAX: usize = 128;
/// By so much of them sums of the same values differ at most.
const TWIN_SLIP: f64 = 1e-12;

/// What a quantity counts or sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Units: subjects, merged by group.
    Units,
    /// Rows.
    Rows,
    /// What a channel of a measure of the atoms sums.
    Sum(usize, ChannelRole),
    /// Rows with a value.
    RowsOf(usize, ChannelRole),
    /// Units with a value.
    UnitsOf(usize, ChannelRole),
    /// Units of a channel of the atoms that a rule counts.
    Few(usize),
}

/// A quantity over the atoms.
pub(super) struct Quantity {
    kind: Kind,
    /// One value per atom.
    pub(super) values: Vec<f64>,
    /// How far each atom could fall for any two of its own respondents.
    falls: Vec<f64>,
    /// The whole, and the units behind it.
    whole: Contributions,
    /// What a rule counts, if it is that.
    few: Option<Counted>,
}

/// What a rule counts in a channel of the atoms.
struct Counted {
    few: Few,
    /// Measures of the atoms that it is told by: one, or two of which it is the difference.
    measures: Vec<usize>,
}

impl Quantity {
    /// A quantity of tables that are described cell by cell; it reads no table's statistics.
    pub(super) fn given(counted: bool, values: Vec<f64>, falls: Vec<f64>) -> Self {
        let kind = if counted {
            Kind::Rows
        } else {
            Kind::Sum(usize::MAX, ChannelRole::Value)
        };
        let whole = Contributions {
            largest: [0.0; 3],
            units: 0,
            total: values.iter().sum(),
        };
        Self {
            kind,
            values,
            falls,
            whole,
            few: None,
        }
    }

    /// Whether it moves in whole numbers.
    pub(super) const fn is_counted(&self) -> bool {
        !matches!(self.kind, Kind::Sum(..))
    }

    pub(super) fn at(&self, atom: u32) -> f64 {
        self.values.get(atom as usize).copied().unwrap_or(0.0)
    }

    /// Whether both are of one kind, and the same in every atom.
    fn is_twin_of(&self, other: &Self) -> bool {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= TWIN_SLIP * a.abs().max(b.abs());
        std::mem::discriminant(&self.kind) == std::mem::discriminant(&other.kind)
            && self.values.iter().zip(&other.values).all(close)
    }

    /// How far down an atom could lie: counts keep one, since everybody knows which atoms are empty. Unless the atom is what somebody wants to
    /// know, two of its own respondents put together what they gave, and see no more gone than is the others'. What a table's cell spares
    /// says nothing about that: it may be mostly made up of other atoms, which the public pins.
    pub(super) fn fall(&self, atom: u32, wanted: bool) -> f64 {
        // Whether somebody is counted by a rule, nobody knows.
        let least = f64::from(u8::from(self.is_counted() && self.few.is_none()));
        let left = (self.at(atom) - least).max(0.0);
        if wanted {
            return left;
        }
        left.min(self.falls.get(atom as usize).copied().unwrap_or(0.0))
    }

    /// The measure of a table that it is about.
    pub(super) fn measure(&self, party: &Party<'_>) -> Option<usize> {
        let (Kind::Sum(measure, _) | Kind::RowsOf(measure, _) | Kind::UnitsOf(measure, _)) =
            self.kind
        else {
            return None;
        };
        party.measures.iter().position(|m| *m == Some(measure))
    }

    /// The table's channel that it is read from; none of what a rule counts, which is read from the atoms.
    fn channel(&self, party: &Party<'_>) -> Option<usize> {
        if self.few.is_some() {
            return None;
        }
        let (Kind::Sum(_, role) | Kind::RowsOf(_, role) | Kind::UnitsOf(_, role)) = self.kind
        else {
            return Some(0);
        };
        let measure = self.measure(party)?;
        party.table.statistics.channel_of(measure, role)
    }

    /// What it is, as supervision reads it; nothing for what only rules count.
    pub(super) const fn told(&self) -> Option<BracketOf> {
        match self.kind {
            Kind::Units => Some(BracketOf::Subjects),
            Kind::Rows => Some(BracketOf::Rows),
            Kind::Sum(_, role) => Some(role.told()),
            Kind::RowsOf(..) => Some(BracketOf::RowsWithValue),
            Kind::UnitsOf(..) => Some(BracketOf::SubjectsWithValue),
            Kind::Few(_) => None,
        }
    }

    /// Its value in a cell of a table, if the table tells of it.
    pub(super) fn value_in(&self, party: &Party<'_>, cell: usize) -> Option<f64> {
        let statistics = party.table.statistics;
        let slot = statistics.slot(cell, self.channel(party)?)?;
        Some(match self.kind {
            Kind::Units => real(statistics.units(cell)),
            Kind::Rows => real(statistics.rows(cell)),
            Kind::Sum(..) => total_of(slot),
            Kind::RowsOf(..) => real(slot.rows),
            Kind::UnitsOf(..) => real(slot.units),
            Kind::Few(_) => return None,
        })
    }

    /// Whether a table tells of it: every table tells of units and rows, to be safe.
    pub(super) fn is_told_by(&self, party: &Party<'_>) -> bool {
        match &self.few {
            Some(counted) => {
                let mut measures = counted.measures.iter();
                measures.all(|measure| party.measures.contains(&Some(*measure)))
            }
            None => self.channel(party).is_some(),
        }
    }

    /// How far what a rule counts could fall in a cell of these atoms, for two of its respondents; nothing for what no rule counts.
    pub(super) fn spare_of(&self, statistics: &Statistics, atoms: &[usize]) -> Option<f64> {
        let (Some(counted), Kind::Few(channel)) = (&self.few, self.kind) else {
            return None;
        };
        let slot = statistics.slot_together(atoms, channel);
        let units = slot.map_or(0, |slot| counted.few.units(&slot));
        Some(real(units.saturating_sub(COALITION)))
    }

    /// The levels that a rule which counts asks for in a cell, whose atoms are `one`.
    pub(super) fn levels_of_one(&self, one: &Statistics, settings: &Settings) -> (f64, f64) {
        match (&self.few, self.kind) {
            (Some(counted), Kind::Few(channel)) => {
                (counted.few.level(one, settings, (0, channel)), 0.0)
            }
            _ => (0.0, 0.0),
        }
    }

    /// How far the quantity could fall in a cell for two of its respondents, if the table tells of it.
    pub(super) fn spare(&self, party: &Party<'_>, cell: usize) -> Option<f64> {
        let statistics = party.table.statistics;
        let channel = self.channel(party)?;
        let slot = statistics.slot(cell, channel)?;
        let contributions = statistics.contributions(cell, channel);
        Some(match self.kind {
            Kind::Units => real(statistics.units(cell).saturating_sub(COALITION)),
            Kind::Rows | Kind::Sum(..) => contributions.remainder(),
            // Two respondents gave no more rows with a value than rows.
            Kind::RowsOf(..) => {
                (real(slot.rows) - statistics.contributions(cell, 0).top(2)).max(0.0)
            }
            Kind::UnitsOf(..) => real(slot.units.saturating_sub(COALITION)),
            Kind::Few(_) => return None,
        })
    }

    /// The levels of protection, up and down, that a cell of a table needs.
    pub(super) fn levels(&self, party: &Party<'_>, cell: usize, settings: &Settings) -> (f64, f64) {
        self.channel(party).map_or((0.0, 0.0), |channel| {
            self.levels_in(party.table.statistics, cell, channel, settings)
        })
    }

    /// The levels of protection that an atom needs.
    pub(super) fn levels_of_atom(
        &self,
        atoms: &Statistics,
        number: usize,
        settings: &Settings,
    ) -> (f64, f64) {
        let channel = match self.kind {
            Kind::Units | Kind::Rows => Some(0),
            Kind::Sum(m, role) | Kind::RowsOf(m, role) | Kind::UnitsOf(m, role) => {
                atoms.channel_of(m, role)
            }
            Kind::Few(channel) => Some(channel),
        };
        channel.map_or((0.0, 0.0), |channel| {
            self.levels_in(atoms, number, channel, settings)
        })
    }

    fn levels_in(
        &self,
        statistics: &Statistics,
        cell: usize,
        channel: usize,
        settings: &Settings,
    ) -> (f64, f64) {
        let contributions = statistics.contributions(cell, channel);
        match self.kind {
            Kind::Units | Kind::RowsOf(..) | Kind::UnitsOf(..) => levels::of_count(settings),
            Kind::Rows => levels::of_rows(settings, &contributions),
            Kind::Sum(..) => {
                let (up, down) = levels::of_magnitude(settings, &contributions, &self.whole);
                let slot = statistics.slot(cell, channel);
                let steps = slot.map_or(0.0, |slot| levels::of_indicator(settings, slot));
                (up.max(steps), down)
            }
            Kind::Few(_) => {
                let counted = self.few.as_ref();
                let level =
                    |counted: &Counted| counted.few.level(statistics, settings, (cell, channel));
                (counted.map_or(0.0, level), 0.0)
            }
        }
    }
}

/// Units, rows, and every channel's sum, with the rows and units behind it where some lack a value. Channels with negative values have
/// no bounds beyond the equations; tables with them go to people, as do those without beside them (`masks`).
pub(super) fn quantities(
    joint: &Joint<'_>,
    numbers: &[u32],
    failed: &[Place<'_>],
    settings: &Settings,
) -> Vec<Quantity> {
    let statistics = joint.statistics;
    let of = |kind, value: &dyn Fn(usize) -> f64| {
        let values: Vec<f64> = numbers.iter().map(|n| value(*n as usize)).collect();
        let units = numbers.iter().map(|n| statistics.units(*n as usize)).sum();
        let whole = Contributions {
            largest: [0.0; 3],
            units,
            total: values.iter().sum(),
        };
        let falls = numbers.iter().map(|n| fall(kind, statistics, *n as usize));
        Quantity {
            falls: falls.collect(),
            kind,
            values,
            whole,
            few: None,
        }
    };
    let mut quantities = vec![
        of(Kind::Units, &|n| real(statistics.exclusive_units(n))),
        of(Kind::Rows, &|n| real(statistics.rows(n))),
    ];
    for (index, channel) in statistics.channels().iter().enumerate() {
        let Some(measure) = channel.measure else {
            continue;
        };
        let slot = |n: usize| statistics.slot(n, index);
        let any = |test: &dyn Fn(usize) -> bool| numbers.iter().any(|n| test(*n as usize));
        if any(&|n| slot(n).is_some_and(|s| s.negative)) {
            continue;
        }
        if let ChannelRole::Complement(complement) = channel.role {
            // What lies between figures of two measures, no table tells by itself: `masks` looks at those.
            let told = complement.beside.is_none();
            if told && any(&|n| slot(n).is_some_and(|s| s.units > 0)) {
                quantities.push(of(Kind::Sum(measure, channel.role), &|n| {
                    slot(n).map_or(0.0, total_of)
                }));
            }
            continue;
        }
        quantities.push(of(Kind::Sum(measure, channel.role), &|n| {
            slot(n).map_or(0.0, total_of)
        }));
        if any(&|n| slot(n).is_some_and(|s| s.rows != statistics.rows(n))) {
            quantities.push(of(Kind::RowsOf(measure, channel.role), &|n| {
                slot(n).map_or(0.0, |s| real(s.rows))
            }));
            quantities.push(of(Kind::UnitsOf(measure, channel.role), &|n| {
                slot(n).map_or(0.0, |s| real(s.units))
            }));
        }
    }
    let counts = counts(statistics, settings, failed);
    quantities.extend(
        counts
            .into_iter()
            .filter_map(|count| few(statistics, numbers, count)),
    );
    quantities
}

/// What a rule counts, over the atoms. Units that are in several atoms are counted in none.
fn few(statistics: &Statistics, numbers: &[u32], count: Count) -> Option<Quantity> {
    let described = statistics.channels().get(count.channel)?;
    let beside = match described.role {
        ChannelRole::Complement(complement) => complement.beside,
        _ => None,
    };
    let atoms = || numbers.iter().map(|number| *number as usize);
    let alone = |atom: usize| {
        let slot = statistics.slot(atom, count.channel);
        let units = slot.map_or(0, |slot| count.few.units(slot));
        let shared = statistics.units(atom) - statistics.exclusive_units(atom);
        real(units.saturating_sub(shared))
    };
    let spare = |atom: usize| {
        if statistics.units(atom) <= COALITION {
            return 0.0;
        }
        count.few.spare(statistics, (atom, count.channel))
    };
    let values: Vec<f64> = atoms().map(alone).collect();
    Some(Quantity {
        kind: Kind::Few(count.channel),
        falls: atoms().map(spare).collect(),
        whole: Contributions {
            largest: [0.0; 3],
            units: 0,
            total: values.iter().sum(),
        },
        values,
        few: Some(Counted {
            measures: described.measure.into_iter().chain(beside).collect(),
            few: count.few,
        }),
    })
}

/// Per quantity, the first that is the same in every atom: a column of a table under another aggregate, as the total of a ratio's denominator or of
/// a count's weights where no row lacks the other. What is known of the one is known of the other. That two are the same by chance makes
/// the proof harder and never wrong.
pub(super) fn twins(quantities: &[Quantity]) -> Vec<usize> {
    let first = |quantity: &Quantity| quantities.iter().position(|q| q.is_twin_of(quantity));
    let numbered = quantities.iter().enumerate();
    numbered
        .map(|(own, quantity)| first(quantity).unwrap_or(own))
        .collect()
}

/// What the two respondents who gave most to an atom do not hold of it; nothing where there are no others.
fn fall(kind: Kind, statistics: &Statistics, atom: usize) -> f64 {
    if statistics.units(atom) <= COALITION {
        return 0.0;
    }
    let rows = statistics.contributions(atom, 0);
    let slot = |measure, role| {
        let channel = statistics.channel_of(measure, role)?;
        Some((channel, statistics.slot(atom, channel)?))
    };
    match kind {
        Kind::Units => real(statistics.exclusive_units(atom).saturating_sub(COALITION)),
        Kind::Rows => rows.remainder(),
        Kind::Sum(measure, role) => slot(measure, role).map_or(0.0, |(channel, _)| {
            statistics.contributions(atom, channel).remainder()
        }),
        Kind::RowsOf(measure, role) => {
            slot(measure, role).map_or(0.0, |(_, slot)| (real(slot.rows) - rows.top(2)).max(0.0))
        }
        Kind::UnitsOf(measure, role) => {
            slot(measure, role).map_or(0.0, |(_, slot)| real(slot.units.saturating_sub(COALITION)))
        }
        Kind::Few(_) => 0.0,
    }
}
