//! The native side of `cargo xtask bench scan`, and the rows that both sides read.
//!
//! Duty: make synthetic rows from a fixed seed (`make`), and sum them outside the sandbox (`sum`): the module's own kernel
//! on the catalogue's own reader, with the projection, order and batches of a feed.
//!
//! Invariants: the same number of rows is the same file; what is timed begins before the first footer is read and ends after the last group.
//!
//! Never: ship with Yunei.

#[path = "../../../../tests/guests/bench/grouped-sum/src/kernel.rs"]
mod kernel;

use std::fs::File;
use std::num::TryFromIntError;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, AsArray as _, Date32Array, Int32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use arrow::error::ArrowError;
use futures::StreamExt as _;
use kernel::Sums;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use serde_json::json;
use thiserror::Error;
use yunei_benchmarks::{SplitMix, TakingsError, ended, takings};
use yunei_catalog::{ViewError, Views};

/// Seed of the rows.
const SEED: u64 = 20_261_122;
/// Rides of one card.
const RIDES_PER_CARD: u64 = 10;
/// Lines, from 1.
const LINES: u64 = 64;
/// Fares are below this many fen.
const FARE_FEN_MAX: u64 = 2_000;
/// Days over which the rides of a card are spread, from the first of 2026.
const DAYS: u64 = 28;
/// 2026-01-01 in days since 1970.
const FIRST_DAY: i32 = 20_454;
/// Rows handed to the writer at once.
const ROWS_AT_ONCE: u64 = 1 << 16;

const USAGE: &str =
    "usage: yunei-bench-scan make ROWS FILE\n       yunei-bench-scan sum ROWS PART [ROWS PART]…";

/// Why it ended.
#[derive(Debug, Error)]
enum BenchError {
    #[error("{USAGE}")]
    Usage,
    #[error("a file")]
    File(#[from] std::io::Error),
    #[error("the rows cannot be written")]
    Parquet(#[from] ParquetError),
    #[error("the rows do not fit together")]
    Arrow(#[from] ArrowError),
    #[error("a number is too large")]
    Number(#[from] TryFromIntError),
    #[error("the rows to be read")]
    Takings(#[from] TakingsError),
    #[error("the view")]
    View(#[from] ViewError),
    #[error("a column has another type")]
    Column,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    ended(run(&arguments))
}

fn run(arguments: &[String]) -> Result<serde_json::Value, BenchError> {
    let (command, files) = arguments.split_first().ok_or(BenchError::Usage)?;
    let files = files.chunks(2).map(|pair| match pair {
        [rows, path] => Ok((rows.parse().map_err(|_| BenchError::Usage)?, path.as_str())),
        _ => Err(BenchError::Usage),
    });
    let files: Vec<(u64, &str)> = files.collect::<Result<_, _>>()?;
    match (command.as_str(), files.as_slice()) {
        ("make", [(rows, path)]) => make(*rows, File::create(path)?),
        ("sum", parts) => sum(parts),
        _ => Err(BenchError::Usage),
    }
}

/// Writes the rows, card by card.
fn make(rows: u64, file: File) -> Result<serde_json::Value, BenchError> {
    let field = |name: &str, kind| Field::new(name, kind, false);
    let schema = Arc::new(Schema::new(vec![
        field("card", DataType::Int64),
        field("day", DataType::Date32),
        field("line", DataType::Int32),
        field("fare_fen", DataType::Int64),
    ]));
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None)?;
    let mut random = SplitMix::of(SEED);
    let mut first = 0;
    while first < rows {
        let last = rows.min(first.saturating_add(ROWS_AT_ONCE));
        let cards = (first..last).map(|row| i64::try_from(row / RIDES_PER_CARD));
        let cards: Int64Array = cards.collect::<Result<Vec<_>, _>>()?.into();
        let mut days = Vec::new();
        let mut lines = Vec::new();
        let mut fares = Vec::new();
        for _ in first..last {
            days.push(FIRST_DAY + i32::try_from(random.below(DAYS))?);
            lines.push(1 + i32::try_from(random.below(LINES))?);
            fares.push(i64::try_from(random.below(FARE_FEN_MAX))?);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(cards),
            Arc::new(Date32Array::from(days)),
            Arc::new(Int32Array::from(lines)),
            Arc::new(Int64Array::from(fares)),
        ];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        first = last;
    }
    writer.close()?;
    Ok(json!({ "rows": rows }))
}

/// Sums the rows of a snapshot's parts as the module does, and tells how long it took and what came of it.
fn sum(parts: &[(u64, &str)]) -> Result<serde_json::Value, BenchError> {
    let (plan, files) = takings(parts)?;
    let name = plan.name.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    // As a room does before its lock, so before anything that counts.
    yunei_catalog::prepare()?;

    let start = Instant::now();
    let views = Views::open(vec![(plan, files)])?;
    let mut batches = views.scan(&name, &[0, 1])?;
    let mut sums = Sums::default();
    let (mut seen, mut count) = (0_usize, 0_u64);
    while let Some(batch) = runtime.block_on(batches.next()) {
        let batch = batch?;
        let [lines, fares] = batch.columns() else {
            return Err(BenchError::Column);
        };
        let lines = lines.as_primitive_opt::<Int32Type>();
        let fares = fares.as_primitive_opt::<Int64Type>();
        let (Some(lines), Some(fares)) = (lines, fares) else {
            return Err(BenchError::Column);
        };
        sums.add(lines.values(), fares.values());
        seen += batch.num_rows();
        count += 1;
    }
    let totals: Vec<(i32, i64)> = sums.totals().collect();
    let took = start.elapsed();

    let total: i64 = totals.iter().map(|(_, total)| total).sum();
    Ok(json!({
        "seconds": took.as_secs_f64(),
        "rows": seen,
        "batches": count,
        "groups": totals.len(),
        "total": total,
    }))
}
