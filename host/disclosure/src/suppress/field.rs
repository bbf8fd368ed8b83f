//! What the attacker could know of every cell, and how much must stay unknown.

use crate::accumulate::{ChannelRole, Statistics};
use crate::profile::Profile;
use crate::rules::real;
use crate::shape::Lattice;

/// A quantity that cells and margins add up in.
pub(super) struct Quantity {
    /// One value per cell.
    values: Vec<f64>,
    /// Least that the attacker takes a blank cell's value for: 1 for counts, since empty cells are known.
    least: f64,
    /// Where the levels of protection come from.
    source: Source,
    /// Index of the measure that it belongs to, if it does.
    pub(super) measure: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Subjects, or rows with a value: the profile's interval.
    Count,
    /// A channel's sum: the profile's share, and the interval too if `rows`.
    Channel { channel: usize, rows: bool },
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
            quantities: quantities(statistics),
            blank,
            costs: (0..count)
                .map(|cell| 1.0 + (1.0 + real(statistics.rows(cell))).log2())
                .collect(),
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

    /// Blanks a cell. Whether it was not blank before.
    pub(super) fn blank(&mut self, cell: usize) -> bool {
        self.blank
            .get_mut(cell)
            .is_some_and(|state| !std::mem::replace(state, true))
    }

    /// What it costs to have the cell blank; next to nothing when it is already.
    pub(super) fn cost(&self, cell: usize) -> f64 {
        if self.is_blank(cell) {
            1e-6
        } else {
            self.costs.get(cell).copied().unwrap_or(f64::INFINITY)
        }
    }

    /// How far down the cell could lie in a quantity.
    pub(super) fn slack(&self, cell: usize, quantity: &Quantity) -> f64 {
        quantity.at(cell) - quantity.least
    }

    /// Whether the cell could lie lower by these levels in every quantity at once.
    pub(super) fn spares(&self, cell: usize, levels: &[f64]) -> bool {
        self.quantities
            .iter()
            .zip(levels)
            .all(|(quantity, level)| *level <= 0.0 || self.slack(cell, quantity) >= *level)
    }

    /// The levels of protection that a failed cell needs.
    ///
    /// Counts: an interval of the profile's width, upwards. Magnitudes, both ways: the profile's share of the largest
    /// contribution, so that nobody learns it more closely (after the p% rule's upper protection level, the Handbook, section 4.3.2; here
    /// without deducting `X − x₁ − x₂`, to be safe), and no less than that share of the table's mean contribution;
    /// upwards also what a dominated cell lacks to pass: `Σ top n / k − X`.
    pub(super) fn demand(&self, cell: usize) -> Demand {
        let interval = real(self.profile.settings().suppression.interval_count);
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for quantity in &self.quantities {
            match quantity.source {
                Source::Count => {
                    up.push(interval);
                    down.push(0.0);
                }
                Source::Channel { channel, rows } => {
                    let (level, lacking) = self.magnitude_levels(cell, channel, rows);
                    if rows {
                        up.push(interval.max(level.ceil()).max(lacking.ceil()));
                        down.push(level.floor().min(self.slack(cell, quantity)));
                    } else {
                        up.push(level.max(lacking));
                        down.push(level.min(quantity.at(cell)));
                    }
                }
            }
        }
        Demand { cell, up, down }
    }

    /// The share of the largest contribution, and what a dominated cell lacks.
    fn magnitude_levels(&self, cell: usize, channel: usize, rows: bool) -> (f64, f64) {
        let settings = self.profile.settings();
        let contributions = self.statistics.contributions(cell, channel);
        let whole = self
            .statistics
            .contributions(self.lattice().count() - 1, channel);
        let [largest, ..] = contributions.largest;
        let usual = if rows || whole.units == 0 {
            0.0
        } else {
            whole.total / real(whole.units)
        };
        let level = settings.suppression.interval_share * largest.max(usual);
        let lacking = settings.dominance.map_or(0.0, |rule| {
            contributions.top(rule.contributors) / rule.share - contributions.total
        });
        (level, lacking.max(0.0))
    }
}

impl Quantity {
    pub(super) fn at(&self, cell: usize) -> f64 {
        self.values.get(cell).copied().unwrap_or(0.0)
    }
}

/// Subjects, rows, and every channel's sum, with the rows behind it where some lack a value. Channels with negative values have no
/// bounds that an attacker could use beyond the equations; such tables go to people.
fn quantities(statistics: &Statistics) -> Vec<Quantity> {
    let cells = statistics.lattice().count();
    let mut quantities = vec![Quantity {
        values: (0..cells).map(|c| real(statistics.units(c))).collect(),
        least: 1.0,
        source: Source::Count,
        measure: None,
    }];
    for (channel, described) in statistics.channels().iter().enumerate() {
        let slots = || (0..cells).filter_map(|cell| statistics.slot(cell, channel));
        let rows = described.role == ChannelRole::Rows;
        if slots().any(|slot| slot.negative) {
            continue;
        }
        quantities.push(Quantity {
            values: slots().map(crate::accumulate::total_of).collect(),
            least: if rows { 1.0 } else { 0.0 },
            source: Source::Channel { channel, rows },
            measure: described.measure,
        });
        let partial = (0..cells).any(|cell| {
            statistics
                .slot(cell, channel)
                .is_some_and(|slot| slot.rows != statistics.rows(cell))
        });
        if partial {
            for count in [
                slots().map(|slot| real(slot.rows)).collect::<Vec<_>>(),
                slots().map(|slot| real(slot.units)).collect(),
            ] {
                quantities.push(Quantity {
                    values: count,
                    least: 0.0,
                    source: Source::Count,
                    measure: described.measure,
                });
            }
        }
    }
    quantities
}
