use proptest::prelude::*;

use super::certificate::Move;
use super::field::Field;
use super::*;
use crate::fixture::{count_and_sum, counts, profile, shape};
use crate::{Shape, threshold};
use yunei_model::Status;

mod brute;

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
    #![proptest_config(ProptestConfig::with_cases(24))]

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

/// The least cost of any set of further blanks in which every demand has its moves, by trying all of them.
fn least_by_trying(field: &mut Field<'_>, demands: &[Demand]) -> f64 {
    let open: Vec<usize> = (0..field.lattice().count())
        .filter(|cell| !field.is_known(*cell) && !field.failed().contains(cell))
        .collect();
    let mut least = f64::INFINITY;
    for set in 0..1_usize << open.len() {
        let chosen: Vec<usize> = (0..open.len())
            .filter(|bit| set >> bit & 1 == 1)
            .map(|bit| open[bit])
            .collect();
        let cost: f64 = chosen.iter().map(|cell| field.price(*cell)).sum();
        if cost >= least {
            continue;
        }
        field.set_pattern(&chosen);
        field.freeze(true);
        if demands.iter().all(|d| Proof::find(field, d).is_ok()) {
            least = cost;
        }
        field.freeze(false);
    }
    least
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The bound is a bound, and a pattern that meets it is optimal.
    #[test]
    fn no_pattern_costs_less_than_the_bound(cells in prop::collection::vec(sparse(), 6)) {
        let shape = shape(&[2, 3], vec![crate::fixture::measure("n", yunei_model::Aggregate::Count)], true);
        let statistics = counts(&shape, &cells);
        let failed = failed(&statistics, &shape);
        let profile = profile("yunei");
        if let Ok(plan) = protect(&statistics, &profile, &failed) {
            let mut field = Field::new(&statistics, &profile, &failed);
            let demands: Vec<Demand> = failed.iter().map(|cell| field.demand(*cell)).collect();
            let least = least_by_trying(&mut field, &demands);
            let Pattern { cost, bound } = plan.pattern;
            prop_assert!(bound <= least + 1e-6, "{} is no bound of {}", bound, least);
            prop_assert!(cost >= least - 1e-6);
            prop_assert!(cost <= least * 1.5 + 1e-6, "{} where {} would do", cost, least);
        }
    }
}

/// One failed cell in a small table: the optimum is found and known to be one.
#[test]
fn a_small_table_is_solved_to_the_optimum() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let statistics = counts(&shape, &[3, 40, 50, 20, 15, 60, 70, 80, 90]);
    let plan = protect(&statistics, &profile("yunei"), &[0]).ok().unwrap();
    assert!(plan.pattern.is_optimal(), "{:?}", plan.pattern);
}

/// One contributor beside a failed cell knows his own cell and could take it off the line: it hides nothing (the Handbook, section 4.3.1, on
/// singletons). Neither does a cell of two who put together what they gave.
#[test]
fn a_cell_of_one_or_two_hides_nothing() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    for few in [1, 2] {
        let statistics = counts(&shape, &[4, few, 50, 40, 45, 60, 70, 80, 90]);
        let failed = failed(&statistics, &shape);
        assert_eq!(failed, [0, 1]);
        let plan = protect(&statistics, &profile("yunei"), &failed)
            .ok()
            .unwrap();
        let third = [2, 3].iter().any(|cell| plan.complementary.contains(cell));
        assert!(
            third,
            "{few} beside 4 in a row of 54: {:?}",
            plan.complementary
        );
        let profile = profile("yunei");
        let field = Field::new(&statistics, &profile, &failed);
        assert!(!field.passes(1, 0) && field.passes(1, 1) && field.passes(2, 0));
    }
}

/// What a cell lacks to its margin is as telling as the cell: 97 − 90 = 7 tells of the two small ones together, so that neither could be more.
#[test]
fn what_is_left_of_a_margin_is_protected_too() {
    let shape = shape(&[3], count_and_sum(), true);
    let statistics = counts(&shape, &[90, 3, 4]);
    let plan = protect(&statistics, &profile("yunei"), &[1, 2])
        .ok()
        .unwrap();
    assert!(
        !plan.complementary.is_empty(),
        "90 and 97 cannot both be shown"
    );
}

/// Everybody is in two cells of each row: nobody could be away from one of them alone, so that counts of subjects prove nothing there.
#[test]
fn subjects_who_are_everywhere_hide_nothing() {
    let shape = shape(&[2], count_and_sum(), true);
    let mut accumulator = crate::Accumulator::new(&shape, crate::Protection::Subjects).unwrap();
    for subject in 0..60_i128 {
        for cell in 0..2 {
            if cell == 0 && subject > 4 {
                continue;
            }
            let key = crate::SubjectKey::Integer(subject);
            accumulator
                .row(key, cell, &[Some(1.0 + (subject % 7) as f64)])
                .unwrap();
        }
    }
    let statistics = accumulator.finish().unwrap();
    let profile = profile("yunei");
    let field = Field::new(&statistics, &profile, &[0]);
    let demand = field.demand(0);
    // Five in the first cell, all of them in the second: 55 of whom are there alone.
    assert!(field.spares(1, 0, &demand.up));
    assert_eq!(statistics.exclusive_units(0), 0);
}

/// As many cells as a table may have: a clear verdict, never a pass by accident.
#[test]
fn a_million_cells_get_a_clear_verdict() {
    let measures = vec![crate::fixture::measure("n", yunei_model::Aggregate::Count)];
    let shape = shape(&[999, 999], measures, true);
    assert_eq!(shape.rows(), crate::CELLS_MAX);
    let mut cells = vec![0; 999 * 999];
    for (cell, people) in [(0, 3), (1, 40), (999, 50), (1_000, 60)] {
        cells[cell] = people;
    }
    let judgement = crate::fixture::judged(&shape, &counts(&shape, &cells), "yunei");
    assert_eq!(judgement.decision, yunei_model::Decision::Withhold);
    assert!(judgement.table.is_none() && judgement.reasons.len() == 1);
}
