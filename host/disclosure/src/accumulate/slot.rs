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
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        self.negative |= value < 0.0 || weight < 0.0;
        self.broken |= !contribution.is_finite();
        contribution
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
        self.rows += inner.rows;
        self.least = self.least.min(inner.least);
        self.greatest = self.greatest.max(inner.greatest);
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
        }
    }

    /// Of a channel of values.
    pub(super) const fn new(sums: &RowSums, units: &Units) -> Self {
        Self {
            total: sums.sum + sums.compensation,
            rows: sums.rows,
            units: units.count,
            largest: units.largest,
            least: sums.least,
            greatest: sums.greatest,
            negative: sums.negative,
            broken: sums.broken,
        }
    }

    /// The total X.
    pub(crate) const fn total(&self) -> f64 {
        self.total
    }
}
