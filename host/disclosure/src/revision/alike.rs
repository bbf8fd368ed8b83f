//! How alike those are who change a cell: late rows with one value tell it of each of them, and a few among them are a count in disguise.

use yunei_model::Status;

use crate::profile::{Indicator, Settings};
use crate::rules;

/// The values of those who change one cell, in one column: of the rows that they have in one state and not in the other, or by how much
/// they change the sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alike {
    least: f64,
    greatest: f64,
    /// Whether there was a third value.
    third: bool,
    subjects: u32,
    /// Subjects that have nothing but the least value, and nothing but the greatest.
    at_least: u32,
    at_greatest: u32,
}

impl Default for Alike {
    fn default() -> Self {
        Self {
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            third: false,
            subjects: 0,
            at_least: 0,
            at_greatest: 0,
        }
    }
}

impl Alike {
    /// Takes the values of one subject; one without any is not among them.
    pub(super) fn subject(&mut self, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        self.subjects = self.subjects.saturating_add(1);
        for value in values {
            self.value(*value);
        }
        let nothing_but = |end: f64| u32::from(values.iter().all(|value| same(*value, end)));
        self.at_least = self.at_least.saturating_add(nothing_but(self.least));
        self.at_greatest = self.at_greatest.saturating_add(nothing_but(self.greatest));
    }

    fn value(&mut self, value: f64) {
        let two = self.least < self.greatest;
        self.third |= two && !same(value, self.least) && !same(value, self.greatest);
        if value < self.least {
            (self.least, self.at_least) = (value, 0);
        }
        if value > self.greatest {
            (self.greatest, self.at_greatest) = (value, 0);
        }
    }

    /// Whether all are alike, or a few are unlike the others, under a profile that looks at it: as for the cell of a table.
    pub(super) fn tells(&self, settings: &Settings) -> bool {
        if self.subjects == 0 {
            return false;
        }
        let alike =
            settings.class.is_some_and(|class| class.disclosive) && same(self.least, self.greatest);
        alike || settings.indicator.is_some_and(|rule| self.has_few(&rule))
    }

    fn has_few(&self, rule: &Indicator) -> bool {
        let two_valued = self.least < self.greatest && !self.third;
        [self.at_least, self.at_greatest].into_iter().any(|alike| {
            // As many as the rule asks for are a crowd, whose value may be guessed.
            let crowd = rules::real(u64::from(alike)) >= rules::real(rule.minimum);
            let unlike = u64::from(self.subjects.saturating_sub(alike));
            (two_valued || crowd) && rules::indicator(unlike, rule).status != Status::Pass
        })
    }
}

/// Whether two values are one: what is no number is like nothing.
fn same(one: f64, other: f64) -> bool {
    one <= other && one >= other
}
