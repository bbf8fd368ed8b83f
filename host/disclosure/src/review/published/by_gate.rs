//! Figures as the gate shows them, which makes means and ratios of what is shown of their parts.

use super::{Grid, TOLERANCE};
use crate::review::counted::Counted;
use crate::review::spec::Statistic;

impl Grid {
    /// A figure with the decimal places that are published.
    pub(super) fn to_decimals(self, figure: f64) -> f64 {
        match self.decimals {
            // Decimal text rounds exactly.
            Some(decimals) => format!("{figure:.*}", decimals as usize)
                .parse()
                .unwrap_or(f64::NAN),
            None => figure,
        }
    }

    /// A figure as the gate would show it; none where that is what [`Self::round`] answers.
    pub(super) fn by_gate(self, counted: &Counted<'_>, cell: usize, measure: usize) -> Option<f64> {
        let derived = matches!(
            self.statistic,
            Statistic::Mean | Statistic::Ratio | Statistic::Proportion
        );
        let other = derived || (self.weighted && self.counts());
        let rounding = self.rounding.filter(|_| other)?;
        let figure = counted.shown(cell, measure, &rounding)?;
        Some(self.to_decimals(figure))
    }

    /// Whether a figure is what the gate would show.
    pub(in crate::review) fn is_by_gate(
        self,
        counted: &Counted<'_>,
        cell: usize,
        measure: usize,
        shown: f64,
    ) -> bool {
        let figure = self.by_gate(counted, cell, measure);
        figure.is_some_and(|figure| {
            if self.is_rounded() {
                // To the bit: what is below the last digit could carry something.
                figure.total_cmp(&(shown + 0.0)).is_eq()
            } else {
                (figure - shown).abs() <= TOLERANCE * figure.abs()
            }
        })
    }
}
