//! Route reviewed: what a cell that was broken into may write in place of derived columns and tables.

use yunei_model::{Derived, DerivedValue, FieldType, OwnKind, RegressionKind, Value};

use super::*;
use crate::cell::StoredColumn;
use crate::{ModelPlan, OwnPlan, TermPlan};

const ROWS: usize = 120;

fn stored(kind: FieldType, values: Vec<u8>) -> StoredColumn {
    StoredColumn {
        kind,
        validity: None,
        values,
        text: None,
    }
}

fn numbers(of: impl Fn(usize) -> f64) -> StoredColumn {
    let values = (0..ROWS).flat_map(|row| of(row).to_le_bytes());
    stored(FieldType::Float64, values.collect())
}

fn codes(of: impl Fn(usize) -> i32) -> StoredColumn {
    let values = (0..ROWS).flat_map(|row| of(row).to_le_bytes());
    stored(FieldType::Int32, values.collect())
}

fn harmless() -> [StoredColumn; 2] {
    [
        numbers(|row| 10.0 + (row % 7) as f64),
        codes(|row| i32::try_from(row % 3).unwrap()),
    ]
}

fn derived(columns: impl Into<Vec<StoredColumn>>) -> Frame {
    Frame::Derived {
        rows: u32::try_from(ROWS).unwrap(),
        columns: columns.into(),
    }
}

/// A plan over a derived number between 0 and 100 and a derived class of three labels.
fn derived_plan(bench: &Bench) -> GatePlan {
    let mut output = output();
    output.derived = true;
    output.dimensions.push(DimensionPlan::Derived {
        name: name("class"),
        column: 1,
        labels: ["x", "y", "z"].map(str::to_owned).to_vec(),
        sensitive: false,
    });
    output.measures = vec![
        measure("n", Aggregate::Count, None),
        measure("figure", Aggregate::Sum, Some(Source::Derived(0))),
    ];
    let mut plan = bench.plan(output, Vec::new());
    plan.derived = vec![
        Derived {
            name: name("figure"),
            value: DerivedValue::Number {
                min: 0.0,
                max: 100.0,
            },
        },
        Derived {
            name: name("class"),
            value: DerivedValue::Category {
                labels: ["x", "y", "z"].map(str::to_owned).to_vec(),
            },
        },
    ];
    plan
}

#[test]
fn derived_columns_are_bounded_and_of_their_types() {
    let bench = Bench::ordinary();
    let plan = derived_plan(&bench);
    let with = |number: StoredColumn| {
        let [_, class] = harmless();
        vec![derived([number, class])]
    };
    let [number, class] = harmless();
    let texts = StoredColumn {
        text: Some(b"secret".to_vec()),
        ..numbers(|row| row as f64)
    };
    let released = Comes::Of(Decision::Release, "");
    let blank = Comes::Of(Decision::Withhold, "blank");
    let error = Comes::Error;
    let cases: Vec<(&str, Vec<Frame>, Comes)> = vec![
        ("harmless", vec![derived(harmless())], released),
        ("all of it no number", with(numbers(|_| f64::NAN)), blank),
        ("all of it above", with(numbers(|_| f64::INFINITY)), blank),
        (
            "all of it below",
            with(numbers(|_| f64::NEG_INFINITY)),
            blank,
        ),
        (
            "a class that is not there",
            vec![derived([numbers(|_| 1.0), codes(|_| 3)])],
            blank,
        ),
        ("nothing at all", Vec::new(), error("fewer derived rows")),
        ("no column", vec![derived([])], error("another number")),
        (
            "one column",
            vec![derived([class])],
            error("another number"),
        ),
        (
            "the columns in turn",
            vec![derived([harmless()[1].clone(), number])],
            error("another type"),
        ),
        (
            "whole numbers",
            with(stored(FieldType::Int64, vec![1; 8 * ROWS])),
            error("another type"),
        ),
        ("text beside", with(texts), error("another type")),
    ];
    for (case, written, comes) in cases {
        hold(case, &bench.judged(&plan, &frames(&written)), comes);
    }
}

#[test]
fn derived_columns_are_as_long_as_the_rows() {
    let bench = Bench::ordinary();
    let plan = derived_plan(&bench);
    let with = |number: StoredColumn| {
        let [_, class] = harmless();
        vec![derived([number, class])]
    };
    let half = |column: StoredColumn| StoredColumn {
        values: column.values[..column.values.len() / 2].to_vec(),
        ..column
    };
    let masked = |bytes: usize| StoredColumn {
        validity: Some(vec![0xff; bytes]),
        ..numbers(|_| 1.0)
    };
    let error = Comes::Error;
    let cases: Vec<(&str, Vec<Frame>, Comes)> = vec![
        (
            "half the bytes",
            with(half(numbers(|_| 1.0))),
            error("fewer derived rows"),
        ),
        (
            "a byte over",
            with(stored(FieldType::Float64, vec![1; 8 * ROWS + 1])),
            error("fewer derived rows"),
        ),
        (
            "a bitmap too short",
            with(masked(ROWS / 8 - 1)),
            error("fewer derived rows"),
        ),
        (
            "a bitmap too long",
            with(masked(ROWS)),
            error("fewer derived rows"),
        ),
        (
            "the rows twice",
            vec![derived(harmless()), derived(harmless())],
            error("another length"),
        ),
    ];
    for (case, written, comes) in cases {
        hold(case, &bench.judged(&plan, &frames(&written)), comes);
    }
}

#[test]
fn values_beyond_the_bounds_are_at_them_and_no_number_is_absent() {
    let bench = Bench::ordinary();
    let plan = derived_plan(&bench);
    let wild = numbers(|row| match row % 7 {
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        2 => f64::NAN,
        3 => -0.0,
        _ => 1e300,
    });
    let tame = numbers(|row| match row % 7 {
        1..=3 => 0.0,
        _ => 100.0,
    });
    let [_, class] = harmless();
    let (_, wild) = bench
        .judged(&plan, &frames(&[derived([wild, class.clone()])]))
        .unwrap();
    let (_, tame) = bench
        .judged(&plan, &frames(&[derived([tame, class])]))
        .unwrap();
    assert!(wild.is_some() && wild == tame, "{wild:?} {tame:?}");
}

/// A frame of the module's own over three places and the rest, with one figure.
fn own_plan(bench: &Bench) -> GatePlan {
    let mut output = output();
    output.dimensions.push(places());
    output.own.push(OwnPlan {
        name: name("figure"),
        title: None,
        kind: OwnKind::Custom,
        column: None,
        percentile: None,
    });
    bench.plan(output, Vec::new())
}

/// A table as a module writes it: places, and figures of a type.
fn written(places: &[&str], figures: StoredColumn) -> Vec<Frame> {
    written_as("table", &["place", "figure"], places, figures)
}

fn written_as(
    output: &str,
    columns: &[&str],
    places: &[&str],
    figures: StoredColumn,
) -> Vec<Frame> {
    let kinds = [FieldType::Text, figures.kind];
    let mut offsets = 0_i32.to_le_bytes().to_vec();
    let mut text = Vec::new();
    for place in places {
        text.extend(place.bytes());
        offsets.extend(i32::try_from(text.len()).unwrap().to_le_bytes());
    }
    vec![
        Frame::Create {
            name: name(output),
            fields: columns.iter().map(|c| name(c)).zip(kinds).collect(),
        },
        Frame::Append {
            output: 0,
            rows: u32::try_from(places.len()).unwrap(),
            columns: vec![
                StoredColumn {
                    text: Some(text),
                    ..stored(FieldType::Text, offsets)
                },
                figures,
            ],
        },
    ]
}

fn reals(figures: &[f64]) -> StoredColumn {
    let values = figures.iter().flat_map(|f| f.to_le_bytes());
    stored(FieldType::Float64, values.collect())
}

#[test]
fn a_table_of_the_modules_own_is_that_of_the_frame_or_stays() {
    let bench = Bench::ordinary();
    let plan = own_plan(&bench);
    let frame = ["a", "b", "c", "other"];
    let fine = || reals(&[1.0, 2.0, 3.0, 4.0]);
    let stays = Comes::Of(Decision::Withhold, "not that of the frame");
    let people = Comes::Of(Decision::Review, "module's own");
    let mut absent = fine();
    absent.validity = Some(vec![0]);
    let cases: Vec<(&str, Vec<Frame>, Comes)> = vec![
        ("the frame", written(&frame, fine()), people),
        ("negative", written(&frame, reals(&[-1.0; 4])), people),
        ("absent", written(&frame, absent), people),
        ("no number", written(&frame, reals(&[f64::NAN; 4])), stays),
        (
            "infinite",
            written(&frame, reals(&[1.0, f64::INFINITY, 1.0, 1.0])),
            stays,
        ),
        ("nothing", Vec::new(), stays),
        ("no row", written(&[], reals(&[])), stays),
        (
            "a cell twice",
            written(&["a", "a", "c", "other"], fine()),
            stays,
        ),
        (
            "a cell missing",
            written(&frame[..3], reals(&[1.0; 3])),
            stays,
        ),
        (
            "a cell more",
            written(&["a", "b", "c", "other", "total"], reals(&[1.0; 5])),
            stays,
        ),
        (
            "a label of nothing",
            written(&["a", "b", "elsewhere", "other"], fine()),
            stays,
        ),
        (
            "another order",
            written(&["b", "a", "c", "other"], fine()),
            stays,
        ),
    ];
    for (case, written, comes) in cases {
        hold(case, &bench.judged(&plan, &frames(&written)), comes);
    }
}

#[test]
fn a_table_of_the_modules_own_is_one_of_its_names_and_types() {
    let bench = Bench::ordinary();
    let plan = own_plan(&bench);
    let frame = ["a", "b", "c", "other"];
    let fine = || reals(&[1.0, 2.0, 3.0, 4.0]);
    let stays = Comes::Of(Decision::Withhold, "not that of the frame");
    let mut twice = written(&frame, fine());
    twice.extend(written(&frame, fine()));
    let mut more = written(&frame, fine());
    more.extend(written(&frame, fine()).split_off(1));
    let cases: Vec<(&str, Vec<Frame>, Comes)> = vec![
        ("rows twice", more, stays),
        ("text for figures", written_text(&frame), stays),
        (
            "another column",
            written_as("table", &["place", "secret"], &frame, fine()),
            stays,
        ),
        (
            "another table",
            written_as("elsewhere", &["place", "figure"], &frame, fine()),
            stays,
        ),
        ("two tables of a name", twice, Comes::Error("written twice")),
        (
            "figures cut short",
            written(&frame, reals(&[1.0; 3])),
            Comes::Error("another length"),
        ),
        (
            "rows of no table",
            written(&frame, fine()).split_off(1),
            Comes::Error("without a table"),
        ),
    ];
    for (case, written, comes) in cases {
        hold(case, &bench.judged(&plan, &frames(&written)), comes);
    }
}

fn written_text(places: &[&str]) -> Vec<Frame> {
    let mut frames = written(places, reals(&[1.0; 4]));
    if let [Frame::Create { fields, .. }, Frame::Append { columns, .. }] = &mut frames[..] {
        fields[1].1 = FieldType::Text;
        columns[1] = columns[0].clone();
    }
    frames
}

#[test]
fn cells_that_fail_are_blank_in_a_modules_own_table_whatever_it_wrote() {
    // Nobody is in the rest, and three are in `c`.
    let bench = Bench::of(120, |p| {
        let place = if p < 3 { "c" } else { ["a", "b"][p % 2] };
        format!("{place},{}", 10 + p % 7)
    });
    let written = written(&["a", "b", "c", "other"], reals(&[1.0, 2.0, 3.0, 4.0]));
    let (verdict, table) = bench.judged(&own_plan(&bench), &frames(&written)).unwrap();
    assert_eq!(verdict.decision, Decision::Review);
    let table = table.unwrap();
    let figures = &table.columns()[1].values;
    assert_eq!(
        figures,
        &[
            Value::Number(1.0),
            Value::Number(2.0),
            Value::Absent,
            Value::Absent
        ]
    );
}

/// A model of the fare with these terms.
fn model(bench: &Bench, kind: RegressionKind, terms: Vec<TermPlan>) -> GatePlan {
    let mut output = output();
    output.model = Some(ModelPlan {
        kind,
        intercept: true,
        response: Source::Column(FARE),
        terms,
    });
    bench.plan(output, Vec::new())
}

fn term(column: usize) -> TermPlan {
    TermPlan::Number {
        name: name("term"),
        source: Source::Column(column),
    }
}

/// A term with a class for each of so many people.
fn people(many: usize) -> TermPlan {
    TermPlan::Banded {
        name: name("people"),
        column: PERSON,
        banding: Banding {
            name: name("people"),
            kind: BandingKind::Values {
                values: (0..many).map(|person| person.to_string()).collect(),
            },
            within: None,
        },
        reference: None,
    }
}

#[test]
fn a_model_that_cannot_be_is_withheld_with_its_reason() {
    use RegressionKind::{Linear, Logistic};
    let bench = Bench::ordinary();
    let huge = Bench::of(120, |p| {
        format!("a,{}", if p % 2 == 0 { "1e308" } else { "1.5e308" })
    });
    let alike = Bench::of(120, |_| "a,5".to_owned());
    let stays = |reason| Comes::Of(Decision::Withhold, reason);
    for (case, bench, plan, comes) in [
        (
            "as it should be",
            &bench,
            model(&bench, Linear, vec![term(PERSON)]),
            Comes::Of(Decision::Review, "no audit covers"),
        ),
        (
            "squares that overflow",
            &huge,
            model(&huge, Linear, vec![term(PERSON)]),
            stays("no finite number"),
        ),
        (
            "a response that is the same everywhere",
            &alike,
            model(&alike, Linear, vec![term(PERSON)]),
            stays("the same everywhere"),
        ),
        (
            "a response that is not 0 or 1",
            &bench,
            model(&bench, Logistic, vec![term(PERSON)]),
            stays("not 0 or 1"),
        ),
        (
            "a term that is the response",
            &bench,
            model(&bench, Linear, vec![term(FARE)]),
            stays("a rule for models failed"),
        ),
        (
            "a parameter for each of those who are fitted",
            &bench,
            model(&bench, Linear, vec![people(100)]),
            stays("saturated"),
        ),
        (
            "more parameters than are fitted",
            &bench,
            model(&bench, Linear, vec![people(150)]),
            stays("1 to 128 parameters"),
        ),
    ] {
        hold(case, &bench.judged(&plan, &[]), comes);
    }
}
