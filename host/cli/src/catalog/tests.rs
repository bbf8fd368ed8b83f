//! Files to be imported.

use std::path::Path;

use super::{Delimiter, Encoding, FileKind, kind_of, word};

#[test]
fn the_ending_says_what_a_file_is() {
    assert_eq!(
        kind_of(Path::new("rides-2026-03-02.CSV")).unwrap(),
        FileKind::Csv
    );
    assert_eq!(
        kind_of(Path::new("data.parquet")).unwrap(),
        FileKind::Parquet
    );
    assert!(
        kind_of(Path::new("data.xlsx"))
            .unwrap_err()
            .to_string()
            .contains("--format")
    );
}

#[test]
fn words_are_those_of_the_interface() {
    assert_eq!(word(Encoding::Utf8), "utf-8");
    assert_eq!(word(Encoding::Gb18030), "gb18030");
    assert_eq!(word(FileKind::Parquet), "parquet");
    assert_eq!(word(Delimiter::Semicolon), "semicolon");
}
