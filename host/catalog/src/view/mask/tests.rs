//! Masks.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use hmac::{Hmac, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use yunei_model::Mask;

use super::{MaskKey, Masker, first_of_month};

fn pseudonyms(key: u8, values: ArrayRef) -> Vec<Option<String>> {
    let masker = Masker::new(&MaskKey::from_bytes([key; 32]));
    let masked = masker.apply(&Mask::Pseudonym, &values).unwrap();
    let texts = masked.as_string::<i32>();
    texts.iter().map(|t| t.map(str::to_owned)).collect()
}

#[test]
fn a_pseudonym_is_hmac_sha_256_under_the_plans_key() {
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    mac.update(b"yunei/pseudonym/1\x00");
    mac.update(b"320581199001011234");
    let expected = hex::encode(&mac.finalize().into_bytes()[..16]);
    let values: ArrayRef = Arc::new(StringArray::from(vec!["320581199001011234"]));
    assert_eq!(pseudonyms(7, values), [Some(expected)]);
}

#[test]
fn equal_values_have_one_pseudonym_whatever_their_type_and_absent_ones_none() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![
        Some("5"),
        None,
        Some("6"),
        Some("5"),
    ]));
    let longs: ArrayRef = Arc::new(Int64Array::from(vec![Some(5), None, Some(6), Some(5)]));
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![Some(5), None, Some(6), Some(5)]));
    let coded = pseudonyms(7, texts);
    assert_eq!(coded[0], coded[3]);
    assert_ne!(coded[0], coded[2]);
    assert_eq!(coded[1], None);
    assert_eq!(pseudonyms(7, longs), coded);
    assert_eq!(pseudonyms(7, ints), coded);
}

#[test]
fn two_keys_pseudonyms_do_not_meet() {
    let values: ArrayRef = Arc::new(Int32Array::from_iter_values(0..1000));
    let one = pseudonyms(1, Arc::clone(&values));
    let other = pseudonyms(2, values);
    assert!(one.iter().all(|code| !other.contains(code)));
    let mut distinct = one.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 1000);
}

#[test]
fn an_empty_text_has_a_pseudonym_too() {
    let values: ArrayRef = Arc::new(StringArray::from(vec!["", "x", ""]));
    let coded = pseudonyms(7, values);
    assert_eq!(coded[0], coded[2]);
    assert_eq!(coded[0].as_ref().unwrap().len(), 32);
}

#[test]
fn a_prefix_counts_characters() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![
        Some("无锡市梁溪区"),
        Some("无"),
        None,
    ]));
    let masker = Masker::new(&MaskKey::from_bytes([7; 32]));
    let cut = |characters| {
        let masked = masker.apply(&Mask::Prefix { characters }, &values).unwrap();
        masked
            .as_string::<i32>()
            .iter()
            .map(|t| t.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        cut(3),
        [Some("无锡市".to_owned()), Some("无".to_owned()), None]
    );
    assert_eq!(cut(0), [Some(String::new()), Some(String::new()), None]);
    assert_eq!(cut(u32::MAX)[0].as_deref(), Some("无锡市梁溪区"));
}

#[test]
fn a_month_is_its_first_day_and_for_timestamps_that_of_utc_plus_8() {
    let masker = Masker::new(&MaskKey::from_bytes([7; 32]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(19_782), Some(19_783), None]));
    let masked = masker.apply(&Mask::Month, &days).unwrap();
    let masked = masked.as_primitive::<Date32Type>();
    assert_eq!(
        masked.iter().collect::<Vec<_>>(),
        [Some(19_754), Some(19_783), None]
    );
    // 2024-02-29T16:30Z is already March in China.
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_709_224_200_000_000]));
    let masked = masker.apply(&Mask::Month, &at).unwrap();
    let march = 19_783 * 86_400_000_000 - 8 * 3_600_000_000;
    assert_eq!(
        masked.as_primitive::<TimestampMicrosecondType>().value(0),
        march
    );
}

#[test]
fn masks_of_another_type_fail_without_a_value() {
    let masker = Masker::new(&MaskKey::from_bytes([7; 32]));
    let values: ArrayRef = Arc::new(Int32Array::from(vec![424_242]));
    for mask in [Mask::Month, Mask::Prefix { characters: 1 }, Mask::Withhold] {
        let error = masker.apply(&mask, &values).unwrap_err();
        assert!(!error.to_string().contains("424242"));
    }
}

#[test]
fn nothing_shows_a_key() {
    let key = MaskKey::from_bytes([0xab; 32]);
    let shown = format!("{key:?} {:?}", Masker::new(&key));
    assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
    let text = String::from(key.clone());
    assert_eq!(MaskKey::try_from(text).unwrap(), key);
    assert!(MaskKey::try_from("ab".to_owned()).is_err());
}

proptest! {
    #[test]
    fn the_first_of_a_month_agrees_with_the_calendar(day in -700_000_i32..2_000_000) {
        let epoch = jiff::civil::date(1970, 1, 1);
        let date = epoch.checked_add(jiff::Span::new().days(day)).unwrap();
        let first = date.first_of_month().since(epoch).unwrap().get_days();
        prop_assert_eq!(first_of_month(day), first);
    }
}
