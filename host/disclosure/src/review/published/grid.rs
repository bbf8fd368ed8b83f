//! How figures are rounded, and what that leaves open of them.

use super::TOLERANCE;
use crate::profile::{Profile, Rounding, RoundingMethod};
use crate::review::spec::{Rounded, RoundedNamed, Statistic, TableSpec};
use crate::rounding::{round_count, round_figure, round_weighted};
use crate::rules::real;

/// How the figures of one measure were rounded.
#[derive(Debug, Clone, Copy)]
pub(in crate::review) struct Grid {
    pub(super) statistic: Statistic,
    pub(super) weighted: bool,
    pub(super) rounding: Option<Rounding>,
    pub(super) decimals: Option<u32>,
}

impl Grid {
    pub(in crate::review) fn of(table: &TableSpec, profile: &Profile) -> Vec<Self> {
        let rounding = match table.rounding {
            Rounded::ByProfile | Rounded::Named(RoundedNamed::Profile) => {
                profile.settings().rounding
            }
            Rounded::Named(RoundedNamed::Exact) => None,
            Rounded::By(rounding) => Some(rounding),
        };
        table
            .measures
            .iter()
            .map(|measure| Self {
                statistic: measure.aggregate,
                weighted: measure.weight.is_some(),
                rounding,
                decimals: measure.decimals,
            })
            .collect()
    }

    /// Of figures that are known as they are.
    pub(in crate::review) const fn exact() -> Self {
        Self {
            statistic: Statistic::Count,
            weighted: true,
            rounding: None,
            decimals: None,
        }
    }

    /// Whether it is a number of rows or subjects.
    pub(super) const fn counts(self) -> bool {
        matches!(
            self.statistic,
            Statistic::Count | Statistic::DistinctSubjects
        )
    }

    /// Whether it is a mean.
    pub(in crate::review) const fn is_mean(self) -> bool {
        matches!(self.statistic, Statistic::Mean)
    }

    /// Whether it is the share of rows that meet conditions.
    pub(in crate::review) const fn is_share(self) -> bool {
        matches!(self.statistic, Statistic::Proportion)
    }

    /// Whether it is such a share, of numbers that are rounded.
    pub(super) fn is_rounded_share(self) -> bool {
        self.is_share() && self.rounding.is_some_and(|rounding| rounding.base > 1)
    }

    /// Whether it is a sum.
    pub(in crate::review) const fn is_sum(self) -> bool {
        matches!(self.statistic, Statistic::Sum)
    }

    /// Whether it adds up over labels, so that its rounding bounds a sum.
    pub(in crate::review) const fn adds_up(self) -> bool {
        self.counts() || matches!(self.statistic, Statistic::Sum)
    }

    /// The figure as it would be published.
    pub(in crate::review) fn round(self, exact: f64) -> f64 {
        let rounded = match self.rounding {
            // A count of rows is whole and not negative.
            Some(rounding) if self.counts() && !self.weighted => {
                real(round_count(exact as u64, &rounding))
            }
            Some(rounding) if self.counts() => round_weighted(exact, &rounding, 1.0),
            Some(rounding) => rounding
                .figure_digits
                .map_or(exact, |digits| round_figure(exact, digits)),
            None => exact,
        };
        self.to_decimals(rounded)
    }

    /// How far an exact figure may lie from what is shown for it.
    fn slack(self, shown: f64) -> f64 {
        let base = |rounding: Rounding| real(rounding.base) / 2.0;
        let digits = |rounding: Rounding| {
            let digits = rounding.figure_digits?;
            let exponent = if shown == 0.0 {
                return Some(0.0);
            } else {
                shown.abs().log10().floor()
            };
            Some(0.5 * 10_f64.powf(exponent + 1.0 - f64::from(digits)))
        };
        let by_rounding = match self.rounding {
            Some(rounding) if self.counts() => base(rounding),
            Some(rounding) => digits(rounding).unwrap_or(0.0),
            None => 0.0,
        };
        let by_decimals = self
            .decimals
            .map_or(0.0, |d| 0.5 * 10_f64.powi(-(d as i32)));
        by_rounding.max(by_decimals)
    }

    /// Whether it is rounded at all, so that its low digits carry nothing.
    pub(in crate::review) fn is_rounded(self) -> bool {
        let digits = |rounding: Rounding| rounding.figure_digits.is_some();
        let whole = self.counts() && (!self.weighted || self.rounding.is_some());
        whole || self.decimals.is_some() || self.rounding.is_some_and(digits)
    }

    /// Whether what is shown is the exact figure, rounded as stated: to the bit, so that low digits carry nothing. A half may have gone either
    /// way, and so may an exact figure that adding in another order could take over one.
    pub(in crate::review) fn agrees(self, shown: f64, exact: f64) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1e-300);
        let same = |a: f64, b: f64| a.total_cmp(&b).is_eq();
        if !self.is_rounded() {
            return near(shown, exact);
        }
        // Figures that are not rounded have no sign where they are nothing, and no more has what is shown.
        let shown = shown + 0.0;
        if same(shown, self.round(exact) + 0.0) {
            return true;
        }
        let midpoint = self
            .rounding
            .is_some_and(|r| r.method == RoundingMethod::Midpoint && self.counts());
        let slack = self.slack(exact);
        let on_grid = !midpoint && slack > 0.0 && same(shown, self.round(shown) + 0.0);
        let gap = (shown - exact).abs();
        on_grid && (gap - slack).abs() <= TOLERANCE * exact.abs().max(slack)
    }

    /// Between what an exact figure lies for which this is shown.
    pub(in crate::review) fn interval(self, shown: f64) -> (f64, f64) {
        match self.rounding {
            Some(rounding) if self.counts() && !self.weighted => whole_interval(shown, rounding),
            _ => {
                let slack = self.slack(shown);
                (shown - slack, shown + slack)
            }
        }
    }
}

/// The whole numbers that round to `shown`.
fn whole_interval(shown: f64, rounding: Rounding) -> (f64, f64) {
    let base = rounding.base.max(1);
    let half = real(base / 2);
    match rounding.method {
        RoundingMethod::Nearest => {
            // Where the base is even a half may have gone down.
            let high = shown - half + real(base) - 1.0;
            let even = if base.is_multiple_of(2) { 1.0 } else { 0.0 };
            ((shown - half).max(0.0), high + even)
        }
        RoundingMethod::Midpoint if shown == 0.0 => (0.0, 0.0),
        RoundingMethod::Midpoint => (shown + half - real(base) + 1.0, shown + half),
    }
}
