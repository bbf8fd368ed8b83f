//! Attacks that play a conditional: a mask as weight, absent values, sums of indicators.

use yunei_model::{Aggregate, Decision, Value};

use crate::fixture::{column, judged, measure, name, profile, shape};
use crate::{
    Accumulator, Judgement, Measure, Profile, Protection, Shape, Statistics, SubjectKey, judge,
};

mod crowds;
mod weights;

/// Rows of subjects in cells: subject, cell, one value per input.
type Row = (usize, usize, Vec<Option<f64>>);

fn weighted(text: &str, aggregate: Aggregate) -> Measure {
    Measure {
        weighted: true,
        ..measure(text, aggregate)
    }
}

fn accumulate(shape: &Shape, rows: &[Row]) -> Statistics {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
    for (subject, cell, values) in rows {
        let subject = SubjectKey::Integer(*subject as i128);
        accumulator.row(subject, *cell, values).unwrap();
    }
    accumulator.finish().unwrap()
}

/// One row for each of so many subjects in cell 0, and as many who are nothing special in cell 1.
fn two_cells(count: usize, values: impl Fn(usize, bool) -> Vec<Option<f64>>) -> Vec<Row> {
    let row = |subject: usize| {
        let cell = subject / count;
        (subject, cell, values(subject % count, cell == 0))
    };
    (0..count * 2).map(row).collect()
}

fn income(subject: usize) -> f64 {
    40_000.0 + (subject * 7919 % 30_000) as f64
}

/// Whether what lies between two figures fails, and that alone tells of it.
fn is_between(failed: &[String]) -> bool {
    failed.iter().any(|rule| rule.starts_with("complement-"))
}

/// The rules that cell 0 does not pass, and that it is blank then while cell 1 is not.
fn failed(judgement: &Judgement) -> Vec<String> {
    let failed = |cell: usize| -> Vec<String> {
        let outcome = &judgement.cells[cell];
        outcome.failed.iter().map(|f| f.rule.to_string()).collect()
    };
    assert_eq!(failed(1), Vec::<String>::new());
    let table = judgement.table.as_ref().expect("half of it stays");
    for column in table.columns().iter().skip(1) {
        let blank = matches!(column.values[0], Value::Absent);
        assert_eq!(blank, !failed(0).is_empty());
    }
    failed(0)
}

/// Sums of one column, plain and weighed.
fn sums(weights: usize) -> Shape {
    let mut measures = vec![measure("income", Aggregate::Sum)];
    let mut columns = vec![0];
    for weight in 0..weights {
        measures.push(weighted(&format!("w{weight}"), Aggregate::Sum));
        columns.extend([0, weight + 1]);
    }
    shape(&[2], measures, false).reading(columns)
}

#[test]
fn the_complement_of_a_mask_is_one_persons_income() {
    let shape = sums(1);
    for (mask, told) in [(Some(0.0), true), (None, true), (Some(1.0), false)] {
        let rows = two_cells(200, |subject, first| {
            let x = Some(income(subject));
            // Where nobody is left out of the one, others are left out of neither.
            let usual = first || mask == Some(1.0) || subject % 4 > 0;
            let weight = if first && subject == 77 {
                mask
            } else {
                Some(f64::from(u8::from(usual)))
            };
            vec![x, x, weight]
        });
        let statistics = accumulate(&shape, &rows);
        let failed = failed(&judged(&shape, &statistics, "yunei"));
        assert_eq!(is_between(&failed), told, "{mask:?}");
        // What the origins do not have, they do not get.
        assert!(failed_under("acro", &shape, &statistics).is_empty());
    }
}

fn failed_under(profile: &str, shape: &Shape, statistics: &Statistics) -> Vec<String> {
    failed(&judged(shape, statistics, profile))
}

#[test]
fn enough_on_either_side_of_a_mask_passes_unless_one_dominates() {
    let shape = sums(1);
    let rows = |dominant: f64, away: usize| {
        two_cells(200, move |subject, first| {
            let x = if first && subject == 0 {
                dominant
            } else {
                income(subject)
            };
            let employed = subject >= if first { away } else { 50 };
            vec![Some(x), Some(x), Some(f64::from(u8::from(employed)))]
        })
    };
    let failed = |rows: &[Row]| failed_under("yunei", &shape, &accumulate(&shape, rows));
    assert!(failed(&rows(50_000.0, 10)).is_empty());
    assert!(is_between(&failed(&rows(50_000.0, 9))));
    // Nobody dominates all; one dominates those who are away.
    assert_eq!(failed(&rows(4_000_000.0, 10)), ["complement-dominance"]);
}

#[test]
fn two_masks_that_differ_by_one_person_are_a_mask() {
    let shape = sums(2);
    let rows = |other: usize| {
        two_cells(200, move |subject, _| {
            let x = Some(income(subject));
            let mask = |from: usize| Some(f64::from(u8::from(subject >= from)));
            vec![x, x, mask(100), x, mask(other)]
        })
    };
    let of = |other: usize| {
        let statistics = accumulate(&shape, &rows(other));
        let judgement = judged(&shape, &statistics, "yunei");
        judgement.cells[0]
            .failed
            .iter()
            .any(|f| f.rule.as_str().starts_with("complement-"))
    };
    assert!(of(101) && of(109) && !of(110) && !of(100));
    // Without being told that the columns are the same, nobody could know.
    let apart = shape.clone().reading(vec![0, 1, 2, 3, 4]);
    let judgement = judged(&apart, &accumulate(&apart, &rows(101)), "yunei");
    assert_eq!(judgement.decision, Decision::Release);
}

#[test]
fn an_absent_denominator_is_a_mask() {
    let measures = vec![
        measure("all", Aggregate::Sum),
        measure("share", Aggregate::Ratio),
    ];
    let shape = shape(&[2], measures, false).reading(vec![0, 0, 1]);
    for absent in [0, 1, 9, 10] {
        let rows = two_cells(200, |subject, first| {
            let x = Some(income(subject));
            let hours = Some(1_000.0 + subject as f64);
            vec![x, x, hours.filter(|_| !first || subject >= absent)]
        });
        let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert_eq!(
            failed.is_empty(),
            [0, 10].contains(&absent),
            "{absent}: {failed:?}"
        );
    }
}

#[test]
fn a_ratio_of_nearly_equal_columns_tells_of_the_few() {
    let shape = shape(&[2], vec![measure("share", Aggregate::Ratio)], false);
    for unlike in [1, 9, 10] {
        let rows = two_cells(200, |subject, first| {
            let trips = (subject % 5 + 2) as f64;
            let late = trips - f64::from(u8::from(!first || subject < unlike));
            vec![Some(late), Some(trips)]
        });
        let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert_eq!(failed.is_empty(), unlike == 10, "{unlike}: {failed:?}");
    }
}

#[test]
fn two_columns_that_are_the_same_but_for_a_few_tell_of_the_few() {
    let measures = vec![
        measure("income", Aggregate::Sum),
        measure("declared", Aggregate::Mean),
    ];
    let apart = shape(&[2], measures, false);
    let shape = apart.clone().reading(vec![0, 1]);
    for unlike in [0, 1, 9, 10] {
        let rows = two_cells(200, |subject, first| {
            let declares_less = !first || subject < unlike;
            let less = 5_000.0 * f64::from(u8::from(declares_less));
            vec![Some(income(subject)), Some(income(subject) - less)]
        });
        let statistics = accumulate(&shape, &rows);
        let failed = failed_under("yunei", &shape, &statistics);
        assert_eq!(
            is_between(&failed),
            // Of nobody here, while of everybody in the other cell, each of them is told.
            [0, 1, 9].contains(&unlike),
            "{unlike}: {failed:?}"
        );
        assert!(failed_under("acro", &shape, &statistics).is_empty());
        // Without being told that they are two columns of one resource, nothing is asked.
        let statistics = accumulate(&apart, &rows);
        assert!(failed_under("yunei", &apart, &statistics).is_empty());
    }
}

/// Sum and mean of a column that is `codes.1` for so many of 200, and `codes.0` for the rest.
fn indicator(count: usize, codes: (f64, f64), aggregate: Aggregate) -> Vec<String> {
    let shape = shape(&[2], vec![measure("ill", aggregate)], false);
    let rows = two_cells(200, |subject, first| {
        let ill = if first {
            subject < count
        } else {
            subject < 100
        };
        vec![Some(if ill { codes.1 } else { codes.0 })]
    });
    let statistics = accumulate(&shape, &rows);
    let origin = failed_under("acro", &shape, &statistics);
    assert!(!origin.contains(&"indicator".to_owned()));
    // Dominance tells one or two of 200, and nothing of 199.
    assert!(origin.is_empty() || count < 3);
    failed_under("yunei", &shape, &statistics)
}

#[test]
fn both_sides_of_an_indicator_keep_the_threshold() {
    for aggregate in [Aggregate::Sum, Aggregate::Mean] {
        for codes in [(0.0, 1.0), (1.0, 2.0), (7.0, 8.0), (0.1, 0.3)] {
            for (count, passes) in [
                (1, false),
                (3, false),
                (9, false),
                (10, true),
                (190, true),
                (191, false),
                (199, false),
            ] {
                let failed = indicator(count, codes, aggregate);
                assert_eq!(failed.is_empty(), passes, "{count} {codes:?}: {failed:?}");
                assert!(passes || failed.contains(&"indicator".to_owned()));
            }
        }
    }
}

#[test]
fn the_few_beside_a_crowd_of_one_value_are_told_by_the_sum() {
    let shape = shape(&[2], vec![measure("wage", Aggregate::Sum)], false);
    for (above, passes) in [(1, false), (9, false), (10, true)] {
        let rows = two_cells(200, |subject, first| {
            let wage = if first && subject >= above {
                2_000.0
            } else {
                income(subject)
            };
            vec![Some(wage)]
        });
        let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert_eq!(failed.is_empty(), passes, "{above}: {failed:?}");
    }
    // Ten who all have different values are ten.
    let ten: Vec<Row> = two_cells(10, |subject, _| vec![Some(income(subject))]);
    assert!(failed_under("yunei", &shape, &accumulate(&shape, &ten)).is_empty());
}

#[test]
fn one_row_of_one_person_is_one_person() {
    let shape = shape(&[2], vec![measure("late", Aggregate::Sum)], false);
    // Each has three rows; in cell 0 one row of one of them is another than all others.
    for (usual, other) in [(1.0, 0.0), (0.0, 1.0), (8.0, 7.0)] {
        let rows: Vec<Row> = (0..400)
            .flat_map(|subject| (0..3).map(move |row| (subject, row)))
            .map(|(subject, row)| {
                let cell = subject / 200;
                let unlike = if cell == 0 {
                    (subject, row) == (5, 1)
                } else {
                    subject % 3 == row
                };
                (
                    subject,
                    cell,
                    vec![Some(if unlike { other } else { usual })],
                )
            })
            .collect();
        let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert!(
            failed.contains(&"indicator".to_owned()),
            "{usual} {other}: {failed:?}"
        );
    }
}

#[test]
fn a_weight_with_two_values_is_an_indicator() {
    let shape = shape(&[2], vec![weighted("n", Aggregate::Count)], false);
    for (unlike, passes) in [(1, false), (9, false), (10, true)] {
        let rows = two_cells(200, |subject, first| {
            let marked = if first {
                subject < unlike
            } else {
                subject < 50
            };
            vec![Some(if marked { 1001.0 } else { 1000.0 })]
        });
        let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert_eq!(failed.is_empty(), passes, "{unlike}: {failed:?}");
    }
}

#[test]
fn margins_less_shown_cells_give_no_complement_back() {
    let measures = vec![
        measure("income", Aggregate::Sum),
        weighted("earned", Aggregate::Sum),
    ];
    let shape = shape(&[4], measures, true).reading(vec![0, 0, 1]);
    // So many are not employed in each cell: one in the first, enough in the others.
    let away = [1, 30, 30, 40];
    let rows: Vec<Row> = (0..800)
        .map(|subject| {
            let (cell, member) = (subject / 200, subject % 200);
            let x = Some(income(subject));
            let employed = f64::from(u8::from(member >= away[cell]));
            (subject, cell, vec![x, x, Some(employed)])
        })
        .collect();
    let statistics = accumulate(&shape, &rows);
    let judgement = judged(&shape, &statistics, "yunei");
    let shown = |cell: usize| !matches!(column(&judgement, "income")[cell], Value::Absent);
    assert!(!shown(0));
    assert!(!(1..5).all(shown), "{:?}", column(&judgement, "income"));
    // Without the rule nothing fails at all.
    let text = crate::fixture::FILES[0].1;
    let without = text.replace(
        "disclosive = true       # what lies",
        "disclosive = false      # what lies",
    );
    let without = Profile::parse(&without).unwrap();
    let free = judge(&statistics, &shape, &without, Protection::Subjects);
    assert!(free.cells.iter().all(|cell| cell.failed.is_empty()));
}

#[test]
fn survey_weights_and_ratios_of_ordinary_columns_pass() {
    let measures = vec![
        weighted("mean", Aggregate::Mean),
        weighted("total", Aggregate::Count),
        measure("share", Aggregate::Ratio),
    ];
    let shape = shape(&[2], measures, false).reading(vec![0, 1, 1, 3, 2]);
    let rows = two_cells(30, |subject, _| {
        let (x, w, y) = (
            Some(income(subject)),
            Some(50.0 + (subject * 37 % 101) as f64),
            Some(1_500.0 + (subject * 13 % 500) as f64),
        );
        vec![x, w, w, x, y]
    });
    let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
    assert_eq!(failed, Vec::<String>::new());
    assert!(
        profile("yunei")
            .settings()
            .rules()
            .contains(&name("complement"))
    );
}

#[test]
fn blanks_of_an_indicator_stay_as_wide_as_those_of_a_count() {
    let shape = shape(&[8], vec![measure("ill", Aggregate::Sum)], true);
    // Two towns fail, with six ill people together: whoever subtracts must not learn that few.
    let ill = [4, 2, 60, 90, 80, 70, 60, 50];
    let rows: Vec<Row> = (0..1_600)
        .map(|subject| {
            let (cell, member) = (subject / 200, subject % 200);
            (
                subject,
                cell,
                vec![Some(f64::from(u8::from(member < ill[cell])))],
            )
        })
        .collect();
    let judgement = judged(&shape, &accumulate(&shape, &rows), "yunei");
    let blank: Vec<bool> = column(&judgement, "ill")
        .iter()
        .map(|value| matches!(value, Value::Absent))
        .collect();
    assert!(blank[0] && blank[1]);
    assert!(blank[2..].contains(&true), "{blank:?}");
}
