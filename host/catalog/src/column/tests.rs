//! Texts and the values that they are.

use super::{parse_date, parse_decimal, parse_number, parse_timestamp};

#[test]
fn dates_are_ten_characters_of_a_real_day() {
    assert_eq!(parse_date("1970-01-02"), Some(1));
    assert_eq!(parse_date("1969-12-31"), Some(-1));
    assert_eq!(parse_date("2024-02-29"), Some(19_782));
    for wrong in [
        "2023-02-29",
        "2024-2-29",
        "20240229",
        "2024-02-29T00:00",
        "+024-02-29",
        "",
    ] {
        assert_eq!(parse_date(wrong), None, "{wrong}");
    }
}

#[test]
fn timestamps_without_an_offset_are_time_at_utc_plus_8() {
    assert_eq!(parse_timestamp("1970-01-01T00:00:01Z"), Some(1_000_000));
    assert_eq!(parse_timestamp("1970-01-01T08:00:00+08:00"), Some(0));
    assert_eq!(parse_timestamp("1970-01-01 08:00:00"), Some(0));
    assert_eq!(parse_timestamp("1970-01-01 08:00:00.000001"), Some(1));
    assert_eq!(parse_timestamp("1970-01-01 08:00"), Some(0));
    for wrong in [
        "1970-01-01",
        "08:00",
        "now",
        "1970-01-01 08:00:00.0000001",
        "1970-01-01T00:00:00.000000001Z",
        "1970-01-01T08:00[Asia/Shanghai]",
    ] {
        assert_eq!(parse_timestamp(wrong), None, "{wrong}");
    }
}

#[test]
fn decimals_are_exact_or_nothing() {
    assert_eq!(parse_decimal("12.5"), Some(125_000));
    assert_eq!(parse_decimal("-0.0001"), Some(-1));
    assert_eq!(parse_decimal("3.10000000"), Some(31_000));
    let greatest = "9".repeat(34) + ".9999";
    assert_eq!(parse_decimal(&greatest), Some(10_i128.pow(38) - 1));
    let beyond = "1".to_owned() + &"0".repeat(34);
    for wrong in ["", ".5", "1e3", "1.00001", "0x1", "1,000", "--1", &beyond] {
        assert_eq!(parse_decimal(wrong), None, "{wrong}");
    }
}

#[test]
fn numbers_are_finite_and_zero_has_no_sign() {
    assert_eq!(parse_number("-1.5e3"), Some(-1500.0));
    assert!(parse_number("-0.0").is_some_and(|zero| zero.is_sign_positive()));
    for wrong in ["inf", "NaN", "1e999", "", "1,5", " 1"] {
        assert_eq!(parse_number(wrong), None, "{wrong}");
    }
}
