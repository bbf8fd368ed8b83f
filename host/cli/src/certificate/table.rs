//! A table from a file, as whoever got it has it: comma-separated values, JSON or Parquet, told apart by how it begins.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use serde::Deserialize;
use yunei_ledger::PresentedTable;
use yunei_model::{TableDigest, Value, inert};

use crate::failure::Input;
use crate::files;

/// Bytes of a table's file at most.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// A table in JSON, as it is delivered: with anything besides it is another document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    columns: Vec<Heading>,
    rows: Vec<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    name: String,
    title: String,
}

/// A table as a file has it, under each set of headings that its reader sees: JSON has titles beside the names.
pub type Readings = Vec<PresentedTable>;

/// Reads a table.
pub fn read(path: &Path) -> anyhow::Result<Readings> {
    let bytes = files::read(path, FILE_BYTES_MAX)?;
    let wrong = |what: &str| Input::new(format!("`{}` is no table in {what}", path.display()));
    let read = match bytes.as_slice() {
        [b'P', b'A', b'R', b'1', ..] => parquet(path)
            .map(|table| vec![table])
            .map_err(|e| wrong("Parquet").because(e)),
        [b'P', b'K', ..] => {
            let what = "a workbook cannot be verified: fetch the table as csv, json or parquet";
            Err(Input::new(what))
        }
        [b'{', ..] => json(&bytes).map_err(|e| wrong("JSON").because(e)),
        _ => csv(&bytes)
            .map(|table| vec![table])
            .map_err(|e| wrong("comma-separated values").because(e)),
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

fn json(bytes: &[u8]) -> Result<Readings, serde_json::Error> {
    let table: Json = serde_json::from_slice(bytes)?;
    let mut digest = TableDigest::default();
    for row in &table.rows {
        digest.row(row.iter().map(Value::text));
    }
    let named = PresentedTable {
        headings: table.columns.iter().map(|c| c.name.clone()).collect(),
        rows: table.rows.len() as u64,
        digest: digest.finish(),
    };
    let titles = table.columns.iter().map(|c| inert(&c.title));
    let titled = PresentedTable {
        headings: titles.collect(),
        ..named.clone()
    };
    Ok(vec![named, titled])
}

fn parquet(path: &Path) -> Result<PresentedTable, ParquetError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = reader.schema().clone();
    let headings = schema.fields().iter().map(|f| f.name().clone()).collect();
    let (mut digest, mut rows) = (TableDigest::default(), 0);
    for batch in reader.build()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            digest.row(cells(&batch, row)?);
        }
        rows += batch.num_rows() as u64;
    }
    Ok(PresentedTable {
        headings,
        rows,
        digest: digest.finish(),
    })
}

/// The cells of a row as texts.
fn cells(batch: &RecordBatch, row: usize) -> Result<Vec<String>, ParquetError> {
    let columns = batch.columns().iter();
    columns
        .map(|column| {
            let any = column.as_any();
            let value = |value: Value| {
                if column.is_null(row) {
                    Value::Absent
                } else {
                    value
                }
            };
            if let Some(column) = any.downcast_ref::<Int64Array>() {
                Ok(value(Value::Integer(column.value(row))).text())
            } else if let Some(column) = any.downcast_ref::<Float64Array>() {
                Ok(value(Value::Number(column.value(row))).text())
            } else if let Some(column) = any.downcast_ref::<StringArray>() {
                Ok(value(Value::Text(column.value(row).to_owned())).text())
            } else {
                // INVARIANT: no delivered table has such a column. Read as blank it could stand for a column that is.
                let kind = column.data_type();
                Err(ParquetError::General(format!("a column of type {kind}")))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
