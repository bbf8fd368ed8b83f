//! Entries that stand, and those that do not.

use yunei_model::{Code, CountingIds, OrganisationId, ResourceId};

use super::{CatalogueEntry, CatalogueError, ENTRY_BYTES_MAX};
use crate::testing::{RIDES, register};
use crate::{Delimiter, Encoding, ImportFormat};

fn findings(entry: &str) -> Vec<String> {
    let ids = CountingIds::default();
    let registered = CatalogueEntry::parse(entry).unwrap().register(
        ResourceId::new(&ids),
        OrganisationId::new(&ids),
        1,
    );
    let errors = registered.expect_err("the entry must not stand");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn an_entry_becomes_a_resource() {
    let entry = CatalogueEntry::parse(RIDES).unwrap();
    assert_eq!(entry.source_unit.as_str(), "transport-bureau");
    assert_eq!(
        entry.data[0].data_as_of.to_string(),
        "2024-03-01T00:00:00.000000Z"
    );
    assert_eq!(
        entry.data[0].format,
        ImportFormat::Csv {
            encoding: Encoding::Gb18030,
            delimiter: Delimiter::Comma
        }
    );
    let resource = register(RIDES);
    assert_eq!(resource.schema.fields.len(), 9);
    assert_eq!(resource.subject.unwrap().as_str(), "card");
    assert!(resource.synthetic);
}

#[test]
fn an_entry_survives_being_written() {
    let entry = CatalogueEntry::parse(RIDES).unwrap();
    let written = toml::to_string(&entry).unwrap();
    assert_eq!(CatalogueEntry::parse(&written).unwrap(), entry);
}

#[test]
fn malformed_entries_are_refused_with_a_code() {
    for text in [
        "",
        "name = \"x\"",
        "nonsense",
        &RIDES.replace("licence", "license"),
    ] {
        let error = CatalogueEntry::parse(text).unwrap_err();
        assert!(matches!(error, CatalogueError::Malformed { .. }), "{text}");
        assert_eq!(error.code(), Code::ResourceInvalid);
    }
    let long = RIDES.to_owned() + &"#".repeat(ENTRY_BYTES_MAX);
    let bytes = long.len();
    assert_eq!(
        CatalogueEntry::parse(&long),
        Err(CatalogueError::TooLong { bytes })
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    let entry = RIDES
        .replace("subject = \"card\"", "subject = \"owner\"")
        .replace(
            "mask = { kind = \"pseudonym\" }",
            "mask = { kind = \"month\" }",
        );
    assert_eq!(
        findings(&entry),
        [
            "there is no field `owner`",
            "field `card` is of type `text`, which its mask cannot be applied to"
        ]
    );
    let entry = RIDES.replace("subject = \"card\"", "subject = \"speed\"");
    assert_eq!(
        findings(&entry),
        ["field `speed` is of type `float64`, which names no data subject"]
    );
}

#[test]
fn bandings_are_sound_and_nest() {
    let with = |bandings: &str| {
        let from = RIDES.find("banding = [").unwrap();
        let to = from + RIDES[from..].find("\n]").unwrap() + 2;
        RIDES.replace(&RIDES[from..to], &format!("banding = [{bandings}]"))
    };
    let cases = [
        (
            r#"{ name = "b", kind = "ranges", edges = [0, 0] }"#,
            "has edges that do not rise",
        ),
        (
            r#"{ name = "b", kind = "ranges", edges = [1] }"#,
            "has edges that do not rise",
        ),
        (
            r#"{ name = "b", kind = "values", values = ["1", "1"] }"#,
            "has a label twice",
        ),
        (
            r#"{ name = "b", kind = "values", values = ["other"] }"#,
            "has an empty label, or one that is reserved",
        ),
        (
            r#"{ name = "b", kind = "groups", groups = [{ label = "x", values = ["1"] }, { label = "y", values = ["1"] }] }"#,
            "has groups that share a value",
        ),
        (
            r#"{ name = "b", kind = "calendar", unit = "day-of-week" }"#,
            "does not fit the field's type",
        ),
        (
            r#"{ name = "b", kind = "values", values = ["1"], within = "b" }"#,
            "nests in itself",
        ),
        (
            r#"{ name = "b", kind = "ranges", edges = [0, 9], within = "c" }, { name = "c", kind = "ranges", edges = [0, 8] }"#,
            "does not nest in the banding that it names",
        ),
        (
            r#"{ name = "b", kind = "values", values = ["1"], within = "c" }, { name = "c", kind = "groups", groups = [{ label = "x", values = ["1", "2"] }] }"#,
            "does not nest in the banding that it names",
        ),
    ];
    for (bandings, reason) in cases {
        let expected = format!("banding `b` of field `age` {reason}");
        assert_eq!(findings(&with(bandings)), [expected], "{bandings}");
    }
    let nested = r#"{ name = "b", kind = "values", values = ["1", "2"], within = "c" }, { name = "c", kind = "groups", groups = [{ label = "x", values = ["1", "2"] }] }"#;
    register(&with(nested));
}
