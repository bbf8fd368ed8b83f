//! Profiles, shapes and rows that tests share.

use yunei_model::{Aggregate, Name, Value};

use crate::{
    Accumulator, Dimension, Judgement, Measure, Profile, Protection, Shape, Statistics, SubjectKey,
    judge,
};

pub const FILES: [(&str, &str); 6] = [
    (
        "yunei",
        include_str!("../../../policies/disclosure/yunei.toml"),
    ),
    (
        "acro",
        include_str!("../../../policies/disclosure/acro.toml"),
    ),
    (
        "datashield",
        include_str!("../../../policies/disclosure/datashield.toml"),
    ),
    (
        "opensafely",
        include_str!("../../../policies/disclosure/opensafely.toml"),
    ),
    (
        "opensafely-midpoint",
        include_str!("../../../policies/disclosure/opensafely-midpoint.toml"),
    ),
    (
        "sdctable",
        include_str!("../../../policies/disclosure/sdctable.toml"),
    ),
];

pub fn profile(name: &str) -> Profile {
    let (_, text) = FILES.iter().find(|(n, _)| *n == name).unwrap();
    Profile::parse(text).unwrap()
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn dimension(text: &str, labels: usize) -> Dimension {
    Dimension {
        name: name(text),
        title: None,
        labels: (0..labels).map(|l| format!("{text}{l}")).collect(),
        sensitive: false,
    }
}

pub fn measure(text: &str, aggregate: Aggregate) -> Measure {
    Measure {
        name: name(text),
        title: None,
        aggregate,
        weighted: false,
    }
}

pub fn count_and_sum() -> Vec<Measure> {
    vec![
        measure("count", Aggregate::Count),
        measure("sum", Aggregate::Sum),
    ]
}

/// A shape over axes of these sizes, called a, b, c, ….
pub fn shape(sizes: &[usize], measures: Vec<Measure>, totals: bool) -> Shape {
    let dimensions = sizes
        .iter()
        .zip(["a", "b", "c", "d", "e", "f"])
        .map(|(labels, text)| dimension(text, *labels))
        .collect();
    Shape::new(dimensions, measures, totals).unwrap()
}

/// One row per subject: `(cell, value)`.
pub fn one_row_each(shape: &Shape, rows: &[(usize, Option<f64>)]) -> Statistics {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
    let inputs = shape.inputs().len();
    for (subject, (cell, value)) in rows.iter().enumerate() {
        accumulator
            .row(
                SubjectKey::Integer(subject as i128),
                *cell,
                &vec![*value; inputs],
            )
            .unwrap();
    }
    accumulator.finish().unwrap()
}

/// `counts` subjects in each inner cell, each contributing between 1 and 2.
pub fn counts(shape: &Shape, counts: &[usize]) -> Statistics {
    let rows: Vec<_> = counts
        .iter()
        .enumerate()
        .flat_map(|(cell, count)| {
            (0..*count).map(move |k| (cell, Some(1.0 + (k % 7) as f64 / 7.0)))
        })
        .collect();
    one_row_each(shape, &rows)
}

pub fn judged(shape: &Shape, statistics: &Statistics, profile_name: &str) -> Judgement {
    judge(
        statistics,
        shape,
        &profile(profile_name),
        statistics.protection(),
    )
}

/// Values of a column of the released table.
pub fn column(judgement: &Judgement, text: &str) -> Vec<Value> {
    let table = judgement.table.as_ref().unwrap_or_else(|| {
        panic!("nothing was released: {:?}", judgement.reasons);
    });
    let column = table.columns().iter().find(|c| c.name == name(text));
    column.unwrap().values.clone()
}
