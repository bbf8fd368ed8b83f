use yunei_model::{Aggregate, Decision, Hint, Route, Status, Value};

use crate::fixture::{
    column, count_and_sum, counts, dimension, judged, measure, name, one_row_each, profile, shape,
};
use crate::*;

mod derived;

fn blanks(values: &[Value]) -> Vec<usize> {
    (0..values.len())
        .filter(|row| values[*row] == Value::Absent)
        .collect()
}

#[test]
fn a_good_table_is_released_rounded_in_canonical_order() {
    let shape = shape(&[2, 2], count_and_sum(), true);
    let rows: Vec<_> = [14, 25, 36, 47]
        .iter()
        .enumerate()
        .flat_map(|(cell, n)| (0..*n).map(move |k| (cell, Some(1.0 + f64::from(k % 3)))))
        .collect();
    let judgement = judged(&shape, &one_row_each(&shape, &rows), "yunei");
    assert_eq!(judgement.decision, Decision::Release);
    let table = judgement.table.as_ref().unwrap();
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "count", "sum"]);
    let counts = [10, 30, 40, 40, 50, 80, 50, 70, 120].map(Value::Integer);
    assert_eq!(column(&judgement, "count")[..2], counts[..2]);
    assert_eq!(column(&judgement, "a")[2], Value::Text("a0".into()));
    assert_eq!(column(&judgement, "b")[2], Value::Text("total".into()));
    assert_eq!(column(&judgement, "count")[8], Value::Integer(120));
    let verdict = judgement.verdict(name("out"), Route::Recomputed);
    assert_eq!(
        (
            verdict.cells_total,
            verdict.cells_released,
            verdict.cells.len()
        ),
        (9, 9, 0)
    );
    assert!(judgement.hints.is_empty() && judgement.candidate.is_none());
}

#[test]
fn a_small_cell_is_blank_in_every_measure_with_what_would_give_it_back() {
    let measures = vec![
        measure("n", Aggregate::Count),
        measure("sum", Aggregate::Sum),
        measure("mean", Aggregate::Mean),
        measure("people", Aggregate::DistinctSubjects),
    ];
    let shape = shape(&[3, 3], measures, true);
    let judgement = judged(
        &shape,
        &counts(&shape, &[3, 40, 50, 20, 15, 60, 70, 80, 90]),
        "yunei",
    );
    assert_eq!(judgement.decision, Decision::Release);
    for text in ["n", "sum", "mean", "people"] {
        assert_eq!(blanks(&column(&judgement, text)), [0, 1, 4, 5], "{text}");
    }
    let verdict = judgement.verdict(name("out"), Route::Recomputed);
    assert_eq!(
        (
            verdict.cells_failed,
            verdict.cells_complementary,
            verdict.cells_released
        ),
        (1, 3, 12)
    );
    let cell = &verdict.cells[0];
    assert_eq!(
        (cell.cell.join(" "), cell.status, cell.suppressed),
        ("a0 b0".to_owned(), Status::Fail, true)
    );
    assert_eq!(
        (
            cell.failed[0].rule.as_str(),
            cell.failed[0].value,
            cell.failed[0].bound
        ),
        ("threshold", 3.0, 10.0)
    );
    assert!(
        verdict.cells[1..]
            .iter()
            .all(|c| c.status == Status::Pass && c.suppressed && c.failed.is_empty())
    );
}

#[test]
fn a_dominated_cell_fails_though_many_are_in_it() {
    let shape = shape(&[4], count_and_sum(), true);
    let mut rows: Vec<_> = (0..4)
        .flat_map(|cell| (0..50).map(move |k| (cell, Some(10.0 + f64::from(k)))))
        .collect();
    rows[0].1 = Some(50_000.0);
    let judgement = judged(&shape, &one_row_each(&shape, &rows), "yunei");
    let rules: Vec<&str> = judgement.cells[0]
        .failed
        .iter()
        .map(|f| f.rule.as_str())
        .collect();
    assert_eq!(rules, ["dominance", "p-percent"]);
    // The total is dominated by the same subject: only the grand total and one cell would be blank, so that the rest leaves.
    assert_eq!(judgement.decision, Decision::Release);
    assert_eq!(blanks(&column(&judgement, "count")), [0, 4]);
    let one = crate::fixture::shape(&[], count_and_sum(), false);
    let all_in_one: Vec<_> = rows.iter().map(|(_, value)| (0, *value)).collect();
    let judgement = judged(&one, &one_row_each(&one, &all_in_one), "yunei");
    assert_eq!(
        judgement.decision,
        Decision::Withhold,
        "nothing else is there to release"
    );
    assert!(judgement.table.is_none());
}

#[test]
fn what_is_mostly_blank_is_withheld_and_the_hints_tell_nothing() {
    let shape = shape(&[2, 2], count_and_sum(), true);
    let mut told = Vec::new();
    for cells in [[1, 2, 3, 60], [0, 0, 0, 0], [1, 1, 1, 1]] {
        let judgement = judged(&shape, &counts(&shape, &cells), "yunei");
        assert_eq!(
            judgement.decision,
            Decision::Withhold,
            "{cells:?} {:?}",
            judgement.reasons
        );
        assert!(judgement.table.is_none() && judgement.candidate.is_none());
        assert_eq!(judgement.reasons.len(), 1);
        assert_eq!(
            judgement
                .verdict(name("out"), Route::Recomputed)
                .cells_released,
            0
        );
        told.push(judgement.hints);
    }
    assert_eq!(told[0], [Hint::CoarserBanding, Hint::FewerDimensions]);
    assert!(told.iter().all(|hints| *hints == told[0]));
}

#[test]
fn what_is_no_number_is_withheld() {
    let shape = shape(&[2], count_and_sum(), false);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        for protection in [Protection::Subjects, Protection::None] {
            let mut accumulator = Accumulator::new(&shape, protection).unwrap();
            for subject in 0..40 {
                let value = if subject < 2 {
                    bad
                } else {
                    1.0 + f64::from(subject % 3)
                };
                accumulator
                    .row(
                        SubjectKey::Integer(subject.into()),
                        (subject % 2) as usize,
                        &[Some(value)],
                    )
                    .unwrap();
                accumulator
                    .row(
                        SubjectKey::Integer(subject.into()),
                        (subject % 2) as usize,
                        &[Some(value)],
                    )
                    .unwrap();
            }
            let statistics = accumulator.finish().unwrap();
            let judgement = judge(&statistics, &shape, &profile("yunei"), protection);
            assert_eq!(
                judgement.decision,
                Decision::Withhold,
                "{bad} {protection:?}"
            );
            assert!(judgement.table.is_none());
        }
    }
}

#[test]
fn negative_contributions_go_to_people() {
    let shape = shape(&[2], count_and_sum(), true);
    let mut rows: Vec<_> = (0..60)
        .map(|k| (k % 2, Some(1.0 + (k % 5) as f64)))
        .collect();
    rows[7].1 = Some(-1.0);
    let statistics = one_row_each(&shape, &rows);
    for name in ["yunei", "acro"] {
        let judgement = judged(&shape, &statistics, name);
        assert_eq!(judgement.decision, Decision::Review, "{name}");
        assert!(judgement.table.is_none() && judgement.candidate.is_some());
        assert_eq!(judgement.hints, [Hint::AwaitReview]);
        assert_eq!(judgement.cells[1].status, Status::Review);
    }
}

#[test]
fn what_is_nobodys_leaves_as_it_is() {
    let measures = vec![
        measure("n", Aggregate::Count),
        measure("mean", Aggregate::Mean),
        measure("ratio", Aggregate::Ratio),
    ];
    let shape = shape(&[3], measures, true);
    let mut accumulator = Accumulator::new(&shape, Protection::None).unwrap();
    for (cell, value) in [(0, -1.0), (0, 2.5), (1, 7.0)] {
        accumulator
            .row(
                SubjectKey::Absent,
                cell,
                &[Some(value), Some(value), Some(2.0)],
            )
            .unwrap();
    }
    let statistics = accumulator.finish().unwrap();
    let judgement = judge(&statistics, &shape, &profile("yunei"), Protection::None);
    assert_eq!(judgement.decision, Decision::Release);
    assert_eq!(column(&judgement, "n"), [2, 1, 0, 3].map(Value::Integer));
    let numbers = [
        Value::Number(0.75),
        Value::Number(7.0),
        Value::Absent,
        Value::Number(8.5 / 3.0),
    ];
    assert_eq!(column(&judgement, "mean"), numbers);
    assert_eq!(column(&judgement, "ratio")[0], Value::Number(1.5 / 4.0));
    let claimed = judge(&statistics, &shape, &profile("yunei"), Protection::Subjects);
    assert_eq!(
        claimed.decision,
        Decision::Withhold,
        "support was not counted"
    );
    let other = crate::fixture::shape(&[4], count_and_sum(), true);
    assert_eq!(
        judge(&statistics, &other, &profile("yunei"), Protection::None).decision,
        Decision::Withhold
    );
}

#[test]
fn a_mean_over_few_values_fails_though_the_cell_is_full() {
    let shape = shape(&[3], vec![measure("mean", Aggregate::Mean)], false);
    let rows: Vec<_> = (0..90)
        .map(|k| (k % 3, (k % 3 != 0 || k < 27).then_some(1.0 + k as f64)))
        .collect();
    let judgement = judged(&shape, &one_row_each(&shape, &rows), "yunei");
    assert_eq!(judgement.cells[0].status, Status::Fail);
    assert_eq!(judgement.cells[0].failed[0].measure, Some(name("mean")));
    assert_eq!(blanks(&column(&judgement, "mean")), [0]);
}

#[test]
fn empty_cells_look_like_small_ones_where_zeros_are_disclosive() {
    let shape = shape(&[5], vec![measure("n", Aggregate::Count)], false);
    let statistics = counts(&shape, &[0, 5, 20, 30, 40]);
    assert_eq!(
        blanks(&column(&judged(&shape, &statistics, "yunei"), "n")),
        [0, 1]
    );
    let judgement = judged(&shape, &statistics, "datashield");
    assert_eq!(
        column(&judgement, "n"),
        [0, 5, 20, 30, 40].map(Value::Integer)
    );
    let judgement = judged(&shape, &statistics, "opensafely-midpoint");
    assert_eq!(
        column(&judgement, "n"),
        [
            Value::Integer(0),
            Value::Absent,
            Value::Integer(21),
            Value::Integer(27),
            Value::Integer(39)
        ]
    );
}

#[test]
fn class_disclosure_is_seen() {
    let mut illness = dimension("illness", 2);
    illness.sensitive = true;
    let measures = || vec![measure("n", Aggregate::Count)];
    let shape = Shape::new(vec![dimension("town", 3), illness], measures(), false).unwrap();
    let statistics = counts(&shape, &[30, 20, 40, 0, 25, 35]);
    let judgement = judged(&shape, &statistics, "yunei");
    assert_eq!(judgement.cells[2].failed[0].rule.as_str(), "class");
    assert_eq!(
        blanks(&column(&judgement, "n")),
        [2, 3],
        "all of town 2 is in one class"
    );
    assert_eq!(
        blanks(&column(&judged(&shape, &statistics, "datashield"), "n")),
        [0; 0]
    );

    let flags = crate::fixture::shape(&[3], vec![measure("mean", Aggregate::Mean)], false);
    let rows: Vec<_> = (0..90)
        .map(|k| {
            (
                k % 3,
                Some(if k % 3 == 0 {
                    1.0
                } else {
                    f64::from(u8::from(k % 2 == 0))
                }),
            )
        })
        .collect();
    let judgement = judged(&flags, &one_row_each(&flags, &rows), "yunei");
    assert_eq!(
        judgement.cells[0].failed[0].rule.as_str(),
        "class",
        "every member has the flag"
    );
    assert_eq!(blanks(&column(&judgement, "mean")), [0]);
}

#[test]
fn a_table_past_the_profiles_size_is_withheld() {
    let shape = shape(&[5001], vec![measure("n", Aggregate::Count)], false);
    let statistics = counts(&shape, &vec![10; 5001]);
    assert_eq!(
        judged(&shape, &statistics, "opensafely").decision,
        Decision::Withhold
    );
    assert_eq!(
        judged(&shape, &statistics, "yunei").decision,
        Decision::Release
    );
}

#[test]
fn no_figure_shows_in_what_could_be_logged() {
    let shape = shape(&[1], count_and_sum(), false);
    let statistics = one_row_each(&shape, &[(0, Some(123_456.0))]);
    assert_eq!(format!("{statistics:?}"), "Statistics(1 cells)");
}
