//! Tables for people.

use yunei_model::Timestamp;

use super::{Sheet, figure, list, number, time, visible};

fn runs() -> Sheet {
    let mut sheet = Sheet::new(["id", "status", "module"]);
    sheet.row([
        "0190b5d3-4a1e-7c3b-9f00-0123456789ab".to_owned(),
        "released".to_owned(),
        "机场离港延误 (transport-delays)".to_owned(),
    ]);
    sheet.row([
        "0190b5d3-4a1e-7c3b-9f00-0123456789ac".to_owned(),
        "not-released".to_owned(),
        "hospital-spending".to_owned(),
    ]);
    sheet
}

#[test]
fn a_table_stands_in_columns_under_its_heading() {
    insta::assert_snapshot!(runs().text(None));
}

#[test]
fn facts_stand_beside_their_labels() {
    let mut sheet = Sheet::facts();
    sheet
        .fact("state", "active")
        .fact_if("hints", None::<String>)
        .fact("rows fed", number(50_000_000));
    insta::assert_snapshot!(sheet.text(None));
}

#[test]
fn an_id_is_never_broken_however_narrow_the_terminal_is() {
    let text = runs().text(Some(60));
    assert!(
        text.contains("0190b5d3-4a1e-7c3b-9f00-0123456789ab"),
        "{text}"
    );
    assert!(!text.contains("机场离港延误 (transport-delays)"), "{text}");
}

#[test]
fn a_table_without_rows_says_so() {
    assert_eq!(Sheet::new(["id"]).text(None), "none");
}

#[test]
fn numbers_stand_flush_right() {
    let mut sheet = Sheet::new(["n"]);
    sheet.row(["7".to_owned()]).row(["1,234".to_owned()]);
    sheet.numbers(0);
    assert!(sheet.text(None).contains("     7"), "{}", sheet.text(None));
}

#[test]
fn nothing_in_a_cell_steers_the_terminal() {
    assert_eq!(
        visible("a\u{1b}[31mb\rc\u{202e}d"),
        "a\\u{1b}[31mb\\u{d}c\\u{202e}d"
    );
    assert_eq!(visible("无锡 – plain\nlines"), "无锡 – plain\nlines");
}

#[test]
fn times_numbers_and_lists_read_easily() {
    assert_eq!(
        time(Timestamp::from_micros(1_767_225_600_999_999)),
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(time(Timestamp::from_micros(-1)), "1969-12-31T23:59:59Z");
    assert_eq!(number(0), "0");
    assert_eq!(number(999), "999");
    assert_eq!(number(1_234_567), "1,234,567");
    assert_eq!(list(["a", "b"]), "a, b");
}

#[test]
fn figures_have_six_significant_digits() {
    assert_eq!(figure(0.937_089_740_612_725_9), "0.93709");
    assert_eq!(figure(32.613_155_648_297_45), "32.6132");
    assert_eq!(figure(1_234_567.8), "1234570");
    assert_eq!(figure(0.85), "0.85");
    assert_eq!(figure(-0.0), "0");
    assert_eq!(figure(f64::INFINITY), "inf");
}
