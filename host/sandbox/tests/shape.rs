//! The checks of columns, against columns of every shape.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

use proptest::prelude::*;
use yunei_sandbox::{Column, Flaw, Malformed, Values, VarBytes, check_columns};

fn bitmap(bits: &[bool]) -> Vec<u8> {
    let mut bytes = vec![0_u8; bits.len().div_ceil(8)];
    for (position, bit) in bits.iter().enumerate() {
        bytes[position / 8] |= u8::from(*bit) << (position % 8);
    }
    bytes
}

fn text(values: &[String]) -> VarBytes {
    let mut offsets = vec![0];
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend_from_slice(value.as_bytes());
        offsets.push(i32::try_from(bytes.len()).unwrap());
    }
    VarBytes {
        offsets: offsets.into(),
        bytes: bytes.into(),
    }
}

fn columns(rows: &[(bool, i64, String)]) -> Vec<Column> {
    let bits: Vec<bool> = rows.iter().map(|row| row.0).collect();
    let validity = || Some(bitmap(&bits).into());
    let numbers: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let texts: Vec<String> = rows.iter().map(|row| row.2.clone()).collect();
    vec![
        Column {
            validity: validity(),
            values: Values::Int64(numbers.into()),
        },
        Column {
            validity: validity(),
            values: Values::Text(text(&texts)),
        },
        Column::valid(Values::Boolean(bitmap(&bits).into())),
    ]
}

proptest! {
    #[test]
    fn right_columns_pass_and_stay_as_they_are(rows in proptest::collection::vec((any::<bool>(), any::<i64>(), ".{0,9}"), 0..40)) {
        let mut checked = columns(&rows);
        let count = u32::try_from(rows.len()).unwrap();
        prop_assert_eq!(check_columns(count, &mut checked), Ok(()));
        prop_assert_eq!(checked, columns(&rows));
    }

    #[test]
    fn another_number_of_rows_never_passes(rows in proptest::collection::vec((any::<bool>(), any::<i64>(), ".{0,9}"), 0..40), other in 0_u32..80) {
        prop_assume!(other as usize != rows.len());
        let refused = check_columns(other, &mut columns(&rows));
        prop_assert_eq!(refused, Err(Malformed::Column { column: 0, flaw: Flaw::Length }));
    }

    #[test]
    fn offsets_pass_only_where_they_cut_at_characters(value in "\\PC{1,9}", cut in 0_usize..40) {
        prop_assume!(cut <= value.len());
        let offsets = vec![0, i32::try_from(cut).unwrap(), i32::try_from(value.len()).unwrap()];
        let column = Column::valid(Values::Text(VarBytes { offsets: offsets.into(), bytes: value.clone().into_bytes().into() }));
        let passed = check_columns(2, &mut [column]).is_ok();
        prop_assert_eq!(passed, value.is_char_boundary(cut));
    }

    #[test]
    fn no_offsets_and_bytes_panic(offsets in proptest::collection::vec(any::<i32>(), 0..6), bytes in proptest::collection::vec(any::<u8>(), 0..6), rows in 0_u32..6) {
        let column = Column::valid(Values::Text(VarBytes { offsets: offsets.into(), bytes: bytes.into() }));
        let _ = check_columns(rows, &mut [column]);
    }
}
