//! An attacker who lists every table that agrees with what is published, and shares nothing with the gate but the lattice.

use proptest::prelude::*;

use super::super::field::{Demand, Field};
use super::super::{Bracket, audit, protect};
use crate::fixture::{counts, measure, profile, shape};
use crate::{Shape, threshold};
use yunei_model::{Aggregate, Status};

/// Tables that are listed at most.
const TABLES_MAX: usize = 40_000;

/// What is published of a table of counts.
struct Given<'a> {
    shape: &'a Shape,
    /// Counts by cell, margins included.
    truth: Vec<i64>,
    blank: Vec<bool>,
    /// Nobody of a table that is listed rises further above the truth.
    rise_max: i64,
}

impl Given<'_> {
    fn inner(&self) -> Vec<usize> {
        let lattice = self.shape.lattice();
        (0..self.truth.len())
            .filter(|cell| (0..lattice.axes()).all(|axis| !lattice.is_margin(*cell, axis)))
            .collect()
    }

    /// What a cell can rise to: where a margin of it is shown, no further than the others in it can fall.
    fn most(&self, cell: usize) -> i64 {
        let lattice = self.shape.lattice();
        let rises = (0..lattice.axes()).filter_map(|axis| {
            let labels = lattice.labels(axis);
            let margin = lattice.moved(cell, axis, labels);
            let others = (0..labels).map(|label| lattice.moved(cell, axis, label));
            let others = others.filter(|other| *other != cell && self.blank[*other]);
            (!self.blank[margin]).then(|| others.map(|o| (self.truth[o] - 1).max(0)).sum())
        });
        self.truth[cell] + rises.min().unwrap_or(self.rise_max)
    }

    /// Least and greatest value of each cell over all tables of whole numbers that are not negative, have nobody where it is known that nobody
    /// is, somebody elsewhere, and show what is shown. `None` where there are too many to list.
    fn ends(&self) -> Option<Vec<(i64, i64)>> {
        let lattice = self.shape.lattice();
        let unknown: Vec<usize> = self
            .inner()
            .into_iter()
            .filter(|cell| self.blank[*cell] && self.truth[*cell] > 0)
            .collect();
        let mut ends: Vec<(i64, i64)> = self.truth.iter().map(|n| (*n, *n)).collect();
        let mut guess: Vec<i64> = unknown.iter().map(|_| 1).collect();
        let most: Vec<i64> = unknown.iter().map(|c| self.most(*c)).collect();
        let tables: usize = most.iter().map(|m| *m as usize).product();
        if tables > TABLES_MAX {
            return None;
        }
        for _ in 0..tables {
            let mut table = self.truth.clone();
            for (cell, n) in unknown.iter().zip(&guess) {
                let change = n - self.truth[*cell];
                for cell in lattice.margins_of(*cell).chain([*cell]) {
                    table[cell] += change;
                }
            }
            let agrees = (0..table.len()).all(|c| self.blank[c] || table[c] == self.truth[c]);
            if agrees {
                for (end, n) in ends.iter_mut().zip(&table) {
                    *end = (end.0.min(*n), end.1.max(*n));
                }
            }
            for (n, most) in guess.iter_mut().zip(&most) {
                *n += 1;
                if *n <= *most {
                    break;
                }
                *n = 1;
            }
        }
        Some(ends)
    }
}

fn small() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0_usize), 2 => 1_usize..3, 8 => 4_usize..9]
}

/// Holds the plan of a table against all tables that agree with what it publishes. Whether they could be listed.
fn listed(sizes: &[usize], cells: &[usize]) -> Result<bool, TestCaseError> {
    let shape = shape(sizes, vec![measure("n", Aggregate::Count)], true);
    let statistics = counts(&shape, cells);
    // Three is the least that passes, and the width of what must stay unknown.
    let profile = profile("datashield");
    let rule = profile.settings().threshold;
    let failed: Vec<usize> = (0..shape.rows())
        .filter(|cell| {
            let units = statistics.units(*cell);
            units > 0 && threshold(units, &rule).status == Status::Fail
        })
        .collect();
    let Ok(plan) = protect(&statistics, &profile, &failed) else {
        return Ok(false);
    };
    let mut given = Given {
        shape: &shape,
        truth: (0..shape.rows())
            .map(|c| statistics.rows(c) as i64)
            .collect(),
        blank: vec![false; shape.rows()],
        rise_max: 13,
    };
    for cell in failed.iter().chain(&plan.complementary) {
        given.blank[*cell] = true;
    }
    let Some(ends) = given.ends() else {
        return Ok(false);
    };
    // Where every margin is shown no cell can rise beyond what is listed, and the ends are all there are.
    let lattice = shape.lattice();
    let closed = (0..shape.rows())
        .all(|c| !given.blank[c] || (0..lattice.axes()).all(|axis| !lattice.is_margin(c, axis)));
    for cell in &failed {
        let (low, high) = ends[*cell];
        prop_assert!(
            high - given.truth[*cell] >= 3,
            "{cell}: {low}..{high} of {:?}",
            given.truth
        );
        let brackets: Vec<&Bracket> = plan.brackets.iter().filter(|b| b.cell == *cell).collect();
        prop_assert!(!brackets.is_empty());
        for bracket in brackets {
            prop_assert!(
                bracket.low.fract() == 0.0 && bracket.high.fract() == 0.0,
                "{bracket:?}"
            );
            // Brackets reach no further than four levels.
            let (low, high) = (
                low.max(given.truth[*cell] - 12),
                high.min(given.truth[*cell] + 12),
            );
            prop_assert!(
                bracket.low <= low as f64 && bracket.high >= high as f64,
                "{bracket:?} {low}..{high}"
            );
            if closed {
                prop_assert_eq!((bracket.low, bracket.high), (low as f64, high as f64));
            }
        }
    }
    Ok(!failed.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn every_bracket_is_what_a_list_of_all_tables_leaves(cells in proptest::collection::vec(small(), 9)) {
        prop_assume!(listed(&[3, 3], &cells)?);
    }

    #[test]
    fn in_three_dimensions_too(cells in proptest::collection::vec(small(), 8)) {
        prop_assume!(listed(&[2, 2, 2], &cells)?);
    }

    /// Half a pattern is none: with any one complementary cell shown, a list of all tables, or the audit's own programme, tells more than is allowed of some
    /// failed cell, or the cell was needed for a respondent inside. The audit never takes such a pattern for safe when the list does not.
    #[test]
    fn a_pattern_that_was_tampered_with_is_refused(cells in proptest::collection::vec(small(), 9), which in 0..8_usize) {
        let shape = shape(&[3, 3], vec![measure("n", Aggregate::Count)], true);
        let statistics = counts(&shape, &cells);
        let profile = profile("datashield");
        let rule = profile.settings().threshold;
        let failed: Vec<usize> = (0..shape.rows())
            .filter(|cell| {
                let units = statistics.units(*cell);
                units > 0 && threshold(units, &rule).status == Status::Fail
            })
            .collect();
        let plan = protect(&statistics, &profile, &failed);
        prop_assume!(plan.as_ref().is_ok_and(|plan| !plan.complementary.is_empty()));
        let mut kept = plan.map(|plan| plan.complementary).unwrap_or_default();
        kept.remove(which % kept.len());
        let mut field = Field::new(&statistics, &profile, &failed);
        field.set_pattern(&kept);
        let demands: Vec<Demand> = failed.iter().map(|cell| field.demand(*cell)).collect();
        let passes = audit::audit(&field, &demands).is_ok();
        let mut given = Given {
            shape: &shape,
            truth: (0..shape.rows()).map(|c| statistics.rows(c) as i64).collect(),
            blank: vec![false; shape.rows()],
            rise_max: 13,
        };
        for cell in failed.iter().chain(&kept) {
            given.blank[*cell] = true;
        }
        let ends = given.ends();
        prop_assume!(ends.is_some());
        let ends = ends.unwrap_or_default();
        let safe = failed.iter().all(|cell| ends[*cell].1 - given.truth[*cell] >= 3);
        prop_assert_eq!(passes, safe);
    }
}
