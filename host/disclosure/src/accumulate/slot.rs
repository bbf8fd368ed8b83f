//! One cell's figures in one channel.

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
        self.meet(value);
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
        self.meet(inner.least);
        self.meet(inner.greatest);
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

/// Rounding that a mean of equal values may have suffered, as a share of it.
const SLIP: f64 = 1e-12;

/// As a share of an end, more than [`SLIP`] of whatever lies beyond it, and all that a product loses to rounding.
const WELL_APART: f64 = 8.0 * SLIP;
/// A contribution below it may lose more than that when it is divided.
const TINY: f64 = 1e-280;

/// How alike the units of one cell are in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Alike {
    /// Least and greatest mean of a unit's rows.
    least: f64,
    greatest: f64,
    /// Units that have it.
    at_least: u32,
    at_greatest: u32,
    /// Units whose contribution is not 0.
    nonzero: u32,
}

impl Alike {
    /// Takes a unit's whole contribution, from so many rows.
    #[inline]
    pub(super) fn unit(&mut self, contribution: f64, rows: f64) {
        self.nonzero = self.nonzero.saturating_add(u32::from(contribution != 0.0));
        if self.is_well_between(contribution, rows) {
            return;
        }
        let mean = if rows > 1.0 {
            contribution / rows
        } else {
            contribution
        };
        let slip = SLIP * mean.abs();
        if self.at_least == 0 || mean < self.least - slip {
            (self.least, self.at_least) = (mean, 1);
        } else if mean <= self.least + slip {
            self.at_least = self.at_least.saturating_add(1);
        }
        if self.at_greatest == 0 || mean > self.greatest + slip {
            (self.greatest, self.at_greatest) = (mean, 1);
        } else if mean >= self.greatest - slip {
            self.at_greatest = self.at_greatest.saturating_add(1);
        }
    }

    /// Whether the mean lies between the ends by far more than rounding: most do, and are told without a division.
    #[inline]
    fn is_well_between(&self, contribution: f64, rows: f64) -> bool {
        let room = |end: f64| WELL_APART * end.abs();
        self.at_least > 0
            && contribution.abs() > TINY
            && contribution > (self.least + room(self.least)) * rows
            && contribution < (self.greatest - room(self.greatest)) * rows
    }

    /// Units all of whose rows have the least value of all rows, and those with the greatest.
    fn at_ends(&self, sums: &RowSums) -> [u64; 2] {
        let near = |mean: f64, value: f64| (mean - value).abs() <= SLIP * value.abs();
        let at = |units: u32, mean: f64, value: f64| {
            if near(mean, value) {
                u64::from(units)
            } else {
                0
            }
        };
        [
            at(self.at_least, self.least, sums.least),
            at(self.at_greatest, self.greatest, sums.greatest),
        ]
    }
}

/// Sum, support and largest contributions of one cell in one channel, once all rows are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    /// The total X.
    total: f64,
    /// Rows with a value.
    pub(crate) rows: u64,
    /// Contributing units: subjects, merged by group.
    pub(crate) units: u64,
    /// The largest contributions of units, falling.
    pub(crate) largest: [f64; CONTRIBUTORS_MAX],
    /// Least value of a row, before it is weighed.
    pub(crate) least: f64,
    /// Greatest value of a row, before it is weighed.
    pub(crate) greatest: f64,
    /// Whether a row had a negative value or weight.
    pub(crate) negative: bool,
    /// Whether a row had a value that is no finite number.
    pub(crate) broken: bool,
    /// Whether the rows have exactly two values.
    pub(crate) two_valued: bool,
    /// Units whose contribution is not 0.
    pub(crate) nonzero: u64,
    /// Units all of whose rows have the least value, and units all of whose rows have the greatest.
    pub(crate) at_ends: [u64; 2],
}

impl Slot {
    /// Of a cell's rows as such: whole numbers, which need no compensation.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of rows are far below 2⁵³"
    )]
    pub(super) const fn of_rows(rows: u64, units: &Units) -> Self {
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
            at_ends: [0, 0],
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
            at_ends: alike.at_ends(sums),
        }
    }

    /// The total X.
    pub(crate) const fn total(&self) -> f64 {
        self.total
    }
}

#[cfg(test)]
mod tests;
