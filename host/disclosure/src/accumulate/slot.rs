//! One cell's figures in one channel.

use super::values::{Apart, Values, same};
use crate::profile::CONTRIBUTORS_MAX;

/// What the rows of one cell add up to in one channel of values.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowSums {
    sum: f64,
    compensation: f64,
    rows: u64,
    least: f64,
    greatest: f64,
    negative: bool,
    broken: bool,
    /// Whether there was a third value.
    third: bool,
}

impl Default for RowSums {
    fn default() -> Self {
        Self {
            sum: 0.0,
            compensation: 0.0,
            rows: 0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            negative: false,
            broken: false,
            third: false,
        }
    }
}

impl RowSums {
    /// A row's contribution `value·weight`.
    #[inline]
    pub(super) fn add(&mut self, value: f64, weight: f64) -> f64 {
        let contribution = value * weight;
        self.rows += 1;
        self.compensated(contribution);
        // What weighs nothing is no part of the figure.
        if weight != 0.0 {
            self.meet(value);
        }
        self.negative |= value < 0.0 || weight < 0.0;
        self.broken |= !contribution.is_finite();
        contribution
    }

    /// Takes a value that rows have.
    #[inline]
    fn meet(&mut self, value: f64) {
        self.third |= self.is_third(value);
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    /// Whether a value is another than the two that were there before.
    #[inline]
    fn is_third(&self, value: f64) -> bool {
        let differs = |held: f64| (value < held) | (value > held);
        (self.least < self.greatest) & differs(self.least) & differs(self.greatest)
    }

    /// Neumaier's summation, in Knuth's branch-free form (*The Art of Computer Programming*, vol. 2, 4.2.2).
    #[inline]
    fn compensated(&mut self, value: f64) {
        let sum = self.sum + value;
        let back = sum - self.sum;
        self.compensation += (self.sum - (sum - back)) + (value - back);
        self.sum = sum;
    }

    /// Adds an inner cell's rows and sum to a margin's.
    pub(super) fn sum_on(&mut self, inner: &Self) {
        self.compensated(inner.sum);
        self.compensated(inner.compensation);
        if inner.rows == 0 {
            return;
        }
        self.rows += inner.rows;
        self.third |= inner.third;
        if inner.least <= inner.greatest {
            self.meet(inner.least);
            self.meet(inner.greatest);
        }
        self.negative |= inner.negative;
        self.broken |= inner.broken;
    }
}

/// The units of one cell in one channel.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Units {
    count: u64,
    largest: [f64; CONTRIBUTORS_MAX],
}

impl Units {
    /// Counts one unit's whole contribution.
    #[inline]
    pub(super) fn unit(&mut self, contribution: f64) {
        self.count += 1;
        let [_, _, least] = self.largest;
        if contribution <= least {
            return;
        }
        let mut carried = contribution;
        for place in &mut self.largest {
            if carried > *place {
                std::mem::swap(place, &mut carried);
            }
        }
    }
}

/// What one unit contributed to a cell in one channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// All that it contributed.
    pub(super) sum: f64,
    /// The value that all its rows have, before they are weighed; [`Part::NONE`] without a row that weighs, no number where they differ.
    value: f64,
}

impl Part {
    const NONE: f64 = f64::INFINITY;

    /// Of a row that contributes a value as often as it weighs.
    #[inline]
    pub(super) fn of_row(contribution: f64, value: f64, weight: f64) -> Self {
        Self {
            sum: contribution,
            value: if weight == 0.0 { Self::NONE } else { value },
        }
    }

    /// Of a row whose value is nobody's figure.
    #[inline]
    pub(super) const fn hidden(contribution: f64) -> Self {
        Self {
            sum: contribution,
            value: Self::NONE,
        }
    }

    /// With more of the same unit.
    #[inline]
    fn and(self, more: Self) -> Self {
        let value = if more.value.is_infinite() || same(more.value, self.value) {
            self.value
        } else if self.value.is_infinite() {
            more.value
        } else {
            f64::NAN
        };
        Self {
            sum: self.sum + more.sum,
            value,
        }
    }

    /// Takes more of the same unit.
    #[inline]
    pub(super) fn take(so_far: &mut Option<Self>, more: Self) {
        *so_far = Some(match *so_far {
            None => more,
            Some(held) => held.and(more),
        });
    }
}

/// How alike the units of one cell are in one channel.
#[derive(Debug, Clone, Default)]
pub(super) struct Alike {
    /// Units whose contribution is not 0.
    nonzero: u32,
    /// Units with a row that weighs.
    present: u32,
    values: Apart,
}

impl Alike {
    /// Takes all that a unit contributed.
    #[inline]
    pub(super) fn unit(&mut self, part: &Part) {
        self.nonzero = self.nonzero.saturating_add(u32::from(part.sum != 0.0));
        if part.value.is_infinite() {
            return;
        }
        self.present = self.present.saturating_add(1);
        if !part.value.is_nan() {
            self.values.unit(part.value);
        }
    }
}

/// Sum, support and largest contributions of one cell in one channel, once all rows are read.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// The total X.
    pub(super) total: f64,
    /// Rows with a value.
    pub(crate) rows: u64,
    /// Contributing units: subjects, merged by group.
    pub(crate) units: u64,
    /// The largest contributions of units, falling.
    pub(crate) largest: [f64; CONTRIBUTORS_MAX],
    /// Least value of a row that weighs, before it is weighed.
    pub(crate) least: f64,
    /// Greatest value of a row that weighs, before it is weighed.
    pub(crate) greatest: f64,
    /// Whether a row had a negative value or weight.
    pub(crate) negative: bool,
    /// Whether a row had a value that is no finite number.
    pub(crate) broken: bool,
    /// Whether the rows that weigh have exactly two values.
    pub(crate) two_valued: bool,
    /// Units whose contribution is not 0.
    pub(crate) nonzero: u64,
    /// Units with a row that weighs.
    pub(crate) present: u64,
    /// The values that units have.
    pub(crate) values: Values,
}

impl Slot {
    /// Of a cell's rows as such: whole numbers, which need no compensation.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of rows are far below 2⁵³"
    )]
    pub(super) fn of_rows(rows: u64, units: &Units) -> Self {
        Self {
            total: rows as f64,
            rows,
            units: units.count,
            largest: units.largest,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            negative: false,
            broken: false,
            two_valued: false,
            nonzero: units.count,
            present: units.count,
            values: Values::default(),
        }
    }

    /// Of a channel of values.
    pub(super) fn new(sums: &RowSums, units: &Units, alike: &Alike) -> Self {
        Self {
            total: sums.sum + sums.compensation,
            rows: sums.rows,
            units: units.count,
            largest: units.largest,
            least: sums.least,
            greatest: sums.greatest,
            negative: sums.negative,
            broken: sums.broken,
            two_valued: sums.least < sums.greatest && !sums.third,
            nonzero: u64::from(alike.nonzero),
            present: u64::from(alike.present),
            values: alike.values.values(),
        }
    }

    /// The total X.
    pub(crate) const fn total(&self) -> f64 {
        self.total
    }
}

#[cfg(test)]
mod tests;
