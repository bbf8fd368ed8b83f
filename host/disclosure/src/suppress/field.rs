//! What the attacker could know of every cell, and how much must stay unknown.

use yunei_model::BracketOf;

use super::counts::{self, Count};
use super::levels;
use crate::accumulate::{ChannelRole, Statistics};
use crate::profile::Profile;
use crate::rules::{Contributions, real};
use crate::shape::Lattice;

/// Respondents of one cell who may put together what they know.
pub(crate) const COALITION: u64 = 2;

/// A quantity that cells and margins add up in.
pub(super) struct Quantity {
    /// One value per cell.
    values: Vec<f64>,
    /// Least that the attacker takes a blank cell's value for: 1 for counts, since empty cells are known.
    least: f64,
    /// How far each cell could fall for two of its own respondents, who know what they gave.
    spare: Vec<f64>,
    /// Where the levels of protection come from.
    source: Source,
    /// Index of the measure that it belongs to, if it does.
    pub(super) measure: Option<usize>,
    /// What it is, as supervision reads it; nothing for what only rules count.
    pub(super) of: Option<BracketOf>,
}

#[derive(Clone, PartialEq)]
enum Source {
    /// Subjects, or rows with a value: the profile's interval.
    Count,
    /// A channel's sum: the profile's share, and the interval too if `rows`.
    Channel { channel: usize, rows: bool },
    /// Units that a rule counts: the profile's interval where they fail it.
    Few(Count),
}

/// The levels of protection of one failed cell, per quantity.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) cell: usize,
    /// How far up the value must be able to lie.
    pub(super) up: Vec<f64>,
    /// How far down.
    pub(super) down: Vec<f64>,
}

impl Demand {
    pub(super) fn levels(&self, upwards: bool) -> &[f64] {
        if upwards { &self.up } else { &self.down }
    }

    /// What orders the search.
    pub(super) fn weight(&self) -> f64 {
        self.up.iter().copied().fold(0.0, f64::max)
    }
}

/// The table as the search and the audit see it.
pub(super) struct Field<'a> {
    statistics: &'a Statistics,
    profile: &'a Profile,
    quantities: Vec<Quantity>,
    /// Blank cells.
    blank: Vec<bool>,
    /// What blanking a cell costs.
    costs: Vec<f64>,
    /// Cells that failed.
    failed: Vec<usize>,
    /// Whether no further cell may be blanked.
    frozen: bool,
}

impl<'a> Field<'a> {
    pub(super) fn new(statistics: &'a Statistics, profile: &'a Profile, failed: &[usize]) -> Self {
        let count = statistics.lattice().count();
        let mut blank = vec![false; count];
        for cell in failed {
            if let Some(state) = blank.get_mut(*cell) {
                *state = true;
            }
        }
        Self {
            statistics,
            profile,
            quantities: quantities(statistics, profile, failed),
            blank,
            costs: (0..count)
                .map(|cell| 1.0 + (1.0 + real(statistics.rows(cell))).log2())
                .collect(),
            failed: failed.to_vec(),
            frozen: false,
        }
    }

    /// Lets no further cell be blanked, or lets them again.
    pub(super) const fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// The cells that failed.
    pub(super) fn failed(&self) -> &[usize] {
        &self.failed
    }

    /// Cells that are blank and did not fail, rising.
    pub(super) fn complementary(&self) -> Vec<usize> {
        let blank = self.blank.iter().enumerate();
        blank
            .filter(|(cell, blank)| **blank && !self.failed.contains(cell))
            .map(|(cell, _)| cell)
            .collect()
    }

    /// What the cells cost that are blank and did not fail.
    pub(super) fn cost_of_pattern(&self) -> f64 {
        self.complementary()
            .into_iter()
            .map(|cell| self.price(cell))
            .sum()
    }

    /// What blanking a cell costs, whether it is blank or not.
    pub(super) fn price(&self, cell: usize) -> f64 {
        self.costs.get(cell).copied().unwrap_or(f64::INFINITY)
    }

    /// Makes exactly these cells blank, and those that failed.
    pub(super) fn set_pattern(&mut self, complementary: &[usize]) {
        self.blank.fill(false);
        for cell in self.failed.iter().chain(complementary) {
            if let Some(state) = self.blank.get_mut(*cell) {
                *state = true;
            }
        }
    }

    pub(super) fn lattice(&self) -> &Lattice {
        self.statistics.lattice()
    }

    pub(super) fn quantities(&self) -> &[Quantity] {
        &self.quantities
    }

    /// Whether the attacker knows the cell to be empty.
    pub(super) fn is_known(&self, cell: usize) -> bool {
        self.statistics.rows(cell) == 0
    }

    pub(super) fn is_blank(&self, cell: usize) -> bool {
        self.blank.get(cell).copied().unwrap_or(false)
    }

    /// Blanks a cell.
    pub(super) fn blank(&mut self, cell: usize) {
        self.set_blank(cell, true);
    }

    /// Blanks a cell, or shows it.
    pub(super) fn set_blank(&mut self, cell: usize, blank: bool) {
        if let Some(state) = self.blank.get_mut(cell) {
            *state = blank;
        }
    }

    /// What it costs to have the cell blank; next to nothing when it is already.
    pub(super) fn cost(&self, cell: usize) -> f64 {
        if self.is_blank(cell) {
            1e-6
        } else if self.frozen {
            f64::INFINITY
        } else {
            self.price(cell)
        }
    }

    /// How far down the cell could lie in a quantity, for someone who is not in it.
    pub(super) fn slack(&self, cell: usize, quantity: &Quantity) -> f64 {
        quantity.at(cell) - quantity.least
    }

    /// Whether the cell could lie lower by these levels in every quantity at once.
    ///
    /// The failed cell, and what is in it, falls in the eyes of those outside it. Any other cell falls in the eyes of two of its own
    /// respondents too, who put together what they gave. Margins follow from the cells inside.
    pub(super) fn spares(&self, cell: usize, failed: usize, levels: &[f64]) -> bool {
        if cell != failed && self.is_margin(cell) {
            return true;
        }
        self.quantities
            .iter()
            .zip(levels)
            .all(|(quantity, level)| *level <= 0.0 || self.spare(cell, failed, quantity) >= *level)
    }

    /// How far down the cell could lie in a move that protects `failed`.
    pub(super) fn spare(&self, cell: usize, failed: usize, quantity: &Quantity) -> f64 {
        if self.is_within(cell, failed) {
            self.slack(cell, quantity)
        } else if self.is_margin(cell) {
            f64::INFINITY
        } else {
            quantity.spare.get(cell).copied().unwrap_or(0.0)
        }
    }

    /// Whether a move that protects `failed` may pass through the cell: its respondents alone must not know it.
    pub(super) fn passes(&self, cell: usize, failed: usize) -> bool {
        !self.is_known(cell)
            && (self.is_within(cell, failed)
                || self.is_margin(cell)
                || self.statistics.units(cell) > COALITION)
    }

    /// Whether everybody in the cell is in the other.
    fn is_within(&self, cell: usize, other: usize) -> bool {
        let lattice = self.lattice();
        (0..lattice.axes()).all(|axis| {
            lattice.is_margin(other, axis)
                || lattice.coordinate(cell, axis) == lattice.coordinate(other, axis)
        })
    }

    fn is_margin(&self, cell: usize) -> bool {
        let lattice = self.lattice();
        (0..lattice.axes()).any(|axis| lattice.is_margin(cell, axis))
    }

    /// The levels of protection that a failed cell needs.
    pub(super) fn demand(&self, cell: usize) -> Demand {
        let settings = self.profile.settings();
        let whole = self.lattice().count() - 1;
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for quantity in &self.quantities {
            let (above, below) = match &quantity.source {
                Source::Count => levels::of_count(settings),
                Source::Few(count) => {
                    let place = (cell, count.channel);
                    (count.few.level(self.statistics, settings, place), 0.0)
                }
                Source::Channel { channel, rows } => {
                    let contributions = self.statistics.contributions(cell, *channel);
                    if *rows {
                        levels::of_rows(settings, &contributions)
                    } else {
                        let whole = self.statistics.contributions(whole, *channel);
                        let (up, down) = levels::of_magnitude(settings, &contributions, &whole);
                        let slot = self.statistics.slot(cell, *channel);
                        let steps = slot.map_or(0.0, |slot| levels::of_indicator(settings, slot));
                        (up.max(steps), down)
                    }
                }
            };
            up.push(above);
            down.push(below);
        }
        Demand { cell, up, down }
    }
}

impl Quantity {
    /// Whether it moves in whole numbers.
    pub(super) const fn is_counted(&self) -> bool {
        matches!(
            self.source,
            Source::Count | Source::Few(_) | Source::Channel { rows: true, .. }
        )
    }

    pub(super) fn at(&self, cell: usize) -> f64 {
        self.values.get(cell).copied().unwrap_or(0.0)
    }

    /// Least that a blank cell's value is taken for.
    pub(super) const fn least(&self) -> f64 {
        self.least
    }
}

/// Subjects, rows, every channel's sum, with the rows behind it where some lack a value, and what the rules count beside them. Channels with
/// negative values have no bounds that an attacker could use beyond the equations; such tables go to people.
fn quantities(statistics: &Statistics, profile: &Profile, failed: &[usize]) -> Vec<Quantity> {
    let cells = statistics.lattice().count();
    let few = |units: u64| real(units.saturating_sub(COALITION));
    let mut quantities = vec![Quantity {
        values: (0..cells).map(|c| real(statistics.units(c))).collect(),
        spare: (0..cells)
            .map(|c| few(statistics.units(c)).min(real(statistics.exclusive_units(c))))
            .collect(),
        least: 1.0,
        source: Source::Count,
        measure: None,
        of: Some(BracketOf::Subjects),
    }];
    for (channel, described) in statistics.channels().iter().enumerate() {
        let slots = || (0..cells).filter_map(|cell| statistics.slot(cell, channel));
        let rows = described.role == ChannelRole::Rows;
        // How many differ in two columns is counted; what they differ by has a sign.
        if described.columns_apart().is_some() || slots().any(|slot| slot.negative) {
            continue;
        }
        let left = |cell| Contributions::remainder(&statistics.contributions(cell, channel));
        quantities.push(Quantity {
            values: slots().map(crate::accumulate::total_of).collect(),
            spare: (0..cells).map(left).collect(),
            least: if rows { 1.0 } else { 0.0 },
            source: Source::Channel { channel, rows },
            measure: described.measure,
            of: Some(described.role.told()),
        });
        let partial = !described.role.is_complement()
            && (0..cells).any(|cell| {
                statistics
                    .slot(cell, channel)
                    .is_some_and(|slot| slot.rows != statistics.rows(cell))
            });
        if partial {
            let rows: Vec<u64> = slots().map(|slot| slot.rows).collect();
            let units: Vec<u64> = slots().map(|slot| slot.units).collect();
            for (of, counts) in [
                (BracketOf::RowsWithValue, rows),
                (BracketOf::SubjectsWithValue, units),
            ] {
                quantities.push(Quantity {
                    values: counts.iter().copied().map(real).collect(),
                    spare: counts.iter().copied().map(few).collect(),
                    least: 0.0,
                    source: Source::Count,
                    measure: described.measure,
                    of: Some(of),
                });
            }
        }
    }
    let failed: Vec<_> = failed.iter().map(|cell| (statistics, *cell)).collect();
    let counts = counts::counts(statistics, profile.settings(), &failed);
    quantities.extend(counts.into_iter().map(|count| counted(statistics, count)));
    quantities
}

/// What a rule counts in each cell.
fn counted(statistics: &Statistics, count: Count) -> Quantity {
    let cells = 0..statistics.lattice().count();
    let units = |cell| {
        let slot = statistics.slot(cell, count.channel);
        slot.map_or(0.0, |slot| real(count.few.units(slot)))
    };
    let spare = |cell| count.few.spare(statistics, (cell, count.channel));
    let channel = statistics.channels().get(count.channel);
    Quantity {
        values: cells.clone().map(units).collect(),
        spare: cells.map(spare).collect(),
        least: 0.0,
        measure: channel.and_then(|channel| channel.measure),
        of: None,
        source: Source::Few(count),
    }
}
