use yunei_sandbox::{Column, Values};

use super::*;

fn table(values: &[i32]) -> Batch {
    Batch {
        rows: u32::try_from(values.len()).expect("few rows"),
        columns: vec![Column::valid(Values::Int32(values.to_vec().into()))],
    }
}

#[test]
fn each_subject_has_its_rows_of_every_table() {
    let subjects = Subjects {
        tables: vec![table(&[1, 2, 3]), table(&[10, 20])],
        runs: vec![2, 0, SUBJECT_OVER, SUBJECT_OVER, 0, 1, 1, 1],
    };
    let each: Vec<_> = subjects.each().collect::<Result<_, _>>().expect("whole");
    assert_eq!(
        each,
        [
            Some(vec![table(&[1, 2]), table(&[])]),
            None,
            Some(vec![table(&[]), table(&[10])]),
            Some(vec![table(&[3]), table(&[20])]),
        ]
    );
}

#[test]
fn runs_beyond_the_rows_are_an_error() {
    for runs in [vec![4], vec![2, 2], vec![1, 3]] {
        let subjects = Subjects {
            tables: vec![table(&[1, 2, 3])],
            runs,
        };
        assert!(subjects.each().any(|records| records.is_err()));
    }
}
