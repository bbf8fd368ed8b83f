use proptest::prelude::*;
use yunei_model::{Aggregate, Decision};

use super::*;
use crate::fixture::{count_and_sum, measure, profile, shape};
use crate::{Accumulator, Protection, SubjectKey, judge, judge_keeping_blank};

type Rows = Vec<(u32, Option<f64>)>;

fn subject(revision: &mut Revision, before: &Rows, now: &Rows) {
    let side = |rows: &Rows| {
        let mut side = SubjectState::default();
        for (cell, value) in rows {
            side.push(*cell, vec![*value]).unwrap();
        }
        side
    };
    revision.subject(&mut side(before), &mut side(now)).unwrap();
}

/// A revision over 3 × 2 cells with a count and a sum, in which each subject goes from the first rows to the second.
fn outcome(subjects: &[(Rows, Rows)]) -> RevisionOutcome {
    let mut revision = Revision::new(&shape(&[3, 2], count_and_sum(), false)).unwrap();
    for (before, now) in subjects {
        subject(&mut revision, before, now);
    }
    revision.judge(&profile("yunei"))
}

/// The value of one of those who are late: no two are alike.
fn value(number: usize) -> f64 {
    1.0 + number as f64 / 64.0
}

fn late(count: usize, cell: u32) -> Vec<(Rows, Rows)> {
    let late = |number| (vec![], vec![(cell, Some(value(number)))]);
    (0..count).map(late).collect()
}

#[test]
fn nothing_leaves_when_nothing_changes() {
    let same = (
        vec![(0, Some(1.0)), (3, None)],
        vec![(3, None), (0, Some(1.0))],
    );
    let outcome = outcome(&[same]);
    assert_eq!(outcome.cells_changed, 0);
    assert_eq!(outcome.subjects_min, None);
    assert!(!outcome.leaves());
}

#[test]
fn late_rows_wait_below_the_threshold() {
    let nine = outcome(&late(9, 2));
    // The cell, its two margins and the total.
    assert_eq!((nine.cells_changed, nine.cells_held), (4, 4));
    assert_eq!(nine.subjects_min, Some(9));
    assert!(!nine.leaves());
    let ten = outcome(&late(10, 2));
    assert_eq!((ten.cells_changed, ten.cells_held), (4, 0));
    assert!(ten.leaves());
}

#[test]
fn each_changed_cell_has_its_own_subjects() {
    let mut subjects = late(10, 2);
    subjects.extend(late(9, 5));
    let held = outcome(&subjects);
    assert_eq!(held.subjects_min, Some(9));
    // Cell 5 and the two margins above it; the total has 19.
    assert_eq!((held.cells_changed, held.cells_held), (7, 3));
    subjects.extend(late(1, 5));
    assert!(outcome(&subjects).leaves());
}

#[test]
fn the_same_subject_counts_once() {
    let thrice = vec![(2, Some(1.0)); 3];
    let subjects: Vec<(Rows, Rows)> = vec![(vec![], thrice); 9];
    assert_eq!(outcome(&subjects).subjects_min, Some(9));
}

#[test]
fn a_margin_that_few_change_is_held_whoever_moves_below_it() {
    // Ten go from cell 0 to cell 1 and ten back, so that both change by many; one more row comes to cell 0.
    let moved = |from: u32, to: u32| {
        let one = move |n| (vec![(from, Some(value(n)))], vec![(to, Some(value(n)))]);
        (0..10).map(one)
    };
    let mut subjects: Vec<_> = moved(0, 1).chain(moved(1, 0)).collect();
    assert!(outcome(&subjects).leaves());
    subjects.extend(late(1, 0));
    let held = outcome(&subjects);
    // The margin over cells 0 and 1 changes by the one alone, and with it the total; margins are looked at though the table has none.
    assert_eq!(held.subjects_min, Some(1));
    assert!(!held.leaves());
}

#[test]
fn a_change_that_one_subject_makes_up_is_held() {
    let mut subjects = late(20, 2);
    subjects.push((vec![], vec![(2, Some(10_000.0))]));
    let held = outcome(&subjects);
    assert_eq!(held.subjects_min, Some(21));
    assert!(!held.leaves());
}

#[test]
fn a_corrected_value_is_a_change_of_the_sum_alone() {
    let corrected = |count| -> Vec<(Rows, Rows)> {
        let one = |n| (vec![(2, Some(1.0))], vec![(2, Some(1.0 + value(n)))]);
        (0..count).map(one).collect()
    };
    assert!(!outcome(&corrected(9)).leaves());
    assert!(outcome(&corrected(10)).leaves());
    // Values that come and go are changes too.
    let absent = (vec![(2, None)], vec![(2, Some(0.0))]);
    assert!(!outcome(&vec![absent; 9]).leaves());
}

/// Late rows with a value each.
fn late_with(values: &[f64]) -> Vec<(Rows, Rows)> {
    let late = |value: &f64| (vec![], vec![(2, Some(*value))]);
    values.iter().map(late).collect()
}

#[test]
fn the_sum_of_a_column_with_two_values_counts_those_who_are_late() {
    // Twenty are late, three of them with 1: the sum rises by 3.
    let mut values = [0.0; 20];
    values[..3].fill(1.0);
    assert_eq!(outcome(&late_with(&values)).cells_held, 4);
    values[..10].fill(1.0);
    assert!(outcome(&late_with(&values)).leaves());
    // Codes that are not 0 count as well.
    let codes = values.map(|value| value + 1.0);
    assert!(outcome(&late_with(&codes)).leaves());
    let mut few = [2.0; 20];
    few[..3].fill(1.0);
    assert!(!outcome(&late_with(&few)).leaves());
    // So do a few beside a crowd at one end, whatever the few have.
    few[..3].copy_from_slice(&[3.0, 4.0, 5.0]);
    assert!(!outcome(&late_with(&few)).leaves());
}

#[test]
fn late_rows_with_one_value_tell_it_of_each() {
    assert!(!outcome(&late_with(&[7.0; 12])).leaves());
    // Twelve who were there before come with a second row each: the sum does not change, and tells that all of these have 0.
    let more = |n| {
        (
            vec![(2, Some(value(n)))],
            vec![(2, Some(value(n))), (2, Some(0.0))],
        )
    };
    let subjects: Vec<(Rows, Rows)> = (0..12).map(more).collect();
    let held = outcome(&subjects);
    assert_eq!((held.cells_changed, held.cells_held), (4, 4));
    // All are corrected by as much: from 0 to 1.
    let turned = (vec![(2, Some(0.0))], vec![(2, Some(1.0))]);
    assert!(!outcome(&vec![turned; 12]).leaves());
    // Counts have no values: rides are all alike.
    let absent = (vec![], vec![(2, None)]);
    assert!(outcome(&vec![absent; 12]).leaves());
}

#[test]
fn what_is_no_number_leaves_nothing() {
    let mut subjects = late(30, 2);
    subjects.push((vec![], vec![(2, Some(f64::NAN))]));
    assert!(outcome(&subjects).broken);
    assert!(!outcome(&subjects).leaves());
}

#[test]
fn rows_must_be_those_of_the_shape() {
    let mut revision = Revision::new(&shape(&[2], count_and_sum(), true)).unwrap();
    let mut nothing = SubjectState::default();
    let mut outside = SubjectState::default();
    outside.push(2, vec![None]).unwrap();
    let no_cell = revision.subject(&mut nothing, &mut outside);
    assert_eq!(no_cell, Err(AccumulateError::NoCell { cell: 2 }));
    let mut narrow = SubjectState::default();
    narrow.push(1, vec![]).unwrap();
    let columns = revision.subject(&mut narrow, &mut nothing);
    assert!(matches!(columns, Err(AccumulateError::Columns { .. })));
}

#[test]
fn blank_cells_stay_blank() {
    let shape = shape(&[4], vec![measure("count", Aggregate::Count)], true);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
    for number in 0..200_u32 {
        let key = SubjectKey::Integer(i128::from(number));
        accumulator.row(key, (number % 4) as usize, &[]).unwrap();
    }
    let statistics = accumulator.finish().unwrap();
    let profile = profile("yunei");
    let blanks = |judgement: &crate::Judgement| -> Vec<usize> {
        let cells = judgement.cells.iter();
        let blank = cells.filter(|c| c.suppression != crate::Suppression::None);
        blank.map(|c| c.cell).collect()
    };
    let free = judge(&statistics, &shape, &profile, Protection::Subjects);
    assert!(blanks(&free).is_empty());
    let kept = judge_keeping_blank(&statistics, &shape, &profile, Protection::Subjects, &[1]);
    assert_eq!(kept.decision, Decision::Release);
    let blank = blanks(&kept);
    // One more cell, so that the margin does not give the blank one back.
    assert!(blank.contains(&1) && blank.len() == 2, "{blank:?}");
}

fn rows() -> impl Strategy<Value = Rows> {
    let value = prop_oneof![Just(None), (0..5_i32).prop_map(|v| Some(f64::from(v)))];
    prop::collection::vec((0..6_u32, value), 0..6)
}

proptest! {
    /// What leaves has no cell, and no margin, that fewer subjects than the threshold change.
    #[test]
    fn no_cell_is_changed_by_few(subjects in prop::collection::vec((rows(), rows()), 0..40)) {
        let outcome = outcome(&subjects);
        let shape = shape(&[3, 2], count_and_sum(), true);
        let tables = [0, 1].map(|side| {
            let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
            for (number, subject) in subjects.iter().enumerate() {
                let rows = if side == 0 { &subject.0 } else { &subject.1 };
                for (cell, value) in rows {
                    let key = SubjectKey::Integer(number as i128);
                    accumulator.row(key, *cell as usize, &[*value]).unwrap();
                }
            }
            accumulator.finish().unwrap()
        });
        let [before, now] = &tables;
        let differs = (0..shape.rows()).any(|cell| before.rows(cell) != now.rows(cell)
            || before.subjects(cell) != now.subjects(cell));
        if differs {
            prop_assert!(outcome.cells_changed > 0);
        }
        for cell in 0..shape.rows() {
            let difference = before.subjects(cell).abs_diff(now.subjects(cell));
            if outcome.leaves() {
                prop_assert!(difference == 0 || outcome.subjects_min.unwrap() >= 10);
            }
        }
    }

    /// The order of rows and of subjects is nothing.
    #[test]
    fn order_is_nothing(subjects in prop::collection::vec((rows(), rows()), 0..20)) {
        let mut turned = subjects.clone();
        turned.reverse();
        for (before, now) in &mut turned {
            before.reverse();
            now.reverse();
        }
        prop_assert_eq!(outcome(&subjects), outcome(&turned));
    }
}

/// Twenty late rows with a flat benefit, three below it and two above: the change less twenty times the benefit is about five people.
#[test]
fn a_few_who_are_late_beside_a_crowd_wait() {
    let rows = |unlike: usize| -> Vec<(Rows, Rows)> {
        let crowd = (0..20).map(|_| 1000.0);
        let unlike = (0..unlike).map(|number| 400.0 + 311.0 * number as f64);
        crowd
            .chain(unlike)
            .map(|value| (vec![], vec![(2, Some(value))]))
            .collect()
    };
    assert!(!outcome(&rows(5)).leaves());
    assert!(outcome(&rows(12)).leaves());
}
