//! Tables that leave the domain.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Name, Text};

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
