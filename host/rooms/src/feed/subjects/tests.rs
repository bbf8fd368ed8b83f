use std::num::NonZeroUsize;
use std::path::Path;

use arrow::array::AsArray;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_catalog::{
    CatalogueEntry, Delimiter, Encoding, ImportFormat, ImportTerms, MaskKey, SourceFile, Vault,
    ViewColumn, ViewOptions, ViewPlan, import,
};
use yunei_model::{CountingIds, FixedClock, Mask, OrganisationId, ResourceId, Timestamp};

use super::*;
use crate::feed::single_threaded;

/// Rides by card, and cards by their text: two resources about one population.
const ENTRY: &str = r#"
name = "@NAME@"
source_unit = "transport-bureau"
basis = "statistical"
subject = "card"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "记录", en = "Records" }
description = { zh = "每次一行", en = "One row each" }
population = { name = "riders", title = { zh = "乘客", en = "Riders" } }

[[data]]
path = "rows.csv"
format = { kind = "csv" }
data_as_of = "2024-03-01T00:00:00Z"

[[field]]
name = "card"
title = { zh = "卡号", en = "Card" }
type = "@TYPE@"
class = "direct-identifier"
grade = "g3"
mask = { kind = "withhold" }
[[field]]
name = "ride"
title = { zh = "序号", en = "Ride" }
type = "int32"
class = "ordinary"
grade = "g1"
[[field]]
name = "line"
title = { zh = "线路", en = "Line" }
type = "text"
class = "ordinary"
grade = "g1"
nullable = true
"#;

/// Rows of one table: card, ride, line.
type Rows = Vec<(String, i32, &'static str)>;

/// A table of these rows: the view that the guest has of it, and the subject column alone.
fn table(place: &Path, name: &str, kind: &str, rows: &Rows) -> [(ViewPlan, Vec<std::fs::File>); 2] {
    let entry = ENTRY.replace("@NAME@", name).replace("@TYPE@", kind);
    let ids = CountingIds::default();
    let resource = CatalogueEntry::parse(&entry)
        .expect("an entry")
        .register(ResourceId::new(&ids), OrganisationId::new(&ids), 1)
        .expect("a resource");
    let lines: Vec<String> = rows
        .iter()
        .map(|(c, r, l)| format!("{c},{r},{l}\n"))
        .collect();
    let file = format!("{name}.csv");
    std::fs::write(
        place.join(&file),
        format!("card,ride,line\n{}", lines.concat()),
    )
    .expect("written");
    let directory = || Dir::open_ambient_dir(place, ambient_authority()).expect("a directory");
    let vault = Vault::new(directory());
    let terms = ImportTerms {
        format: ImportFormat::Csv {
            encoding: Encoding::Utf8,
            delimiter: Delimiter::Comma,
        },
        data_as_of: Timestamp::from_micros(5),
        onto: None,
    };
    let source = SourceFile::open(&directory(), &file).expect("a file");
    let clock = FixedClock::at(Timestamp::from_micros(7));
    let snapshot = import(source, &terms, &resource, &vault, &ids, &clock).expect("a snapshot");
    let view = |wanted: fn(&str) -> bool| {
        let columns = resource
            .schema
            .fields
            .iter()
            .filter(|f| wanted(f.name.as_str()));
        let columns = columns.map(|field| ViewColumn {
            name: field.name.clone(),
            kind: field.kind,
            nullable: field.nullable,
            mask: Mask::None,
        });
        let plan = ViewPlan {
            name: resource.name.clone(),
            columns: columns.collect(),
            filter: Vec::new(),
            mask_key: MaskKey::from_bytes([7; 32]),
            parts: snapshot.parts.clone(),
            lookups: Vec::new(),
        };
        let files = snapshot
            .parts
            .iter()
            .map(|part| vault.open_part(part).expect("a part"));
        (plan, files.collect())
    };
    [view(|name| name != "card"), view(|name| name == "card")]
}

/// What each subject has: rides by table, or none where it has too many rows.
type Told = Vec<Option<Vec<Vec<i32>>>>;

/// Reads tables in batches of `batch_rows`, and tells what each subject has.
fn read(tables: &[(&str, &str, Rows)], batch_rows: usize, limits: &Limits) -> Result<Told, Unread> {
    let place = tempfile::tempdir().expect("a directory");
    let (mut rows, mut keys, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (name, kind, of) in tables {
        let [row, key] = table(place.path(), name, kind, of);
        names.push(row.0.name.clone());
        rows.push(row);
        keys.push(key);
    }
    let options = |rows| ViewOptions {
        batch_rows_max: NonZeroUsize::new(rows).expect("some"),
        ..ViewOptions::default()
    };
    let rows = Views::open_with(rows, &options(batch_rows)).expect("views");
    // Cut elsewhere than the rows.
    let keys = Views::open_with(keys, &options(batch_rows + 1)).expect("views");
    let runtime = single_threaded().expect("a run-time");
    let mut reader = SubjectReader::open(&names, &rows, &keys, limits).expect("a reader");
    let mut told = Told::new();
    while let Some(subjects) = reader.next(&runtime)? {
        let rides: Vec<Vec<i32>> = subjects
            .batches
            .iter()
            .map(|b| b.column(0).as_primitive::<Int32Type>().values().to_vec())
            .collect();
        let mut starts = vec![0_usize; names.len()];
        for runs in subjects.runs.chunks(names.len()) {
            if runs.contains(&SUBJECT_OVER) {
                assert!(runs.iter().all(|run| *run == SUBJECT_OVER), "{runs:?}");
                told.push(None);
                continue;
            }
            let own = rides
                .iter()
                .zip(&mut starts)
                .zip(runs)
                .map(|((rides, start), run)| {
                    let from = *start;
                    *start += *run as usize;
                    rides[from..*start].to_vec()
                });
            told.push(Some(own.collect()));
        }
        assert!(
            starts
                .iter()
                .zip(&rides)
                .all(|(at, rides)| *at == rides.len())
        );
    }
    Ok(told)
}

/// So many rides of a card, counted from `first`.
fn rides(card: &str, first: i32, count: i32) -> Rows {
    (first..first + count)
        .map(|ride| (card.to_owned(), ride, "一路"))
        .collect()
}

#[test]
fn subjects_come_whole_however_batches_are_cut() {
    let rows: Rows = [
        rides("7", 0, 5),
        rides("12", 5, 1),
        rides("9", 6, 11),
        rides("30", 17, 2),
    ]
    .concat();
    let expected: Told = [0..5, 6..17, 5..6, 17..19]
        .map(|own| Some(vec![own.collect()]))
        .to_vec();
    for batch_rows in [1, 2, 3, 5, 100] {
        let told = read(
            &[("rides", "int64", rows.clone())],
            batch_rows,
            &Limits::default(),
        );
        assert_eq!(told.expect("subjects"), expected, "{batch_rows}");
    }
}

#[test]
fn several_tables_are_merged_by_subject() {
    let rides_of = [rides("b", 0, 3), rides("c", 3, 2), rides("é", 5, 1)].concat();
    let fares_of = [rides("a", 10, 1), rides("c", 11, 4), rides("d", 15, 1)].concat();
    let own = |rides: std::ops::Range<i32>, fares: std::ops::Range<i32>| {
        Some(vec![rides.collect(), fares.collect()])
    };
    let expected: Told = vec![
        own(0..0, 10..11),
        own(0..3, 0..0),
        own(3..5, 11..15),
        own(0..0, 15..16),
        own(5..6, 0..0),
    ];
    for batch_rows in [1, 2, 100] {
        let tables = [
            ("rides", "text", rides_of.clone()),
            ("fares", "text", fares_of.clone()),
        ];
        let told = read(&tables, batch_rows, &Limits::default());
        assert_eq!(told.expect("subjects"), expected, "{batch_rows}");
    }
}

#[test]
fn a_subject_with_too_many_rows_hands_over_none_and_changes_no_other() {
    let limits = Limits {
        subject_rows_max: 5,
        ..Limits::default()
    };
    let of = |count| [rides("1", 0, 2), rides("2", 10, count), rides("3", 30, 5)].concat();
    let second = |count, fares| {
        let tables = [
            ("rides", "int32", of(count)),
            ("fares", "int32", rides("2", 50, fares)),
        ];
        let mut told = read(&tables, 3, &limits).expect("subjects");
        let second = told.remove(1);
        assert_eq!(
            told,
            [
                Some(vec![vec![0, 1], vec![]]),
                Some(vec![vec![30, 31, 32, 33, 34], vec![]])
            ]
        );
        second
    };
    assert!(second(4, 1).is_some(), "at the limit");
    assert!(second(4, 2).is_none(), "one more, over all tables");
    assert!(second(6, 1).is_none());
    assert!(second(17, 1).is_none());
}

#[test]
fn bytes_of_a_subject_are_limited_by_its_own_text() {
    // A row has 4 bytes of ride, 4 of an offset, 6 of text.
    let limits = |subject_bytes_max| Limits {
        subject_bytes_max,
        ..Limits::default()
    };
    let tables = [(
        "rides",
        "int32",
        [rides("1", 0, 3), rides("2", 3, 2)].concat(),
    )];
    let over = |bytes| -> Vec<bool> {
        let told = read(&tables, 2, &limits(bytes)).expect("subjects");
        told.iter().map(Option::is_none).collect()
    };
    assert_eq!(over(42), [false, false]);
    assert_eq!(over(41), [true, false]);
    assert_eq!(over(27), [true, true]);
}

#[test]
fn many_subjects_fill_several_slots() {
    let cards: Rows = (0..20_000)
        .map(|card| (card.to_string(), card, ""))
        .collect();
    let told = read(&[("rides", "int32", cards)], 4096, &Limits::default()).expect("subjects");
    assert_eq!(told.len(), 20_000);
    assert!(
        told.iter()
            .enumerate()
            .all(|(at, own)| { *own == Some(vec![vec![i32::try_from(at).expect("small")]]) })
    );
}

#[test]
fn subjects_of_different_types_are_not_merged() {
    let tables = [
        ("rides", "int32", rides("1", 0, 1)),
        ("fares", "text", rides("1", 0, 1)),
    ];
    let told = read(&tables, 3, &Limits::default());
    assert!(matches!(told, Err(Unread::Failed(_))), "{told:?}");
}
