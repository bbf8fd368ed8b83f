//! How alike those are who change a cell: late rows with one value tell it of each of them, and a few among them are a count in disguise.

use yunei_model::Status;

use crate::accumulate::Apart;
use crate::profile::{Indicator, Settings};
use crate::rules;

/// The values of those who change one cell, in one column: of the rows that they have in one state and not in the other, or by how much
/// they change the sum.
#[derive(Debug, Clone)]
pub(super) struct Alike {
    least: f64,
    greatest: f64,
    /// Whether there was a third value.
    third: bool,
    subjects: u32,
    /// Values that subjects have and no other.
    values: Apart,
}

impl Default for Alike {
    fn default() -> Self {
        Self {
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            third: false,
            subjects: 0,
            values: Apart::default(),
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
        if let [first, rest @ ..] = values
            && rest.iter().all(|value| same(*value, *first))
        {
            self.values.unit(*first);
        }
    }

    fn value(&mut self, value: f64) {
        let two = self.least < self.greatest;
        self.third |= two && !same(value, self.least) && !same(value, self.greatest);
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
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

    /// As the indicator rule looks at the cell of a table: the few beside the one or the other of two values, or beside all crowds.
    fn has_few(&self, rule: &Indicator) -> bool {
        let values = self.values.values();
        let beside = |some: &[f64]| values.units_beside(some, u64::from(self.subjects));
        let two_valued = self.least < self.greatest && !self.third;
        let ends = [self.least, self.greatest].map(|end| beside(&[end]));
        let crowds = values.crowds(rule.minimum);
        let crowds = (!crowds.is_empty()).then(|| beside(&crowds));
        let ends = ends.into_iter().filter(|_| two_valued);
        ends.chain(crowds)
            .any(|unlike| rules::indicator(unlike, rule).status != Status::Pass)
    }
}

/// Whether two values are one: what is no number is like nothing.
fn same(one: f64, other: f64) -> bool {
    one.partial_cmp(&other) == Some(std::cmp::Ordering::Equal)
}
