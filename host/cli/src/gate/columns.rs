//! Columns of CSV and Parquet files.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use yunei_disclosure::review::{Columns, REVIEW_ROWS_MAX, Values};

use crate::failure::Input;
use crate::files;

/// Bytes of a file of microdata or of a table at most.
const FILE_BYTES_MAX: u64 = 8 << 30;
/// Columns of a file at most.
const COLUMNS_MAX: usize = 10_000;
/// What every Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";
/// What a CSV file may begin with, to say that it is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads the columns of a file that `wanted` names, or all of them.
pub fn read(path: &Path, wanted: Option<&BTreeSet<String>>) -> Result<Columns, Input> {
    let (file, bytes) = files::open(path)?;
    if bytes > FILE_BYTES_MAX {
        let what = format!("`{}` is larger than {FILE_BYTES_MAX} bytes", path.display());
        return Err(Input::new(what).coded("too-large"));
    }
    let begins = files::beginning(path, PARQUET.len() as u64)?;
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| wanted.contains(name));
    let columns = if begins == PARQUET {
        parquet(file, &is_wanted)
    } else {
        csv(file, &is_wanted)
    };
    columns
        .map_err(|fault| {
            Input::new(format!("`{}` cannot be read", path.display()))
                .coded(fault.code)
                .because(fault.reason)
        })
        .and_then(|columns| {
            Columns::new(columns).map_err(|error| {
                Input::new(format!("`{}` cannot be reviewed", path.display()))
                    .coded(error.code())
                    .because(error)
            })
        })
}

/// What is wrong with a file. No value of a row is in it.
struct Fault {
    code: &'static str,
    reason: String,
}

impl Fault {
    fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

impl From<csv::Error> for Fault {
    fn from(error: csv::Error) -> Self {
        let at = |position: &Option<csv::Position>| {
            let line = position.as_ref().map(csv::Position::line);
            line.map_or_else(String::new, |line| format!("line {line} "))
        };
        match error.kind() {
            csv::ErrorKind::UnequalLengths {
                pos,
                expected_len,
                len,
            } => Self::new(
                "ragged",
                format!("{}has {len} fields instead of {expected_len}", at(pos)),
            ),
            csv::ErrorKind::Utf8 { pos, .. } => {
                Self::new("not-utf-8", format!("{}is not UTF-8", at(pos)))
            }
            _ => Self::new("unreadable", "it is no CSV"),
        }
    }
}

type Named = Vec<(String, Values)>;

fn too_many_rows() -> Fault {
    Fault::new(
        "too-large",
        format!("it has more than {REVIEW_ROWS_MAX} rows"),
    )
}

fn csv(file: File, wanted: &dyn Fn(&str) -> bool) -> Result<Named, Fault> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let header = reader.headers()?.clone();
    if header.is_empty() || header.len() > COLUMNS_MAX {
        return Err(Fault::new("unreadable", "it has no columns, or too many"));
    }
    let mut columns: Vec<(usize, String, Vec<Option<String>>)> = header
        .iter()
        .enumerate()
        .map(|(place, name)| (place, name.trim_start_matches(BYTE_ORDER_MARK).trim()))
        .filter(|(_, name)| wanted(name))
        .map(|(place, name)| (place, name.to_owned(), Vec::new()))
        .collect();
    let mut record = csv::StringRecord::new();
    let mut rows = 0_usize;
    while reader.read_record(&mut record)? {
        rows += 1;
        if rows > REVIEW_ROWS_MAX {
            return Err(too_many_rows());
        }
        for (place, _, values) in &mut columns {
            let text = record.get(*place).filter(|text| !text.is_empty());
            values.push(text.map(str::to_owned));
        }
    }
    Ok(columns
        .into_iter()
        .map(|(_, name, values)| (name, Values::Text(values)))
        .collect())
}

fn parquet(file: File, wanted: &dyn Fn(&str) -> bool) -> Result<Named, Fault> {
    let broken = |_| Fault::new("unreadable", "it is no Parquet file that can be read");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
    let fields = builder.schema().fields().clone();
    if fields.len() > COLUMNS_MAX {
        return Err(Fault::new("unreadable", "it has too many columns"));
    }
    let roots: Vec<usize> = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| wanted(field.name()))
        .map(|(place, _)| place)
        .collect();
    let mut columns: Named = roots
        .iter()
        .filter_map(|place| fields.get(*place))
        .map(|field| {
            let values = if field.data_type().is_floating() {
                Values::Number(Vec::new())
            } else {
                Values::Text(Vec::new())
            };
            (field.name().clone(), values)
        })
        .collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let reader = builder.with_projection(mask).build().map_err(broken)?;
    let mut rows = 0_usize;
    for batch in reader {
        let batch = batch.map_err(|_| Fault::new("unreadable", "a row group cannot be read"))?;
        rows += batch.num_rows();
        if rows > REVIEW_ROWS_MAX {
            return Err(too_many_rows());
        }
        for ((name, values), array) in columns.iter_mut().zip(batch.columns()) {
            append(values, array).ok_or_else(|| {
                let reason = format!("column `{name}` is of a type that is no text and no number");
                Fault::new("unreadable", reason)
            })?;
        }
    }
    Ok(columns)
}

/// Appends an array; none where its type is neither text nor number.
fn append(values: &mut Values, array: &ArrayRef) -> Option<()> {
    match values {
        Values::Number(numbers) => {
            let array = cast(array, &DataType::Float64).ok()?;
            numbers.extend(array.as_primitive::<Float64Type>().iter());
        }
        Values::Text(texts) => {
            if array.data_type().is_nested() {
                return None;
            }
            let array = cast(array, &DataType::Utf8).ok()?;
            let array = array.as_string::<i32>();
            texts.extend((0..array.len()).map(|row| {
                let there = array.is_valid(row) && !array.value(row).is_empty();
                there.then(|| array.value(row).to_owned())
            }));
        }
    }
    Some(())
}
