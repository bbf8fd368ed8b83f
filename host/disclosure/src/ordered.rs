//! Values in order: extremes and percentiles, and how many subjects lie on either side.

use std::collections::HashSet;

/// The values of a cell, each with the number of its subject.
#[derive(Clone, Default)]
pub struct Ordered {
    values: Vec<(f64, u64)>,
}

impl std::fmt::Debug for Ordered {
    /// Without the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ordered({})", self.values.len())
    }
}

impl Ordered {
    /// Adds a value of a subject. What is no finite number is left out.
    pub fn add(&mut self, value: f64, subject: u64) {
        if value.is_finite() {
            self.values.push((value, subject));
        }
    }

    /// The least value.
    #[must_use]
    pub fn least(&self) -> Option<f64> {
        self.values.iter().map(|(v, _)| *v).min_by(f64::total_cmp)
    }

    /// The greatest value.
    #[must_use]
    pub fn greatest(&self) -> Option<f64> {
        self.values.iter().map(|(v, _)| *v).max_by(f64::total_cmp)
    }

    /// A percentile, `percent` from 0 to 100, by linear interpolation between order statistics.
    ///
    /// Source: Hyndman and Fan, *Sample quantiles in statistical packages*, The American Statistician 50 (1996), definition 7.
    ///
    /// ```
    /// # use yunei_disclosure::Ordered;
    /// let mut ordered = Ordered::default();
    /// for (value, subject) in [(4.0, 1), (1.0, 2), (3.0, 3), (2.0, 4)] {
    ///     ordered.add(value, subject);
    /// }
    /// assert_eq!(ordered.percentile(50.0), Some(2.5));
    /// assert_eq!(ordered.sides(50.0), Some((2, 2)));
    /// ```
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let mut sorted: Vec<f64> = self.values.iter().map(|(v, _)| *v).collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        #[expect(clippy::cast_precision_loss, reason = "far fewer values than 2^53")]
        let place = last as f64 * (percent / 100.0).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the last index"
        )]
        let below = place.floor() as usize;
        let low = *sorted.get(below)?;
        let high = sorted.get(below + 1).copied().unwrap_or(low);
        Some(low + (high - low) * place.fract())
    }

    /// Distinct subjects with a value below a percentile, and with one above it; a subject on both sides counts on neither
    /// alone, and so counts on both.
    #[must_use]
    pub fn sides(&self, percent: f64) -> Option<(u64, u64)> {
        let at = self.percentile(percent)?;
        let subjects = |of: &dyn Fn(f64) -> bool| {
            let found: HashSet<u64> = self
                .values
                .iter()
                .filter(|(value, _)| of(*value))
                .map(|(_, subject)| *subject)
                .collect();
            found.len() as u64
        };
        Some((subjects(&|v| v < at), subjects(&|v| v > at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_definition_seven() {
        let mut ordered = Ordered::default();
        assert_eq!((ordered.percentile(50.0), ordered.least()), (None, None));
        for value in [15.0, 20.0, 35.0, 40.0, 50.0] {
            ordered.add(value, 1);
        }
        ordered.add(f64::NAN, 2);
        ordered.add(f64::INFINITY, 3);
        let read = |percent| ordered.percentile(percent).unwrap();
        // As `quantile(c(15, 20, 35, 40, 50), c(0.05, 0.3, 0.4, 0.5, 1))` in R.
        for (percent, wanted) in [
            (5.0, 16.0),
            (30.0, 23.0),
            (40.0, 29.0),
            (50.0, 35.0),
            (100.0, 50.0),
        ] {
            assert!((read(percent) - wanted).abs() < 1e-12, "{percent}");
        }
        assert_eq!(
            (ordered.least(), ordered.greatest()),
            (Some(15.0), Some(50.0))
        );
    }

    #[test]
    fn sides_count_subjects_and_not_values() {
        let mut ordered = Ordered::default();
        for value in 0..100 {
            ordered.add(f64::from(value), u64::from(value > 50));
        }
        assert_eq!(
            ordered.sides(50.0),
            Some((1, 2)),
            "one subject has half of all values"
        );
        assert!(!format!("{ordered:?}").contains("50"));
    }
}
