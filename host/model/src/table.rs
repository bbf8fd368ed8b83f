//! Tables that leave the domain.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{Digest, Name, Text};

/// A value in a released table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Suppressed, or not defined (a mean over nothing).
    Absent,
    /// A count.
    Integer(i64),
    /// A figure.
    Number(f64),
    /// A label.
    Text(String),
}

/// A column of a released table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Name.
    pub name: Name,
    /// What people read.
    pub title: Option<Text>,
    /// One value per row.
    pub values: Vec<Value>,
}

/// A released table: columns of equal length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// A table of columns of equal length.
    ///
    /// # Errors
    /// [`TableError`] when lengths differ.
    pub fn new(columns: Vec<Column>) -> Result<Self, TableError> {
        let rows = columns.first().map_or(0, |c| c.values.len());
        match columns.iter().find(|c| c.values.len() != rows) {
            Some(odd) => Err(TableError {
                column: odd.name.clone(),
                length: odd.values.len(),
                rows,
            }),
            None => Ok(Self { columns, rows }),
        }
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The cells of a row as the texts that comma-separated values have; past the last row nothing but empty ones.
    pub fn texts(&self, row: usize) -> impl Iterator<Item = String> {
        self.columns
            .iter()
            .map(move |column| column.values.get(row).map_or_else(String::new, Value::text))
    }

    /// Digest of the rows, the same whichever format they were delivered in; see [`TableDigest`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digest = TableDigest::default();
        for row in 0..self.rows {
            digest.row(self.texts(row));
        }
        digest.finish()
    }

    /// Rows in which a value is absent.
    #[must_use]
    pub fn blank_rows(&self) -> usize {
        let absent = |row: usize| {
            let mut values = self.columns.iter().map(|column| column.values.get(row));
            values.any(|value| value.is_none_or(|value| value.text().is_empty()))
        };
        (0..self.rows).filter(|row| absent(*row)).count()
    }
}

impl Value {
    /// The value as a text: nothing when it is absent or not finite; digits and perhaps a point, never an exponent, as few as read
    /// back to the same number; a label as it is, after an apostrophe where a spreadsheet would take it for a formula.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Number(value) if value.is_finite() => value.to_string(),
            // What is not finite is not defined.
            Self::Absent | Self::Number(_) => String::new(),
            Self::Text(text) => inert(text),
        }
    }
}

/// A text that a spreadsheet would take for a formula, after an apostrophe; any other as it is.
#[must_use]
pub fn inert(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// SHA-256 over the rows of a table, so that whoever has it as a file can compute it anew: each row is one line, the JSON list of its
/// cells as texts ([`Value::text`]), escaped as RFC 8785 says, with a line feed at its end. Headings are no part of it.
#[derive(Debug, Clone, Default)]
pub struct TableDigest(Sha256);

impl TableDigest {
    /// Adds the next row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut line = String::from("[");
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                line.push(',');
            }
            line.push_str(&serde_json::Value::from(cell.as_ref()).to_string());
        }
        line.push_str("]\n");
        self.0.update(line.as_bytes());
    }

    /// The digest of all rows so far.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::from_bytes(self.0.finalize().into())
    }
}

/// Columns of different lengths.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("column `{column}` has {length} values where the table has {rows} rows")]
pub struct TableError {
    /// The column.
    pub column: Name,
    /// Its length.
    pub length: usize,
    /// The table's rows.
    pub rows: usize,
}

#[cfg(test)]
mod tests;
