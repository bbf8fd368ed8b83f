//! Every rule of every cell, and brackets that another table bears out.

use yunei_model::{
    Aggregate, Blank, BracketOf, CHECK_FIGURES_MAX, CheckedCell, Checks, Route, Status,
};

use super::*;
use crate::fixture::{count_and_sum, counts, judged, measure, name, profile, shape};
use crate::{Judgement, Protection, judge_keeping_blank};

const CELLS: [usize; 9] = [3, 40, 50, 20, 15, 60, 70, 80, 90];

fn told(judgement: &Judgement) -> Checks {
    let verdict = judgement.verdict(name("out"), Route::Recomputed);
    verdict.checks.unwrap()
}

fn rules(cell: &CheckedCell) -> Vec<(String, Status)> {
    let told = |figure: &yunei_model::RuleFigure| {
        let measure = figure.measure.as_ref().map_or("", |m| m.as_str());
        (format!("{} {measure}", figure.rule), figure.status)
    };
    cell.rules.iter().map(told).collect()
}

#[test]
fn rules_that_passed_have_their_figures_too() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let checks = told(&judged(&shape, &counts(&shape, &CELLS), "yunei"));
    assert_eq!(checks.cells, 16);
    let good = checks.cell(1).unwrap();
    assert_eq!(good.cell, ["a0", "b1"]);
    assert_eq!(
        (good.status, good.blank),
        (Status::Pass, Blank::Complementary)
    );
    let passed = rules(&good);
    for rule in [
        "zero ",
        "threshold ",
        "dominance ",
        "dominance sum",
        "p-percent sum",
    ] {
        assert!(
            passed.contains(&(rule.to_owned(), Status::Pass)),
            "{rule}: {passed:?}"
        );
    }
    let threshold = &good.rules[1];
    assert_eq!((threshold.value, threshold.bound), (40.0, 10.0));
    let bad = checks.cell(0).unwrap();
    assert_eq!((bad.status, bad.blank), (Status::Fail, Blank::Primary));
    assert_eq!(rules(&bad)[1], ("threshold ".to_owned(), Status::Fail));
    assert_eq!(checks.cell(15).unwrap().cell, ["total", "total"]);
}

#[test]
fn what_fails_in_the_columns_is_what_the_verdict_names() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let verdict = judged(&shape, &counts(&shape, &CELLS), "yunei");
    let verdict = verdict.verdict(name("out"), Route::Recomputed);
    let checks = verdict.checks.as_ref().unwrap();
    for named in &verdict.cells {
        let found = (0..checks.cells).filter_map(|row| checks.cell(row));
        let found = found
            .into_iter()
            .find(|cell| cell.cell == named.cell)
            .unwrap();
        let failed: Vec<_> = found
            .rules
            .into_iter()
            .filter(|figure| figure.status != Status::Pass)
            .collect();
        assert_eq!(failed, named.failed);
        assert_eq!(found.blank != Blank::No, named.suppressed);
    }
}

/// All tables of 3 × 3 counts, margins included, that agree with what is shown, changed along one cycle of four cells.
fn is_borne_out(row: usize, value: f64, blank: &[usize]) -> bool {
    // Cells of a 4 × 4 lattice: inner cells have coordinates below 3.
    let shift = value - CELLS[row / 4 * 3 + row % 4] as f64;
    let (r, c) = (row / 4, row % 4);
    (0..3).filter(|r2| *r2 != r).any(|r2| {
        (0..3).filter(|c2| *c2 != c).any(|c2| {
            let moved = [(r, c, 1.0), (r2, c2, 1.0), (r, c2, -1.0), (r2, c, -1.0)];
            moved.iter().all(|(r, c, sign)| {
                let now = CELLS[r * 3 + c] as f64 + sign * shift;
                blank.contains(&(r * 4 + c)) && now >= 1.0
            })
        })
    })
}

#[test]
fn each_end_of_a_bracket_is_another_table_that_shows_the_same() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let checks = told(&judged(&shape, &counts(&shape, &CELLS), "yunei"));
    let blank: Vec<usize> = (0..16)
        .filter(|row| checks.blank(*row as u32) != Blank::No)
        .collect();
    assert_eq!(blank, [0, 1, 4, 5]);
    let subjects = checks.brackets.iter();
    let subjects = subjects.into_iter().find(|b| b.of == BracketOf::Subjects);
    let subjects = subjects.unwrap();
    assert_eq!(subjects.cells, [0, 1, 4, 5]);
    let first = subjects.bracket(0).unwrap();
    assert_eq!((first.low, first.high), (3.0, Some(13.0)));
    assert_eq!((first.low_needed, first.high_needed), (None, Some(13.0)));
    for row in &subjects.cells {
        let bracket = subjects.bracket(*row).unwrap();
        let needed = bracket.high_needed.or(bracket.low_needed);
        assert_eq!(needed.is_some(), *row == 0, "asked of the failed one alone");
        for end in [bracket.low, bracket.high.unwrap()] {
            assert!(is_borne_out(*row as usize, end, &blank), "{row}: {end}");
        }
        assert!(bracket.high.unwrap() - bracket.low >= 10.0, "{bracket:?}");
    }
    assert!(!is_borne_out(0, 0.0, &blank), "the check can fail");
    let sums = checks.brackets.iter().find(|b| b.of == BracketOf::Sum);
    assert_eq!(sums.unwrap().measure, Some(name("sum")));
}

#[test]
fn without_margins_a_blank_cell_is_bounded_by_nothing() {
    let shape = shape(&[4], vec![measure("n", Aggregate::Count)], false);
    let checks = told(&judged(&shape, &counts(&shape, &[3, 40, 50, 60]), "yunei"));
    let cell = checks.cell(0).unwrap();
    assert_eq!(cell.blank, Blank::Primary);
    assert!(!cell.brackets.is_empty());
    for bracket in &cell.brackets {
        assert_eq!((bracket.low, bracket.high), (1.0, None));
    }
}

#[test]
fn cells_that_are_kept_blank_have_brackets_and_shown_ones_have_none() {
    let shape = shape(&[3, 3], count_and_sum(), true);
    let counted = counts(&shape, &[30, 40, 50, 20, 15, 60, 70, 80, 90]);
    let yunei = profile("yunei");
    let judgement = judge_keeping_blank(&counted, &shape, &yunei, Protection::Subjects, &[5]);
    let checks = told(&judgement);
    assert_eq!(checks.primary, [5]);
    for row in 0..checks.cells {
        let cell = checks.cell(row).unwrap();
        assert_eq!(cell.brackets.is_empty(), cell.blank == Blank::No, "{row}");
    }
}

#[test]
fn nobodys_data_have_no_checks() {
    let shape = shape(&[2], count_and_sum(), false);
    let mut accumulator = crate::Accumulator::new(&shape, Protection::None).unwrap();
    let inputs = vec![Some(1.0); shape.inputs().len()];
    for cell in [0, 1] {
        accumulator
            .row(crate::SubjectKey::Absent, cell, &inputs)
            .unwrap();
    }
    let statistics = accumulator.finish().unwrap();
    let verdict = judged(&shape, &statistics, "yunei");
    let verdict = verdict.verdict(name("out"), Route::Recomputed);
    assert_eq!(verdict.checks, None);
}

#[test]
fn past_the_limit_whole_cells_are_left_out() {
    let figure = Figure {
        status: Status::Pass,
        value: 1.0,
        bound: 2.0,
    };
    let mut ledger = Ledger::default();
    let mut cells = 0;
    while ledger.begin(cells) {
        for rule in ["threshold", "zero", "threshold"] {
            ledger.note(rule, None, &figure);
        }
        cells += 1;
    }
    assert_eq!(ledger.columns.len(), 3, "a rule that is held twice");
    assert!(ledger.places >= CHECK_FIGURES_MAX && ledger.places < CHECK_FIGURES_MAX + 3);
    assert_eq!(ledger.cells as usize, cells);
    assert!(!ledger.begin(cells) && !ledger.begin(cells + 1));
}

/// The shortest of several times, which other work on the machine does not make longer.
fn quickest(mut work: impl FnMut()) -> std::time::Duration {
    let times = (0..10).map(|_| {
        let clock = std::time::Instant::now();
        work();
        clock.elapsed()
    });
    times.min().unwrap()
}

/// A table of 10,752 cells, margins included, of which a few fail.
#[test]
fn ten_thousand_cells_stay_small_and_quick() {
    let measures = vec![
        measure("rides", Aggregate::Count),
        measure("fares", Aggregate::Sum),
    ];
    let shape = shape(&[95, 111], measures, true);
    let cells: Vec<usize> = (0..shape.cells())
        .map(|cell| if cell % 997 == 0 { 4 } else { 11 + cell % 3 })
        .collect();
    let statistics = counts(&shape, &cells);
    let yunei = profile("yunei");
    let without = quickest(|| {
        let mut outcomes = crate::judge::unjudged(&statistics);
        crate::judge::hold_against(&statistics, &shape, &yunei, &mut outcomes);
    });
    let kept = quickest(|| {
        let mut ledger = Ledger::default();
        let mut outcomes = crate::judge::unjudged(&statistics);
        crate::judge::hold_and_keep(&statistics, &shape, &yunei, &mut outcomes, &mut ledger);
    });
    let judgement = judged(&shape, &statistics, "yunei");
    let clock = std::time::Instant::now();
    let verdict = judgement.verdict(name("out"), Route::Recomputed);
    let told = clock.elapsed();
    let checks = verdict.checks.unwrap();
    let bytes = serde_json::to_string(&checks).unwrap().len();
    eprintln!(
        "rules {without:?}, and kept {kept:?}; verdict {told:?}; {} cells, {} rules, {} brackets, {bytes} bytes",
        checks.cells,
        checks.rules.len(),
        checks.brackets.iter().map(|b| b.cells.len()).sum::<usize>()
    );
    assert_eq!(checks.cells, 10_752);
    assert!(bytes < 2_500_000, "{bytes}");
    assert!(kept < without * 20, "{without:?}, then {kept:?}");
}
