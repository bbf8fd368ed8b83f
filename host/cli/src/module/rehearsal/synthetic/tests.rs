//! Synthetic rows fall into the classes of their bandings, are the same for the same seed, and differ in how many fall where.

use std::collections::BTreeMap;

use yunei_model::{
    Basis, CalendarUnit, FieldClass, Grade, Group, Mask, OrganisationId, Population, RandomIds,
    Reference, ResourceId, SchemaVersion, Text,
};

use super::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn title() -> Text {
    Text {
        zh: "甲".into(),
        en: "a".into(),
    }
}

fn field(text: &str, kind: FieldType, banding: Option<BandingKind>) -> Field {
    let banding = banding.map(|kind| Banding {
        name: name("banding"),
        kind,
        within: None,
    });
    Field {
        name: name(text),
        title: title(),
        kind,
        unit: None,
        class: FieldClass::Ordinary,
        grade: Grade::G1,
        mask: Mask::None,
        nullable: false,
        bandings: banding.into_iter().collect(),
        of_subject: false,
        joined: None,
    }
}

fn resource() -> Resource {
    let text = |labels: &[&str]| labels.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    let groups = vec![Group {
        label: "b".into(),
        values: text(&["b, 1", "b2"]),
    }];
    let ranges = |edges: &[f64]| {
        Some(BandingKind::Ranges {
            edges: edges.to_vec(),
        })
    };
    let unit = CalendarUnit::HourOfDay;
    let days = BandingKind::Days {
        from: "2026-03-01".into(),
        days: 3,
    };
    let values = text(&["1", "2", "3", "4"]);
    Resource {
        id: ResourceId::new(&RandomIds),
        name: name("rides"),
        title: title(),
        description: title(),
        source_unit: OrganisationId::new(&RandomIds),
        population: Population {
            name: name("riders"),
            title: title(),
            private_only: false,
        },
        basis: Basis::Statistical,
        subject: Some(name("card")),
        subject_group: Some(name("household")),
        grade: Grade::G1,
        licence: "CC0-1.0".into(),
        synthetic: true,
        schema: SchemaVersion {
            version: 1,
            fields: vec![
                field("card", FieldType::Text, None),
                field("household", FieldType::Int64, None),
                field(
                    "line",
                    FieldType::Text,
                    Some(BandingKind::Values { values }),
                ),
                field(
                    "kind",
                    FieldType::Text,
                    Some(BandingKind::Groups { groups }),
                ),
                field("age", FieldType::Int32, ranges(&[0.0, 18.0, 65.0])),
                field("fare", FieldType::Decimal, ranges(&[0.5, 1.5])),
                field(
                    "at",
                    FieldType::Timestamp,
                    Some(BandingKind::Calendar { unit }),
                ),
                field("day", FieldType::Date, Some(days)),
                field("paid", FieldType::Boolean, None),
                field("amount", FieldType::Float64, None),
            ],
            frames: Vec::new(),
            key: Vec::new(),
            references: Vec::new(),
        },
    }
}

const SOURCE: Source = Source {
    rows: 400,
    subjects: 50,
    seed: 7,
};

#[test]
fn every_value_falls_into_a_class() {
    let resource = resource();
    let text = csv(&resource, &SOURCE, &mut Keys::new());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = 0;
    for record in reader.records() {
        let record = record.unwrap();
        rows += 1;
        for (field, value) in resource.schema.fields.iter().zip(&record) {
            let Some(banding) = field.bandings.first() else {
                continue;
            };
            let code = match field.kind {
                FieldType::Date => {
                    let at: Timestamp = format!("{value}T00:00:00Z").parse().unwrap();
                    banding.code_of_date((at.as_micros() / 86_400_000_000) as i32)
                }
                FieldType::Timestamp => {
                    banding.code_of_timestamp(value.parse::<Timestamp>().unwrap().as_micros())
                }
                _ => banding.code_of_text(value),
            };
            assert_ne!(code, banding.other(), "{} {value}", field.name);
        }
        *lines.entry(record[2].to_owned()).or_default() += 1;
        assert!(record[0].starts_with("subject-"));
    }
    assert_eq!(rows, 400);
    assert!(
        lines["1"] > 2 * lines["4"],
        "some cells have many, some few: {lines:?}"
    );
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let resource = resource();
    let other = Source { seed: 8, ..SOURCE };
    assert_eq!(
        csv(&resource, &SOURCE, &mut Keys::new()),
        csv(&resource, &SOURCE, &mut Keys::new())
    );
    assert_ne!(
        csv(&resource, &SOURCE, &mut Keys::new()),
        csv(&resource, &other, &mut Keys::new())
    );
}

#[test]
fn rows_refer_to_rows_that_are_there() {
    let mut lines = resource();
    lines.name = name("lines");
    lines.schema.key = vec![name("line"), name("kind")];
    let mut rides = resource();
    rides.schema.references = vec![Reference {
        resource: name("lines"),
        by: vec![name("line"), name("kind")],
        fields: std::collections::BTreeMap::from([(name("paid-there"), name("paid"))]),
    }];
    let mut keys = Keys::new();
    let read = |text: &str| -> Vec<(String, String)> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records = reader.records().map(Result::unwrap);
        records
            .map(|r| (r[2].to_owned(), r[3].to_owned()))
            .collect()
    };
    let listed = read(&csv(&lines, &SOURCE, &mut keys));
    let once: std::collections::BTreeSet<_> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "each key stands once");
    assert!(once.len() > 1 && keys[&lines.name].len() == once.len());
    let named = read(&csv(&rides, &SOURCE, &mut keys));
    assert_eq!(named.len(), 400);
    assert!(named.iter().all(|key| once.contains(key)));
}
