//! Parquet imports.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array, StringArray,
    TimestampNanosecondArray,
};
use yunei_model::Code;

use super::{SORTED, contents};
use crate::testing::{Desk, RIDES_CSV, longs, parquet_of, replace, rides, rides_parquet};
use crate::{ImportError, ImportFormat};

fn import(bytes: &[u8]) -> Result<(Desk, yunei_model::Snapshot), ImportError> {
    let desk = Desk::new();
    desk.put("rides.parquet", bytes);
    let snapshot = desk.import("rides.parquet", ImportFormat::Parquet, &rides());
    match snapshot {
        Ok(snapshot) => Ok((desk, snapshot)),
        Err(error) => {
            assert!(desk.files().is_empty(), "something was kept");
            Err(error)
        }
    }
}

#[test]
fn parquet_and_csv_of_the_same_rows_are_the_same_snapshot() {
    let (desk, snapshot) = import(&rides_parquet(|_| {})).unwrap();
    assert_eq!(contents(&desk, &snapshot), SORTED);
    assert_eq!(snapshot.digest(), desk.csv(RIDES_CSV).unwrap().digest());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = rides_parquet(|_| {});
    for length in [
        0,
        3,
        4,
        11,
        bytes.len() / 2,
        bytes.len() - 9,
        bytes.len() - 1,
    ] {
        let error = import(&bytes[..length]).expect_err("cut");
        assert_eq!(error.code(), Code::ImportTruncated, "{length}");
    }
    assert_eq!(
        import(RIDES_CSV.as_bytes()).unwrap_err().code(),
        Code::ImportTruncated
    );
}

#[test]
fn a_damaged_page_is_refused() {
    let mut bytes = rides_parquet(|_| {});
    // The footer stays as it is; what it points at is gone.
    let footer = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[footer..footer + 4].try_into().unwrap()) as usize;
    let data = 4..footer - length;
    bytes[data].fill(0xff);
    assert_eq!(import(&bytes).unwrap_err().code(), Code::ImportTruncated);
}

#[test]
fn values_that_cannot_be_kept_exactly_are_told_by_row_and_column() {
    let floats = |v: [f64; 4]| -> ArrayRef { Arc::new(Float64Array::from(v.to_vec())) };
    let cases: [(&str, ArrayRef, u64); 7] = [
        ("age", floats([1.0, 2.0, 2.5, 3.0]), 3),
        ("age", floats([1.0, f64::NAN, 2.0, 3.0]), 2),
        ("age", longs(&[1, 2, 3, 1 << 40]), 4),
        ("speed", floats([f64::INFINITY, 2.0, 2.0, 3.0]), 1),
        ("speed", longs(&[1, (1 << 53) + 1, 3, 4]), 2),
        ("fare", longs(&[1, 2, i64::MAX, 4]), 0),
        (
            "at",
            Arc::new(TimestampNanosecondArray::from(vec![1000, 2000, 3000, 3001])),
            4,
        ),
    ];
    for (column, values, row) in cases {
        let imported = import(&rides_parquet(|columns| replace(columns, column, values)));
        // Every 64-bit integer is a decimal.
        if row == 0 {
            imported.unwrap();
            continue;
        }
        let error = imported.err().unwrap();
        assert_eq!(error.code(), Code::ImportType, "{column}");
        assert_eq!(
            (error.line(), error.column().unwrap().as_str()),
            (Some(row), column)
        );
    }
}

#[test]
fn columns_of_another_kind_are_refused() {
    let cases: [(&str, ArrayRef); 5] = [
        ("age", Arc::new(StringArray::from(vec!["1", "2", "3", "4"]))),
        ("line", longs(&[1, 2, 3, 4])),
        (
            "line",
            Arc::new(BinaryArray::from(vec![b"a" as &[u8], b"b", b"c", b"d"])),
        ),
        ("fare", Arc::new(Float64Array::from(vec![1.5; 4]))),
        ("student", longs(&[0, 1, 0, 1])),
    ];
    for (column, values) in cases {
        let bytes = rides_parquet(|columns| replace(columns, column, values));
        let error = import(&bytes).err().unwrap();
        assert_eq!(error.code(), Code::ImportType);
        assert_eq!(error.column().unwrap().as_str(), column);
    }
}

#[test]
fn narrower_types_and_other_text_types_are_taken() {
    let bytes = rides_parquet(|columns| {
        replace(
            columns,
            "speed",
            Arc::new(Float32Array::from(vec![
                Some(31.5),
                None,
                Some(0.0),
                Some(12.0),
            ])),
        );
        let lines = [Some("1路, 快"), None, Some("2路"), Some("3路")];
        let lines: arrow::array::DictionaryArray<arrow::datatypes::Int8Type> =
            lines.into_iter().collect();
        replace(columns, "line", Arc::new(lines));
        let cards = arrow::array::StringViewArray::from(vec!["B7", "A1", "C9", "A1"]);
        replace(columns, "card", Arc::new(cards));
    });
    let (desk, snapshot) = import(&bytes).unwrap();
    assert_eq!(contents(&desk, &snapshot), SORTED);
}

#[test]
fn absent_values_headers_and_widths_are_checked_here_too() {
    let absent = rides_parquet(|columns| {
        replace(
            columns,
            "ride",
            Arc::new(Int64Array::from(vec![Some(1), None, Some(2), Some(3)])),
        );
    });
    let error = import(&absent).err().unwrap();
    assert_eq!((error.code(), error.line()), (Code::ImportType, Some(2)));
    let missing = rides_parquet(|columns| drop(columns.pop()));
    assert_eq!(import(&missing).err().unwrap().code(), Code::ImportHeader);
    let names: Vec<String> = (0..=yunei_model::FIELDS_MAX)
        .map(|n| format!("c{n}"))
        .collect();
    let wide = names.iter().map(|n| (n.as_str(), longs(&[1]))).collect();
    assert_eq!(
        import(&parquet_of(wide)).err().unwrap().code(),
        Code::ImportTooWide
    );
    let empty = rides_parquet(|columns| {
        for (_, values) in columns.iter_mut() {
            *values = values.slice(0, 0);
        }
    });
    assert_eq!(import(&empty).err().unwrap().code(), Code::ImportEmpty);
}
