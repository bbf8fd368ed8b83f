//! What a row costs the gate's accumulator, in one thread: part of `cargo xtask bench gate`.
//!
//! Duty: hand blocks of made-up rows of data subjects to the accumulator, over the cells of the benchmark's table and over a hundred by a hundred,
//! with and without margins, and tell the nanoseconds for each row.
//!
//! Invariants: the rows are the same for every machine; making them is not part of the clock.
//!
//! Never: ship with Yunei.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use yunei_disclosure::{
    Accumulator, Block, Dimension, Input, Measure, Presence, Protection, Shape, SubjectKey,
    SubjectRows,
};
use yunei_model::{Aggregate, Name};

/// Rows of one block, as many as the gate reads at once.
const BLOCK_ROWS: usize = 16_384;
/// Rows of a data subject.
const SUBJECT_ROWS: usize = 10;
/// Labels of each dimension: lines, days and bands of fares; and a hundred by a hundred.
const TABLES: [&[usize]; 2] = [&[64, 28, 6], &[100, 100]];

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match measure() {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<serde_json::Value, Failure> {
    let rows = std::env::args()
        .nth(1)
        .ok_or("usage: yunei-bench-accumulate ROWS")?;
    let blocks = rows.parse::<usize>()?.div_ceil(BLOCK_ROWS).max(1);
    let mut told = BTreeMap::new();
    for sizes in TABLES {
        for totals in [false, true] {
            let shape = shape(sizes, totals)?;
            let taken = accumulate(&shape, blocks)?;
            let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
            let margins = if totals { ", with margins" } else { "" };
            told.insert(
                format!("{}{margins}", sizes.join(" × ")),
                json!({
                    "rows": blocks * BLOCK_ROWS,
                    "millis": taken.as_secs_f64() * 1e3,
                    "nanos_per_row": taken.as_secs_f64() * 1e9 / f64::from(u32::try_from(blocks * BLOCK_ROWS)?),
                }),
            );
        }
    }
    Ok(json!(told))
}

fn shape(sizes: &[usize], totals: bool) -> Result<Shape, Failure> {
    let dimensions = sizes.iter().enumerate().map(|(axis, labels)| {
        Ok::<_, Failure>(Dimension {
            name: Name::parse(&format!("axis-{axis}"))?,
            title: None,
            labels: (0..*labels).map(|label| label.to_string()).collect(),
            sensitive: false,
        })
    });
    let measure = |name: &str, aggregate| {
        Ok::<_, Failure>(Measure {
            name: Name::parse(name)?,
            title: None,
            aggregate,
            weighted: false,
        })
    };
    let measures = vec![
        measure("rides", Aggregate::Count)?,
        measure("cards", Aggregate::DistinctSubjects)?,
        measure("takings", Aggregate::Sum)?,
    ];
    Ok(Shape::new(
        dimensions.collect::<Result<_, _>>()?,
        measures,
        totals,
    )?)
}

/// The time that the accumulator takes for all blocks and its end.
fn accumulate(shape: &Shape, blocks: usize) -> Result<Duration, Failure> {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects)?;
    let cells_all = u64::try_from(shape.cells())?;
    let mut random = 20_261_122_u64;
    let mut next = |below: u64| {
        // Knuth's linear congruential generator (The Art of Computer Programming, vol. 2, 3.3.4), upper half.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((random >> 32) * below) >> 32
    };
    let mut taken = Duration::ZERO;
    let mut cells = vec![0_u32; BLOCK_ROWS];
    let mut values = vec![0.0; BLOCK_ROWS];
    for block in 0..blocks {
        for (cell, value) in cells.iter_mut().zip(&mut values) {
            *cell = u32::try_from(next(cells_all))?;
            *value = f64::from(u32::try_from(next(2_000))?);
        }
        let subjects = subjects(block * BLOCK_ROWS)?;
        let inputs = [Input {
            values: &values,
            presence: Presence::All,
        }];
        let clock = Instant::now();
        accumulator.block(&Block {
            subjects: &subjects,
            groups: &[],
            cells: &cells,
            inputs: &inputs,
        })?;
        taken += clock.elapsed();
    }
    let clock = Instant::now();
    let statistics = accumulator.finish()?;
    taken += clock.elapsed();
    if statistics.rows(0) == 0 {
        return Err("nothing was accumulated".into());
    }
    Ok(taken)
}

/// Whose the rows of a block are that begins with row `first`: a subject may go on from the block before.
fn subjects(first: usize) -> Result<Vec<SubjectRows<'static>>, Failure> {
    let end = first + BLOCK_ROWS;
    let mut row = first;
    let mut subjects = Vec::new();
    while row < end {
        let until = end.min((row / SUBJECT_ROWS + 1) * SUBJECT_ROWS);
        subjects.push(SubjectRows {
            key: SubjectKey::Integer(i128::try_from(row / SUBJECT_ROWS)?),
            rows: until - row,
        });
        row = until;
    }
    Ok(subjects)
}
