use proptest::prelude::*;

use super::certificate::Move;
use super::field::Field;
use super::*;
use crate::fixture::{count_and_sum, counts, profile, shape};
use crate::{Shape, threshold};
use yunei_model::Status;

fn failed(statistics: &Statistics, shape: &Shape) -> Vec<usize> {
    let rule = profile("yunei").settings().threshold;
    (0..shape.rows())
        .filter(|cell| threshold(statistics.units(*cell), &rule).status == Status::Fail)
        .collect()
}

/// The unknown cells and the equations among them, as an attacker sets them up.
fn equations(
    shape: &Shape,
    statistics: &Statistics,
    blank: &[usize],
) -> (Vec<usize>, Vec<(Vec<f64>, f64)>) {
    let lattice = shape.lattice();
    let open: Vec<usize> = blank
        .iter()
        .copied()
        .filter(|c| statistics.rows(*c) > 0)
        .collect();
    let mut equations = Vec::new();
    for axis in 0..lattice.axes() {
        for start in (0..shape.rows()).filter(|c| lattice.coordinate(*c, axis) == 0) {
            let mut row = vec![0.0; open.len()];
            let mut known = 0.0;
            for step in 0..lattice.extent(axis) {
                let cell = lattice.moved(start, axis, step);
                let sign = if lattice.is_margin(cell, axis) {
                    -1.0
                } else {
                    1.0
                };
                match open.iter().position(|c| *c == cell) {
                    Some(unknown) => row[unknown] = sign,
                    None => known += sign * statistics.rows(cell) as f64,
                }
            }
            if row.iter().any(|c| *c != 0.0) {
                equations.push((row, -known));
            }
        }
    }
    (open, equations)
}

/// Gauss–Jordan: the unknowns that some linear combination of released figures gives back.
fn pinned(open: &[usize], equations: &[(Vec<f64>, f64)]) -> Vec<usize> {
    let mut rows: Vec<Vec<f64>> = equations.iter().map(|(row, _)| row.clone()).collect();
    let mut rank = 0;
    for column in 0..open.len() {
        let Some(pivot) = (rank..rows.len()).find(|r| rows[*r][column].abs() > 1e-9) else {
            continue;
        };
        rows.swap(rank, pivot);
        let lead = rows[rank].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            let factor = row[column] / lead[column];
            if index != rank && factor != 0.0 {
                for (value, from) in row.iter_mut().zip(&lead) {
                    *value -= factor * from;
                }
            }
        }
        rank += 1;
    }
    rows.iter()
        .filter_map(|row| {
            let mut nonzero = (0..open.len()).filter(|c| row[*c].abs() > 1e-9);
            let only = nonzero.next()?;
            nonzero.next().is_none().then(|| open[only])
        })
        .collect()
}

/// Bounds from each line by itself, over and over: what an attacker gets with a spreadsheet.
fn propagated(open: &[usize], equations: &[(Vec<f64>, f64)]) -> Vec<(f64, f64)> {
    let mut bounds = vec![(1.0, f64::INFINITY); open.len()];
    for _ in 0..50 {
        for (row, right) in equations {
            for target in (0..open.len()).filter(|c| row[*c] != 0.0) {
                let (mut low, mut high) = (*right, *right);
                for other in (0..open.len()).filter(|c| *c != target && row[*c] != 0.0) {
                    let (a, b) = (row[other] * bounds[other].0, row[other] * bounds[other].1);
                    low -= a.max(b);
                    high -= a.min(b);
                }
                let (low, high) = if row[target] > 0.0 {
                    (low, high)
                } else {
                    (-high, -low)
                };
                bounds[target] = (bounds[target].0.max(low), bounds[target].1.min(high));
            }
        }
    }
    bounds
}

fn attack(sizes: &[usize], cells: &[usize]) -> Result<(), TestCaseError> {
    let shape = shape(sizes, count_and_sum(), true);
    let statistics = counts(&shape, cells);
    let failed = failed(&statistics, &shape);
    let plan = protect(&statistics, &profile("yunei"), &failed);
    let plan = plan.map_err(|reason| TestCaseError::fail(reason.reason()))?;
    let mut blank = failed.clone();
    blank.extend(&plan.complementary);
    blank.sort_unstable();
    for cell in &plan.complementary {
        prop_assert!(!failed.contains(cell) && statistics.rows(*cell) > 0);
    }
    let (open, equations) = equations(&shape, &statistics, &blank);
    let given_back = pinned(&open, &equations);
    prop_assert!(
        failed.iter().all(|c| !given_back.contains(c)),
        "pinned: {:?}",
        given_back
    );
    let bounds = propagated(&open, &equations);
    for (cell, (low, high)) in open.iter().zip(bounds) {
        if failed.contains(cell) {
            prop_assert!(
                high - low >= 10.0,
                "cell {cell} is known to lie in {low}..{high}"
            );
        }
    }
    Ok(())
}

fn sparse() -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(0_usize), 3 => 1_usize..10, 6 => 10_usize..60]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_gives_a_failed_cell_back_in_one_dimension(cells in prop::collection::vec(sparse(), 4)) {
        attack(&[4], &cells)?;
    }

    #[test]
    fn nothing_gives_a_failed_cell_back_in_two_dimensions(cells in prop::collection::vec(sparse(), 20)) {
        attack(&[4, 5], &cells)?;
    }

    #[test]
    fn nothing_gives_a_failed_cell_back_in_three_dimensions(cells in prop::collection::vec(sparse(), 18)) {
        attack(&[3, 3, 2], &cells)?;
    }

    #[test]
    fn a_cycle_never_costs_more_than_a_square(cells in prop::collection::vec(sparse(), 20)) {
        let shape = shape(&[4, 5], count_and_sum(), true);
        let statistics = counts(&shape, &cells);
        let failed = failed(&statistics, &shape);
        let profile = profile("yunei");
        let field = Field::new(&statistics, &profile, &failed);
        let cost = |found: &Move| found.cells().map(|c| field.cost(c)).sum::<f64>();
        for cell in &failed {
            let demand = field.demand(*cell);
            let square = hypercube::cheapest(&field, &demand, true).expect("with the margins there always is one");
            let cycle = cycle::cheapest(&field, &demand, true).expect("a square is a cycle");
            prop_assert!(cost(&cycle) <= cost(&square) + 1e-9);
        }
    }
}

#[test]
fn one_small_cell_takes_three_others_with_it() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let statistics = counts(&shape, &[3, 40, 50, 20, 15, 60, 70, 80, 90]);
    let plan = protect(&statistics, &profile("yunei"), &[0]).ok().unwrap();
    assert_eq!(
        plan.complementary,
        [1, 4, 5],
        "the least square: rows 0 and 1, columns 0 and 1"
    );
    assert!(!plan.brackets.is_empty());
    for bracket in plan.brackets.iter().filter(|b| b.measure.is_none()) {
        assert!(bracket.low <= 3.0 && bracket.high >= 13.0, "{bracket:?}");
    }
}

#[test]
fn without_margins_nothing_else_is_blanked() {
    let shape = shape(&[3, 3], count_and_sum(), false);
    let statistics = counts(&shape, &[3, 40, 50, 20, 15, 60, 70, 80, 90]);
    let plan = protect(&statistics, &profile("yunei"), &[0]).ok().unwrap();
    assert!(plan.complementary.is_empty());
}

#[test]
fn empty_cells_hide_nothing() {
    let shape = shape(&[2, 2], count_and_sum(), true);
    let statistics = counts(&shape, &[3, 0, 50, 60]);
    let plan = protect(&statistics, &profile("yunei"), &[0, 2])
        .ok()
        .unwrap();
    assert!(!plan.complementary.contains(&1));
    let (open, equations) = equations(
        &shape,
        &statistics,
        &[&[0, 2][..], &plan.complementary].concat(),
    );
    assert!(!pinned(&open, &equations).contains(&0));
}

#[test]
fn a_move_that_proves_nothing_is_not_taken() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let statistics = counts(&shape, &[3, 40, 50, 20, 15, 60, 70, 80, 90]);
    let profile = profile("yunei");
    let mut field = Field::new(&statistics, &profile, &[0]);
    for cell in [1, 4, 5, 8] {
        field.blank(cell);
    }
    let demand = field.demand(0);
    let proves = |steps: &[(usize, bool)]| Move::new(steps.to_vec()).proves(&field, &demand, true);
    assert!(proves(&[(0, true), (1, false), (4, false), (5, true)]));
    assert!(
        !proves(&[(0, true), (1, false), (4, false), (5, false)]),
        "unbalanced"
    );
    assert!(!proves(&[(0, true), (1, false), (4, false)]), "open");
    assert!(
        !proves(&[(0, false), (1, true), (4, true), (5, false)]),
        "the wrong way"
    );
    assert!(
        !proves(&[(0, true), (2, false), (4, false), (6, true)]),
        "through a released cell"
    );
    assert!(!proves(&[]), "nothing");
}

/// A cell of 12 cannot hide another by 13 subjects: the audit's solver and the search agree on the limit.
#[test]
fn what_is_too_small_hides_nothing() {
    let shape = shape(&[2, 2], count_and_sum(), true);
    let profile = profile("yunei");
    for (neighbour, enough) in [(11, false), (12, true)] {
        let statistics = counts(&shape, &[3, neighbour, neighbour, 500]);
        let field = Field::new(&statistics, &profile, &[0]);
        let demand = field.demand(0);
        assert_eq!(
            field.spares(1, 0, &demand.up),
            enough,
            "{neighbour} subjects, two of whom may act together"
        );
    }
}

#[test]
fn a_table_that_was_not_protected_fails_the_audit() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let statistics = counts(&shape, &[3, 40, 50, 20, 15, 60, 70, 80, 90]);
    let profile = profile("yunei");
    let mut field = Field::new(&statistics, &profile, &[0]);
    let demands = [field.demand(0)];
    assert_eq!(
        audit::audit(&field, &demands),
        Err(Unprotected::NotProven),
        "pinned by its row"
    );
    for cell in [1, 4, 5] {
        field.blank(cell);
    }
    assert!(audit::audit(&field, &demands).is_ok());
}

/// Every table of the protected size: a hundred by a hundred with margins.
#[test]
fn a_hundred_by_a_hundred_is_protected() {
    let shape = shape(
        &[100, 100],
        vec![crate::fixture::measure("n", yunei_model::Aggregate::Count)],
        true,
    );
    let cells: Vec<usize> = (0..10_000)
        .map(|c| if c % 53 == 0 { 1 + c % 9 } else { 10 + c % 17 })
        .collect();
    let statistics = counts(&shape, &cells);
    let failed = failed(&statistics, &shape);
    assert!(failed.len() > 180);
    let plan = protect(&statistics, &profile("yunei"), &failed)
        .ok()
        .unwrap();
    assert!(!plan.complementary.is_empty());
}
