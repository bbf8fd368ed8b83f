use proptest::prelude::*;

use super::*;

fn bitmap(bits: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| {
        let weighed = eight.iter().enumerate();
        weighed.fold(0, |byte, (index, set)| byte | u8::from(*set) << index)
    };
    bits.chunks(8).map(byte).collect()
}

/// A batch with a column of every layout, made of the same numbers and bits.
fn batch(numbers: &[(i32, bool)]) -> Batch {
    let bits: Vec<bool> = numbers.iter().map(|(_, bit)| *bit).collect();
    let integers: Vec<i32> = numbers.iter().map(|(number, _)| *number).collect();
    let words: Vec<u64> = integers
        .iter()
        .flat_map(|n| [u64::from(n.unsigned_abs()), 7])
        .collect();
    let names: Vec<String> = integers
        .iter()
        .map(|n| "字".repeat(usize::try_from(n.unsigned_abs() % 3).unwrap()))
        .collect();
    let mut offsets = vec![0_i32];
    for name in &names {
        offsets.push(offsets.last().unwrap() + i32::try_from(name.len()).unwrap());
    }
    let text = VarBytes {
        offsets: offsets.into(),
        bytes: names.concat().into_bytes().into(),
    };
    let validity = bits
        .iter()
        .any(|valid| !valid)
        .then(|| Buffer::from(bitmap(&bits)));
    Batch {
        rows: u32::try_from(numbers.len()).unwrap(),
        columns: vec![
            Column {
                validity: validity.clone(),
                values: Values::Int32(integers.clone().into()),
            },
            Column::valid(Values::Boolean(bitmap(&bits).into())),
            Column::valid(Values::Decimal128(words.into())),
            Column {
                validity,
                values: Values::Text(text),
            },
            Column::valid(Values::Float64(
                integers
                    .iter()
                    .map(|n| f64::from(*n))
                    .collect::<Vec<_>>()
                    .into(),
            )),
        ],
    }
}

#[test]
fn rows_do_not_tell_whether_others_are_absent() {
    let two = batch(&[(1, true), (2, false)]);
    assert_eq!(two.slice(0, 1), Some(batch(&[(1, true)])));
    assert!(two.slice(0, 1).unwrap().columns[0].validity.is_none());
}

#[test]
fn what_lies_beyond_the_rows_is_not_there() {
    let three = batch(&[(1, true), (2, false), (3, true)]);
    assert!(three.slice(0, 4).is_none());
    assert!(three.slice(4, 0).is_none());
    assert!(three.slice(u32::MAX, 2).is_none());
    assert_eq!(three.slice(3, 0), Some(batch(&[]).slice(0, 0).unwrap()));
}

proptest! {
    #[test]
    fn a_slice_is_the_batch_of_its_rows_alone(
        numbers in prop::collection::vec((any::<i32>(), any::<bool>()), 0..70),
        a in 0_usize..70,
        b in 0_usize..70,
    ) {
        let (a, b) = (a.min(numbers.len()), b.min(numbers.len()));
        let (start, end) = (a.min(b), a.max(b));
        let slice = batch(&numbers).slice(
            u32::try_from(start).unwrap(),
            u32::try_from(end - start).unwrap(),
        );
        prop_assert_eq!(slice, Some(batch(&numbers[start..end])));
    }
}
