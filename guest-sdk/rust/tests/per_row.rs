//! What the entry point of a `per-row` module does with a batch of the host.

use yunei_guest::bindings::per_row::Batch as Wire;
use yunei_guest::testing::batch;
use yunei_guest::{Column, Error, Kind, Result, Values, VarBytes, derive_rows, received};

yunei_guest::category! {
    enum Haul { Short = "short", Long = "long" }
}

fn derive((miles, minutes): (i64, Option<f64>)) -> (Option<f64>, Haul) {
    let haul = if miles < 500 { Haul::Short } else { Haul::Long };
    (minutes.map(|minutes| miles as f64 / minutes), haul)
}

fn flights() -> Result<yunei_guest::Batch> {
    batch(
        &["miles", "minutes"],
        [(100, Some(50.0)), (2_400, None), (600, Some(100.0))],
    )
}

#[test]
fn derived_columns_have_a_value_for_each_row() -> Result<()> {
    let columns = derive_rows(&flights()?, derive)?;
    let [speed, haul] = columns.as_slice() else {
        panic!("two columns are derived")
    };
    assert_eq!(speed.values, Values::Float64(vec![2.0, 0.0, 6.0]));
    assert_eq!(speed.validity, Some(vec![0b101]));
    assert_eq!(haul.kind(), Kind::Int32);
    assert_eq!(haul.values, Values::Int32(vec![0, 1, 1]));
    assert_eq!(Haul::LABELS, ["short", "long"]);
    Ok(())
}

#[test]
fn an_error_of_one_row_ends_it_all() -> Result<()> {
    let strict = |(miles,): (i32,)| {
        if miles > 1_000 {
            Err(Error::from("too far"))
        } else {
            Ok((miles,))
        }
    };
    let miles = batch(&["miles"], [(100,), (2_400,)])?;
    assert_eq!(
        derive_rows(&miles, strict).err(),
        Some(Error::from("too far"))
    );
    Ok(())
}

#[test]
fn columns_without_names_are_counted_in_errors() {
    let wire = Wire {
        rows: 1,
        columns: vec![
            int32(vec![1]),
            Column {
                validity: Some(vec![0]),
                ..int32(vec![1])
            },
        ],
    };
    let error = received(wire).and_then(|batch| derive_rows(&batch, derive_pair));
    let message = error.err().map(|error| error.to_string());
    assert_eq!(
        message.as_deref(),
        Some("column `#1` has no value in row 0: use an `Option`")
    );
}

#[test]
fn columns_that_do_not_fit_their_rows_are_refused() {
    let text = |offsets: Vec<i32>| Column {
        validity: None,
        values: Values::Text(VarBytes {
            offsets,
            bytes: b"ab".to_vec(),
        }),
    };
    let malformed = [
        int32(vec![1]),
        Column {
            validity: Some(Vec::new()),
            ..int32(vec![1, 2])
        },
        text(vec![0, 1]),
        text(vec![0, 2, 1]),
        text(vec![0, 1, 3]),
        text(vec![-1, 1, 2]),
        Column {
            validity: None,
            values: Values::Boolean(Vec::new()),
        },
        Column {
            validity: None,
            values: Values::Decimal128(vec![0; 3]),
        },
    ];
    for column in malformed {
        let wire = Wire {
            rows: 2,
            columns: vec![column.clone()],
        };
        let expected = Error::Malformed {
            column: "#0".to_owned(),
        };
        assert_eq!(received(wire).err(), Some(expected), "{column:?}");
    }
}

fn int32(values: Vec<i32>) -> Column {
    Column {
        validity: None,
        values: Values::Int32(values),
    }
}

fn derive_pair((a, b): (i32, i32)) -> (i32,) {
    (a + b,)
}
