//! Columns of few values: how many have each is a frequency table, and the sum may be one to read.

use super::*;

/// Two cells; in the first so many have each value, in the second all have incomes of their own.
fn fails(values: &[(f64, usize)]) -> bool {
    let shape = shape(&[2], vec![measure("benefit", Aggregate::Sum)], false);
    let first: Vec<f64> = values
        .iter()
        .flat_map(|(value, people)| vec![*value; *people])
        .collect();
    let people = first.len();
    let rows = two_cells(people, |subject, is_first| {
        vec![Some(if is_first {
            first[subject]
        } else {
            income(subject)
        })]
    });
    let failed = failed_under("yunei", &shape, &accumulate(&shape, &rows));
    assert!(failed.is_empty() || failed == ["indicator"], "{failed:?}");
    !failed.is_empty()
}

#[test]
fn the_few_beside_several_crowds_are_told_by_the_sum() {
    // 3097 is three times 1000 and 97 times 1; 10700 is once 5000 and 19 times 300.
    assert!(fails(&[(0.0, 100), (1.0, 97), (1_000.0, 3)]));
    assert!(fails(&[(0.0, 20), (300.0, 19), (5_000.0, 1)]));
    assert!(fails(&[(1.0, 40), (100.0, 40), (10_000.0, 9)]));
    assert!(!fails(&[(1.0, 40), (100.0, 40), (10_000.0, 10)]));
    // What is left of a division by the greater one tells of the few.
    assert!(fails(&[(0.0, 50), (1_000.0, 50), (1_001.0, 3)]));
    // Several few are as many as they are together.
    assert!(fails(&[(0.0, 50), (1.0, 50), (500.0, 4), (7_000.0, 5)]));
    assert!(!fails(&[(0.0, 50), (1.0, 50), (500.0, 5), (7_000.0, 5)]));
}

#[test]
fn the_few_whom_crowds_hide_are_not() {
    // Of 200, 145 children: nobody can tell four with one and one with four.
    assert!(!fails(&[
        (0.0, 100),
        (1.0, 60),
        (2.0, 30),
        (3.0, 12),
        (4.0, 1)
    ]));
    assert!(!fails(&[(0.0, 100), (1.0, 60), (2.0, 30), (3.0, 7)]));
    // 1 and 1 are 0 and 2, if there are enough of them.
    assert!(!fails(&[(0.0, 100), (1.0, 60), (2.0, 4)]));
    assert!(!fails(&[(0.0, 100), (1.0, 60), (3.0, 4)]));
    assert!(fails(&[(0.0, 100), (1.0, 60), (7.0, 4)]));
    // Seven values that are as common as they are in 69: what is not quite a crowd is hidden by the others.
    let seven: Vec<(f64, usize)> = [11, 11, 10, 10, 9, 9, 9]
        .iter()
        .enumerate()
        .map(|(step, people)| (10_000.0 + 500.0 * step as f64, *people))
        .collect();
    assert!(!fails(&seven));
    assert!(fails(&[(0.0, 100), (1.0, 15), (2.0, 4)]));
}
