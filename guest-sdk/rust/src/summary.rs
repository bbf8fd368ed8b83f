//! What most questions ask of a group of rows.

/// Rows, values and their sum; the sum is compensated (Neumaier), so that the order of rows hardly matters.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    rows: i64,
    values: i64,
    sum: f64,
    lost: f64,
}

impl Summary {
    /// Counts a row, and its value where it has one.
    pub fn add(&mut self, value: impl Into<Option<f64>>) {
        self.rows += 1;
        if let Some(value) = value.into() {
            self.values += 1;
            let sum = self.sum + value;
            self.lost += if self.sum.abs() >= value.abs() {
                (self.sum - sum) + value
            } else {
                (value - sum) + self.sum
            };
            self.sum = sum;
        }
    }

    /// Rows, those without a value included.
    #[must_use]
    pub const fn rows(&self) -> i64 {
        self.rows
    }

    /// Sum of the values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum + self.lost
    }

    /// Arithmetic mean of the values; none of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.values > 0).then(|| self.sum() / self.values as f64)
    }
}
