use proptest::prelude::*;
use serde_json::json;

use crate::names::{CAUSE_BYTES_MAX, Shape};
use crate::redact::{admit_text, strip};

#[test]
fn values_of_the_right_shape_stay() {
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (shape, text, value) in [
        (
            Shape::Id,
            "01936e2a-7b3c-7000-8000-0123456789ab",
            json!("01936e2a-7b3c-7000-8000-0123456789ab"),
        ),
        (Shape::Digest, digest, json!(digest)),
        (Shape::Word, "census-income", json!("census-income")),
        (
            Shape::Word,
            "/api/v1/runs/{run}",
            json!("/api/v1/runs/{run}"),
        ),
        (
            Shape::Word,
            "yunei:guest/analysis@0.1.0",
            json!("yunei:guest/analysis@0.1.0"),
        ),
        (Shape::Word, "127.0.0.1", json!("127.0.0.1")),
        (Shape::Number, "18446744073709551615", json!(u64::MAX)),
        (Shape::Number, "-7", json!(-7)),
        (Shape::Flag, "true", json!(true)),
    ] {
        assert_eq!(admit_text(shape, text), Some(value), "{shape:?} `{text}`");
    }
}

#[test]
fn values_of_another_shape_do_not() {
    let long = "a".repeat(129);
    for (shape, text) in [
        (Shape::Id, "01936e2a-7b3c-7000-8000-0123456789aB"),
        (Shape::Id, "01936e2a07b3c-7000-8000-0123456789ab"),
        (Shape::Id, ""),
        (Shape::Digest, "e3b0"),
        (Shape::Word, ""),
        (Shape::Word, "two words"),
        (Shape::Word, "王小明"),
        (Shape::Word, "12345"),
        (Shape::Word, "1e9"),
        (Shape::Word, "NaN"),
        (Shape::Word, "2013-07-01"),
        (Shape::Word, "32020519900101123X"),
        (Shape::Word, long.as_str()),
        (Shape::Number, "3.5"),
        (Shape::Number, "forty"),
        (Shape::Flag, "yes"),
    ] {
        assert_eq!(admit_text(shape, text), None, "{shape:?} `{text}`");
    }
}

#[test]
fn a_cause_keeps_its_words_and_loses_its_values() {
    for (text, stripped) in [
        ("database is locked", "database is locked"),
        ("can't open the file", "can't open the file"),
        (
            "UNIQUE constraint failed: accounts.name",
            "UNIQUE constraint failed: accounts.name",
        ),
        (
            "line 17, column `salary`: `87,654.32` is no number",
            "line …, column …: … is no number",
        ),
        (
            "no such table: \"people\" (code 1)",
            "no such table: … (code …)",
        ),
        (
            "unknown variant 'Alice', expected one",
            "unknown variant …, expected one",
        ),
        ("缺少 grant", "… grant"),
        ("an open `quote hides the rest", "an open …"),
        ("two\nlines\u{1b}[31m", "two lines […"),
    ] {
        assert_eq!(strip(text), stripped);
    }
}

proptest! {
    #[test]
    fn a_cause_never_shows_digits_or_quotations(before in "[a-z ]{0,20}", value in "[^`]{1,40}", tail in any::<String>()) {
        let stripped = strip(&format!("{before}`{value}`{tail}"));
        prop_assert!(stripped.len() <= CAUSE_BYTES_MAX);
        prop_assert!(stripped.chars().all(|c| c == '…' || (c.is_ascii() && !c.is_ascii_digit() && !c.is_ascii_control())));
        let quoted_away = strip(&format!("{before}`{value}`"));
        prop_assert_eq!(quoted_away, format!("{before}…"));
    }

    #[test]
    fn an_id_or_digest_is_never_anything_else(text in any::<String>()) {
        prop_assert_eq!(admit_text(Shape::Id, &text), None);
        prop_assert_eq!(admit_text(Shape::Digest, &text), None);
    }
}
