//! `per-row` modules: good ones, and ones that hand over columns that are none.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

mod support;

use std::collections::BTreeMap;

use support::guests::{Fake, copying, doubling, per_row, per_row_returning};
use support::load;
use yunei_model::{FieldType, LimitExceeded, Limits};
use yunei_sandbox::{Batch, Buffer, Column, Flaw, GuestEnd, Malformed, PerRow, TrapKind, Values};

fn start(wat: &str, limits: &Limits) -> PerRow {
    let (engine, component) = load("per-row", wat);
    PerRow::start(&engine, &component, BTreeMap::new(), limits).unwrap()
}

fn doubles(values: &[f64]) -> Batch {
    Batch {
        rows: u32::try_from(values.len()).unwrap(),
        columns: vec![Column::valid(Values::Float64(values.to_vec().into()))],
    }
}

/// What deriving three rows yields when the module answers with `columns`.
fn answer(columns: &[Fake]) -> Result<Vec<Column>, GuestEnd> {
    start(&per_row_returning(columns), &Limits::default()).derive(&doubles(&[1.0, 2.0, 3.0]))
}

fn flaw(columns: &[Fake]) -> Flaw {
    match answer(columns) {
        Err(GuestEnd::Malformed(Malformed::Column { column: 0, flaw })) => flaw,
        other => panic!("{other:?}"),
    }
}

#[test]
fn columns_come_back_row_by_row() {
    let mut module = start(&doubling(), &Limits::default());
    let derived = module.derive(&doubles(&[1.0, -0.5, 21.0])).unwrap();
    assert_eq!(derived, doubles(&[2.0, -1.0, 42.0]).columns);
    let mut batch = doubles(&[1.0; 9]);
    batch.columns[0].validity = Some(vec![0b1010_1010, 0b1].into());
    let derived = module.derive(&batch).unwrap();
    assert_eq!(
        derived[0].validity.as_deref(),
        Some(&[0b1010_1010, 0b1][..])
    );
    assert_eq!(module.derive(&doubles(&[])).unwrap(), doubles(&[]).columns);
}

#[test]
fn many_large_batches_fit_the_memory_limit() {
    let limits = Limits {
        memory_bytes_max: 4 << 20,
        ..Limits::default()
    };
    let mut module = start(&doubling(), &limits);
    let batch = doubles(&vec![1.5; 65_536]);
    for _ in 0..64 {
        let derived = module.derive(&batch).unwrap();
        assert_eq!(derived[0].values.bytes(), 65_536 * 8);
    }
}

#[test]
fn lent_buffers_are_lowered_without_being_owned() {
    let mut module = start(&doubling(), &Limits::default());
    let lent = Batch {
        rows: 2,
        columns: vec![Column::valid(Values::Float64(Buffer::lent([4.0, 5.0])))],
    };
    assert_eq!(module.derive(&lent).unwrap(), doubles(&[8.0, 10.0]).columns);
}

#[test]
fn every_type_of_column_passes_when_it_is_right() {
    let columns = answer(&[
        Fake::boolean(&[0b101]),
        Fake::of(1, vec![0; 12], 3),
        Fake::of(2, vec![0; 24], 3),
        Fake::float64(&[1.0, f64::NAN, 3.0]).validity(&[0b011]),
        Fake::decimal(&[1, 0, u64::MAX, u64::MAX, 3, 0]),
        Fake::text(&[0, 1, 1, 4], "a好".as_bytes()),
        Fake::of(6, vec![0; 12], 3),
        Fake::of(7, vec![0; 24], 3),
    ])
    .unwrap();
    let kinds: Vec<FieldType> = columns.iter().map(|column| column.values.kind()).collect();
    assert_eq!(kinds, FieldType::ALL);
}

#[test]
fn wrong_lengths_are_refused() {
    assert_eq!(flaw(&[Fake::float64(&[1.0, 2.0])]), Flaw::Length);
    assert_eq!(flaw(&[Fake::float64(&[1.0; 4])]), Flaw::Length);
    assert_eq!(flaw(&[Fake::boolean(&[])]), Flaw::Length);
    assert_eq!(flaw(&[Fake::boolean(&[0, 0])]), Flaw::Length);
    assert_eq!(flaw(&[Fake::decimal(&[0; 3])]), Flaw::Length);
    assert_eq!(flaw(&[Fake::text(&[0, 0, 0], b"")]), Flaw::Length);
}

#[test]
fn wrong_validity_is_refused() {
    let right = || Fake::float64(&[1.0, 2.0, 3.0]);
    assert_eq!(flaw(&[right().validity(&[])]), Flaw::Validity);
    assert_eq!(flaw(&[right().validity(&[7, 7])]), Flaw::Validity);
}

#[test]
fn bits_behind_the_last_row_carry_nothing() {
    let columns = answer(&[Fake::boolean(&[0xff]).validity(&[0xfd])]).unwrap();
    assert_eq!(columns[0].validity.as_deref(), Some(&[0b101][..]));
    assert_eq!(columns[0].values, Values::Boolean(vec![0b111].into()));
}

#[test]
fn wrong_offsets_and_text_are_refused() {
    assert_eq!(flaw(&[Fake::text(&[0, 2, 1, 3], b"abc")]), Flaw::Offsets);
    assert_eq!(flaw(&[Fake::text(&[1, 1, 2, 3], b"abc")]), Flaw::Offsets);
    assert_eq!(flaw(&[Fake::text(&[0, 1, 2, 2], b"abc")]), Flaw::Offsets);
    assert_eq!(flaw(&[Fake::text(&[0, 1, 2, 4], b"abc")]), Flaw::Offsets);
    assert_eq!(flaw(&[Fake::text(&[0, -1, 2, 3], b"abc")]), Flaw::Offsets);
    assert_eq!(
        flaw(&[Fake::text(&[0, 1, 2, i32::MAX], b"abc")]),
        Flaw::Offsets
    );
    assert_eq!(flaw(&[Fake::text(&[0, 1, 2, 3], b"a\xff\xff")]), Flaw::Utf8);
    assert_eq!(
        flaw(&[Fake::text(&[0, 1, 2, 3], "好".as_bytes())]),
        Flaw::Utf8
    );
}

#[test]
fn decimals_have_38_digits() {
    let word = |value: i128| {
        let bits = value.cast_unsigned();
        [
            u64::try_from(bits & u128::from(u64::MAX)).unwrap(),
            u64::try_from(bits >> 64).unwrap(),
        ]
    };
    let most = 10_i128.pow(38) - 1;
    let three = |value| [word(0), word(value), word(0)].concat();
    assert!(answer(&[Fake::decimal(&three(most))]).is_ok());
    assert!(answer(&[Fake::decimal(&three(-most))]).is_ok());
    assert_eq!(flaw(&[Fake::decimal(&three(most + 1))]), Flaw::Digits);
    assert_eq!(flaw(&[Fake::decimal(&three(i128::MIN))]), Flaw::Digits);
}

#[test]
fn columns_that_nothing_declares_are_refused() {
    let wat = per_row_returning(&[Fake::float64(&[1.0]), Fake::float64(&[1.0])]);
    let mut one = start(&wat, &Limits::default()).expecting(vec![FieldType::Float64]);
    assert_eq!(
        one.derive(&doubles(&[1.0])),
        Err(GuestEnd::Malformed(Malformed::Columns {
            expected: 1,
            found: 2
        }))
    );
    let mut other =
        start(&wat, &Limits::default()).expecting(vec![FieldType::Float64, FieldType::Int32]);
    assert_eq!(
        other.derive(&doubles(&[1.0])),
        Err(GuestEnd::Malformed(Malformed::Column {
            column: 1,
            flaw: Flaw::Type
        }))
    );
}

#[test]
fn lists_that_reach_out_of_memory_or_claim_too_much_break_the_interface() {
    let claiming = |length: u32| Fake {
        validity: None,
        tag: 3,
        lists: vec![(Vec::new(), length)],
    };
    for length in [u32::MAX, 1 << 29, 1 << 14] {
        let end = answer(&[claiming(length)]).unwrap_err();
        assert_eq!(end, GuestEnd::Trap(TrapKind::BrokenAbi), "{length}");
    }
    let end = answer(&[Fake::of(9, vec![0; 24], 3)]).unwrap_err();
    assert_eq!(end, GuestEnd::Trap(TrapKind::BrokenAbi), "an unknown case");
}

#[test]
fn a_batch_past_its_limits_never_reaches_the_module() {
    let limits = Limits {
        batch_rows_max: 3,
        batch_bytes_max: 24,
        ..Limits::default()
    };
    let mut module = start(&doubling(), &limits);
    assert!(module.derive(&doubles(&[1.0; 3])).is_ok());
    let end = module.derive(&doubles(&[1.0; 4])).unwrap_err();
    let limit = LimitExceeded {
        name: "batch_rows_max".to_owned(),
        limit: 3,
        current: 0,
        requested: 4,
    };
    assert_eq!(end, GuestEnd::Limit(limit));
}

#[test]
fn after_its_end_a_module_stays_ended() {
    let mut module = start(&per_row("unreachable"), &Limits::default());
    let end = GuestEnd::Trap(TrapKind::Unreachable);
    assert_eq!(module.derive(&doubles(&[1.0])), Err(end.clone()));
    assert_eq!(module.derive(&doubles(&[1.0])), Err(end));
}

#[test]
fn an_error_is_cut_and_escaped() {
    let wat = per_row(
        r"(i32.store (i32.const 1024) (i32.const 1))
  (i32.store (i32.const 1028) (i32.const 4096))
  (i32.store (i32.const 1032) (i32.const 4000))
  (memory.fill (i32.const 4096) (i32.const 27) (i32.const 4000))
  (i32.const 1024)",
    );
    let Err(GuestEnd::Error(message)) = start(&wat, &Limits::default()).derive(&doubles(&[1.0]))
    else {
        panic!("it must end with an error");
    };
    assert!(message.len() <= yunei_sandbox::MESSAGE_BYTES_MAX);
    assert!(message.starts_with(r"\u{1b}\u{1b}"));
}

#[test]
fn a_per_row_module_imports_nothing_but_its_inputs() {
    let (engine, component) = load("analysis", &copying());
    let end = PerRow::start(&engine, &component, BTreeMap::new(), &Limits::default()).unwrap_err();
    assert!(matches!(end, GuestEnd::Denied { .. }), "{end:?}");
}
