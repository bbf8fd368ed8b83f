//! Released tables as files. Equal tables give equal bytes.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};
use serde_json::{Map, Value as Json, json};
use thiserror::Error;
use yunei_model::{Code, Column, Language, Table, Value, inert};

/// Rows of a sheet, its heading included.
const SHEET_ROWS_MAX: usize = 1 << 20;
/// Columns of a sheet.
const SHEET_COLUMNS_MAX: usize = 1 << 14;
/// Characters of one cell of a sheet.
const SHEET_CELL_CHARS_MAX: usize = 32_767;

/// Why a table cannot be written.
#[derive(Debug, Error)]
pub enum ExportError {
    /// More than the format holds.
    #[error("the table is larger than the format holds")]
    TooLarge,
    /// Two columns of one name.
    #[error("two columns have one name")]
    ColumnTwice,
    /// Writing failed.
    #[error("the table cannot be written")]
    Write(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ExportError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLarge => Code::TooLarge,
            Self::ColumnTwice | Self::Write(_) => Code::Internal,
        }
    }

    fn write(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Write(error.into())
    }
}

/// Comma-separated values in UTF-8 with a byte-order mark (spreadsheets take Chinese for something else without one),
/// lines ending in CRLF. Absent values are empty.
///
/// A text that a spreadsheet would take for a formula gets an apostrophe before it.
///
/// # Errors
/// [`ExportError::Write`].
pub fn csv(table: &Table, titles: Language) -> Result<Vec<u8>, ExportError> {
    let mut out = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    let titles = table.columns().iter().map(|c| inert(title(c, titles)));
    out.write_record(titles).map_err(ExportError::write)?;
    for row in 0..table.rows() {
        let cells: Vec<String> = table.texts(row).collect();
        out.write_record(cells).map_err(ExportError::write)?;
    }
    out.into_inner()
        .map_err(|error| ExportError::write(io::Error::other(error.to_string())))
}

/// Parquet; columns are named by their names.
///
/// # Errors
/// [`ExportError::ColumnTwice`], [`ExportError::Write`].
pub fn parquet(table: &Table) -> Result<Vec<u8>, ExportError> {
    let columns = table.columns();
    for (index, column) in columns.iter().enumerate() {
        if columns.iter().take(index).any(|c| c.name == column.name) {
            return Err(ExportError::ColumnTwice);
        }
    }
    let arrays: Vec<ArrayRef> = columns.iter().map(array).collect();
    let fields = columns.iter().zip(&arrays);
    let fields = fields.map(|(c, a)| Field::new(c.name.as_str(), a.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut out = Vec::new();
    let mut writer =
        crate::canonical::writer(&mut out, Arc::clone(&schema)).map_err(ExportError::write)?;
    if !arrays.is_empty() {
        let batch = RecordBatch::try_new(schema, arrays).map_err(ExportError::write)?;
        writer.write(&batch).map_err(ExportError::write)?;
    }
    writer.close().map_err(ExportError::write)?;
    Ok(out)
}

/// An Excel workbook of one sheet. Absent values are empty cells, texts are never formulas.
///
/// # Errors
/// [`ExportError::TooLarge`], [`ExportError::Write`].
pub fn xlsx(table: &Table, titles: Language) -> Result<Vec<u8>, ExportError> {
    if table.rows() >= SHEET_ROWS_MAX || table.columns().len() > SHEET_COLUMNS_MAX {
        return Err(ExportError::TooLarge);
    }
    let mut book = Workbook::new();
    // A fixed date: the moment of writing is no part of the table.
    let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(ExportError::write)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    let sheet = book.add_worksheet();
    let heading = Format::new().set_bold();
    for (index, column) in (0_u16..).zip(table.columns()) {
        sheet
            .write_string_with_format(0, index, fitting(title(column, titles))?, &heading)
            .map_err(ExportError::write)?;
        for row in 0..table.rows() {
            let at = u32::try_from(row + 1).map_err(|_| ExportError::TooLarge)?;
            match cell(column, row) {
                Cell::Absent => continue,
                // A sheet has doubles alone: an integer past their precision is written as text.
                Cell::Integer(v) if v.unsigned_abs() > 1 << 53 => {
                    sheet.write_string(at, index, v.to_string())
                }
                Cell::Integer(v) => sheet.write_number(at, index, double(v)),
                Cell::Number(v) => sheet.write_number(at, index, v),
                Cell::Text(v) => sheet.write_string(at, index, fitting(v)?),
            }
            .map_err(ExportError::write)?;
        }
    }
    book.save_to_buffer().map_err(ExportError::write)
}

/// JSON: `{"columns": [{"name", "title"}], "rows": [[…]]}`; absent values are `null`.
///
/// # Errors
/// [`ExportError::Write`].
pub fn json(table: &Table, titles: Language) -> Result<Vec<u8>, ExportError> {
    let columns = table.columns().iter().map(|column| {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(column.name));
        object.insert("title".to_owned(), json!(title(column, titles)));
        Json::Object(object)
    });
    let rows = (0..table.rows()).map(|row| {
        let cells = table
            .columns()
            .iter()
            .map(|column| match cell(column, row) {
                Cell::Absent => Json::Null,
                Cell::Integer(v) => json!(v),
                Cell::Number(v) => json!(v),
                Cell::Text(v) => json!(v),
            });
        Json::Array(cells.collect())
    });
    let columns: Vec<Json> = columns.collect();
    let rows: Vec<Json> = rows.collect();
    serde_json::to_vec(&json!({ "columns": columns, "rows": rows })).map_err(ExportError::write)
}

enum Cell<'a> {
    Absent,
    Integer(i64),
    Number(f64),
    Text(&'a str),
}

fn cell(column: &Column, row: usize) -> Cell<'_> {
    match column.values.get(row) {
        Some(Value::Integer(v)) => Cell::Integer(*v),
        Some(Value::Number(v)) if v.is_finite() => Cell::Number(*v),
        Some(Value::Text(v)) => Cell::Text(v),
        // What is not finite is not defined.
        Some(Value::Absent | Value::Number(_)) | None => Cell::Absent,
    }
}

fn title(column: &Column, language: Language) -> &str {
    column
        .title
        .as_ref()
        .map_or(column.name.as_str(), |title| match language {
            Language::Zh => &title.zh,
            Language::En => &title.en,
        })
}

fn fitting(text: &str) -> Result<&str, ExportError> {
    if text.chars().count() > SHEET_CELL_CHARS_MAX {
        Err(ExportError::TooLarge)
    } else {
        Ok(text)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only called with integers that a double holds, or beside doubles"
)]
const fn double(value: i64) -> f64 {
    value as f64
}

/// Integers, numbers or texts: the narrowest that holds every value.
fn array(column: &Column) -> ArrayRef {
    let rows = column.values.len();
    let kind = (0..rows).fold(DataType::Null, |kind, row| {
        match (kind, cell(column, row)) {
            (kind, Cell::Absent) => kind,
            (DataType::Utf8, _) | (_, Cell::Text(_)) => DataType::Utf8,
            (DataType::Float64, _) | (_, Cell::Number(_)) => DataType::Float64,
            (_, Cell::Integer(_)) => DataType::Int64,
        }
    });
    match kind {
        DataType::Int64 => Arc::new(Int64Array::from_iter((0..rows).map(|row| {
            match cell(column, row) {
                Cell::Integer(v) => Some(v),
                _ => None,
            }
        }))),
        DataType::Float64 => Arc::new(Float64Array::from_iter((0..rows).map(|row| {
            match cell(column, row) {
                Cell::Integer(v) => Some(double(v)),
                Cell::Number(v) => Some(v),
                _ => None,
            }
        }))),
        _ => Arc::new(StringArray::from_iter((0..rows).map(|row| {
            match cell(column, row) {
                Cell::Absent => None,
                Cell::Integer(v) => Some(v.to_string()),
                Cell::Number(v) => Some(v.to_string()),
                Cell::Text(v) => Some(v.to_owned()),
            }
        }))),
    }
}

#[cfg(test)]
mod tests;
