use std::sync::Arc;

use arrow::array::{Date32Array, Int64Array, StringArray};
use yunei_model::Name;

use super::*;

fn banding(kind: BandingKind) -> Banding {
    Banding {
        name: Name::parse("banding").unwrap(),
        kind,
        within: None,
    }
}

fn codes(coder: &mut Coder, column: ArrayRef) -> Vec<u32> {
    let mut cells = vec![0; column.len()];
    coder.add_codes(&column, 1, &mut cells).unwrap();
    cells
}

#[test]
fn whole_numbers_have_the_code_of_their_banding_near_and_far_from_the_first() {
    let values = ["5", "6", "-70000", "9223372036854775807"];
    let banding = banding(BandingKind::Values {
        values: values.map(str::to_owned).to_vec(),
    });
    let mut coder = Coder::new(banding);
    let numbers = [5, 6, 7, -70_000, i64::MAX, i64::MIN, 5];
    let expected = [0, 1, 4, 2, 3, 4, 0];
    for _ in 0..2 {
        assert_eq!(
            codes(&mut coder, Arc::new(Int64Array::from(numbers.to_vec()))),
            expected
        );
    }
}

#[test]
fn ranges_of_days_are_half_open_and_absent_values_are_the_rest() {
    let mut coder = Coder::new(banding(BandingKind::Ranges {
        edges: vec![10.0, 20.0, 30.0],
    }));
    let days = vec![Some(9), Some(10), Some(19), None, Some(20), Some(30)];
    assert_eq!(
        codes(&mut coder, Arc::new(Date32Array::from(days))),
        [2, 0, 0, 2, 1, 2]
    );
}

#[test]
fn a_stride_multiplies_the_code_and_lengths_must_agree() {
    let mut coder = Coder::new(banding(BandingKind::Values {
        values: vec!["a".to_owned()],
    }));
    let column: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
    let mut cells = [100, 100, 100];
    coder.add_codes(&column, 7, &mut cells).unwrap();
    assert_eq!(cells, [100, 107, 107]);
    assert!(coder.add_codes(&column, 7, &mut cells[..2]).is_err());
}

#[test]
fn neighbours_are_one_subject_and_absent_ones_are_told() {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(1),
        Some(1),
        None,
        None,
        Some(0),
        Some(2),
    ]));
    let of = |key, rows| SubjectRows { key, rows };
    let expected = vec![
        of(SubjectKey::Integer(1), 2),
        of(SubjectKey::Absent, 2),
        of(SubjectKey::Integer(0), 1),
        of(SubjectKey::Integer(2), 1),
    ];
    assert_eq!(subjects(&column).unwrap(), expected);
    assert_eq!(groups(&column).unwrap().len(), 6);
    assert!(subjects(&column.slice(0, 0)).unwrap().is_empty());
}
