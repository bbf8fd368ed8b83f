//! CSV files that are refused: the code, the line, the column, and no value.

use encoding_rs::GB18030;
use yunei_model::Code;

use crate::testing::{Desk, RIDES_CSV, rides};
use crate::{Delimiter, Encoding, ImportError, ImportFormat, LINE_BYTES_MAX};

/// Refuses `text`, keeps nothing, and says why without quoting it.
fn refusal(text: impl AsRef<[u8]>) -> ImportError {
    let desk = Desk::new();
    let error = desk.csv(text).expect_err("the file must be refused");
    assert!(desk.files().is_empty(), "something was kept");
    let said = format!("{error} {error:?}");
    assert!(!said.contains("SECRET"), "a value was told: {said}");
    error
}

fn with(from: &str, to: &str) -> String {
    assert!(RIDES_CSV.contains(from));
    RIDES_CSV.replacen(from, to, 1)
}

#[test]
fn ragged_rows_are_told_by_line() {
    for (text, found) in [
        (with("A1,,", "A1,,,SECRET,"), 11),
        (with(",2路,3", ",3"), 8),
    ] {
        let error = refusal(text);
        assert_eq!(error.code(), Code::ImportRagged);
        assert!(matches!(error, ImportError::Ragged { found: f, expected: 9, .. } if f == found));
        assert_eq!(error.line(), Some(if found == 11 { 3 } else { 4 }));
    }
    let wide = with("A1,,", &("A1".to_owned() + &",".repeat(100_000)));
    assert_eq!(refusal(wide).code(), Code::ImportRagged);
}

#[test]
fn lines_are_counted_through_quoted_breaks_and_blank_lines() {
    let text = with("\"1路, 快\"", "\"1\r\n路\n\"") + "\n\r\nA2,SECRET,1,2024-02-29,,,,,5\n";
    let error = refusal(text);
    assert_eq!(
        (error.line(), error.column().unwrap().as_str()),
        (Some(10), "age")
    );
}

#[test]
fn wrong_types_are_told_by_line_and_column() {
    let cases = [
        ("B7,31,", "B7,SECRET,", "age"),
        ("B7,31,", "B7,2147483648,", "age"),
        ("B7,31,", "B7,31.0,", "age"),
        ("2.00,", "2.00001,", "fare"),
        ("2024-02-28,", "2024-02-30,", "day"),
        ("2024-02-28,", "28/02/2024,", "day"),
        ("2024-02-28 08:15:00", "SECRET", "at"),
        (",31.5,", ",NaN,", "speed"),
        (",31.5,", ",inf,", "speed"),
        (",false,", ",SECRET,", "student"),
    ];
    for (from, to, column) in cases {
        let error = refusal(with(from, to));
        assert_eq!(error.code(), Code::ImportType, "{to}");
        assert_eq!(
            (error.line(), error.column().unwrap().as_str()),
            (Some(2), column)
        );
    }
}

#[test]
fn absent_values_are_refused_where_there_always_is_one() {
    for (from, to, column) in [("2.00,", ",", "fare"), ("B7,", ",", "card")] {
        let error = refusal(with(from, to));
        assert_eq!(error.code(), Code::ImportType);
        assert_eq!(error.column().unwrap().as_str(), column);
        assert!(error.to_string().ends_with("is absent"));
    }
}

#[test]
fn the_header_must_be_that_of_the_catalogue() {
    for (from, to) in [
        ("card,", "SECRET,"),
        ("age,", "card,"),
        ("ride\n", "ride,extra\n"),
    ] {
        assert_eq!(refusal(with(from, to)).code(), Code::ImportHeader, "{to}");
    }
    let error = refusal(with("card,age", "SECRET,card,card"));
    assert_eq!(
        error.to_string(),
        "there is no column for `age`; the columns at 1 are no fields; there are several columns for `card`"
    );
}

#[test]
fn a_million_columns_are_too_many() {
    let names: Vec<String> = (0..1_000_000).map(|n| format!("c{n}")).collect();
    assert_eq!(refusal(names.join(",")).code(), Code::ImportTooWide);
    let at_limit = vec!["x"; yunei_model::FIELDS_MAX].join(",");
    assert_eq!(refusal(&at_limit).code(), Code::ImportHeader);
    assert_eq!(refusal(at_limit + ",x").code(), Code::ImportTooWide);
}

#[test]
fn a_line_has_a_greatest_length() {
    let long = |bytes: usize| with("3路", &"x".repeat(bytes));
    let rest = "A119 12.34562024-03-012024-03-01 00:00:00.00000112true4".len();
    let desk = Desk::new();
    desk.csv(long(LINE_BYTES_MAX - rest)).unwrap();
    let error = refusal(long(LINE_BYTES_MAX + 1));
    assert_eq!((error.code(), error.line()), (Code::TooLarge, Some(5)));
    // A quotation mark that is never closed takes no more memory than a line may.
    let error = refusal(with("3路", "\"3路") + &"x\n".repeat(LINE_BYTES_MAX));
    assert_eq!(error.code(), Code::TooLarge);
}

#[test]
fn a_file_that_ends_inside_a_quoted_value_is_cut_short() {
    assert_eq!(refusal(with("3路", "\"3路")).code(), Code::ImportTruncated);
}

#[test]
fn files_without_rows_are_empty() {
    let header = RIDES_CSV.lines().next().unwrap();
    for text in ["", "\u{feff}", "\n\n", header] {
        assert_eq!(refusal(text).code(), Code::ImportEmpty, "{text:?}");
    }
}

#[test]
fn other_encodings_are_told_by_line() {
    let gb = GB18030.encode(RIDES_CSV).0.into_owned();
    let error = refusal(&gb);
    assert_eq!(
        (error.code(), error.line()),
        (Code::ImportEncoding, Some(2))
    );
    let utf16: Vec<u8> = RIDES_CSV
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        refusal([&[0xff, 0xfe], &*utf16].concat()).code(),
        Code::ImportEncoding
    );
    // Half a character at the end of one value, and its other half at the start of the next.
    let text = with("B7,31", "B7@@31").into_bytes();
    let at = text.windows(2).position(|w| w == b"@@").unwrap();
    let halves = [&text[..at], &[0xe8, b',', 0xb7, 0xaf], &text[at + 2..]].concat();
    assert_eq!(refusal(halves).code(), Code::ImportEncoding);
}

#[test]
fn invalid_gb18030_is_told_by_line() {
    let mut bytes = GB18030.encode(RIDES_CSV).0.into_owned();
    let desk = Desk::new();
    let gb = ImportFormat::Csv {
        encoding: Encoding::Gb18030,
        delimiter: Delimiter::Comma,
    };
    let at = bytes.windows(2).position(|w| w == b"C9").unwrap();
    bytes[at] = 0xff;
    desk.put("gb.csv", &bytes);
    let error = desk.import("gb.csv", gb, &rides()).unwrap_err();
    assert_eq!(
        (error.code(), error.line()),
        (Code::ImportEncoding, Some(4))
    );
    // Cut inside a character.
    let cut = bytes.iter().rposition(|b| *b > 0x7f).unwrap();
    bytes[at] = b'C';
    desk.put("gb.csv", &bytes[..cut]);
    let error = desk.import("gb.csv", gb, &rides()).unwrap_err();
    assert_eq!(error.code(), Code::ImportEncoding);
    assert!(desk.files().is_empty());
}
