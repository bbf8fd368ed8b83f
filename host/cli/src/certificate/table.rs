//! A table from a file, as whoever got it has it: comma-separated values, JSON or Parquet, told apart by how it begins.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use serde::Deserialize;
use yunei_ledger::PresentedTable;
use yunei_model::{TableDigest, Value};

use crate::failure::Input;
use crate::files;

/// Bytes of a table's file at most.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// A table in JSON, as it is delivered.
#[derive(Debug, Deserialize)]
struct Json {
    columns: Vec<Heading>,
    rows: Vec<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct Heading {
    name: String,
}

/// Reads a table.
pub fn read(path: &Path) -> anyhow::Result<PresentedTable> {
    let bytes = files::read(path, FILE_BYTES_MAX)?;
    let wrong = |what: &str| Input::new(format!("`{}` is no table in {what}", path.display()));
    let read = match bytes.as_slice() {
        [b'P', b'A', b'R', b'1', ..] => parquet(path).map_err(|e| wrong("Parquet").because(e)),
        [b'P', b'K', ..] => {
            let what = "a workbook cannot be verified: fetch the table as csv, json or parquet";
            Err(Input::new(what))
        }
        [b'{', ..] => json(&bytes).map_err(|e| wrong("JSON").because(e)),
        _ => csv(&bytes).map_err(|e| wrong("comma-separated values").because(e)),
    };
    Ok(read?)
}

fn csv(bytes: &[u8]) -> Result<PresentedTable, csv::Error> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(true)
        .from_reader(bytes);
    let headings = reader.headers()?.iter().map(str::to_owned).collect();
    let (mut digest, mut rows) = (TableDigest::default(), 0);
    for record in reader.records() {
        digest.row(record?.iter());
        rows += 1;
    }
    Ok(PresentedTable {
        headings,
        rows,
        digest: digest.finish(),
    })
}

fn json(bytes: &[u8]) -> Result<PresentedTable, serde_json::Error> {
    let table: Json = serde_json::from_slice(bytes)?;
    let mut digest = TableDigest::default();
    for row in &table.rows {
        digest.row(row.iter().map(Value::text));
    }
    Ok(PresentedTable {
        headings: table.columns.into_iter().map(|c| c.name).collect(),
        rows: table.rows.len() as u64,
        digest: digest.finish(),
    })
}

fn parquet(path: &Path) -> Result<PresentedTable, ParquetError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = reader.schema().clone();
    let headings = schema.fields().iter().map(|f| f.name().clone()).collect();
    let (mut digest, mut rows) = (TableDigest::default(), 0);
    for batch in reader.build()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = cells(&batch, row);
            digest.row(&cells);
        }
        rows += batch.num_rows() as u64;
    }
    Ok(PresentedTable {
        headings,
        rows,
        digest: digest.finish(),
    })
}

/// The cells of a row as texts; those of a type that no delivered table has are empty.
fn cells(batch: &RecordBatch, row: usize) -> Vec<String> {
    let columns = batch.columns().iter();
    columns
        .map(|column| {
            let any = column.as_any();
            if column.is_null(row) {
                Value::Absent
            } else if let Some(column) = any.downcast_ref::<Int64Array>() {
                Value::Integer(column.value(row))
            } else if let Some(column) = any.downcast_ref::<Float64Array>() {
                Value::Number(column.value(row))
            } else if let Some(column) = any.downcast_ref::<StringArray>() {
                Value::Text(column.value(row).to_owned())
            } else {
                Value::Absent
            }
            .text()
        })
        .collect()
}
