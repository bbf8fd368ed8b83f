//! Why an import is refused. A message names line and column, never a value.

use std::io;

use thiserror::Error;
use yunei_model::{Code, FieldType, LimitExceeded, Name, SnapshotId, Timestamp};

use super::LINE_BYTES_MAX;
use crate::VaultError;

/// What is wrong with one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueFault {
    /// It is not of the field's type, or cannot be kept exactly.
    Type(FieldType),
    /// It is absent where the field always has a value.
    Absent,
}

impl std::fmt::Display for ValueFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Type(kind) => write!(f, "is no exact `{kind}`"),
            Self::Absent => f.write_str("is absent"),
        }
    }
}

/// Why an import is refused.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Absolute, with `..`, through a link, or not a regular file.
    #[error("the path `{path}` {reason}")]
    Path {
        /// The path, cut.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file is not in its encoding.
    #[error("line {line} is not in the encoding of the file")]
    Encoding {
        /// Line, from 1.
        line: u64,
    },
    /// More columns than any resource has.
    #[error("there are more columns than a resource can have")]
    TooWide,
    /// The columns are not those of the resource.
    #[error("{}", header(missing, unknown, twice))]
    Header {
        /// Fields without a column.
        missing: Vec<Name>,
        /// Positions (from 1) of columns that are no field.
        unknown: Vec<usize>,
        /// Fields with more than one column.
        twice: Vec<Name>,
    },
    /// A column's type holds no values of the field's type.
    #[error("column `{column}` has a type that holds no `{expected}`")]
    ColumnType {
        /// The field.
        column: Name,
        /// Its type.
        expected: FieldType,
    },
    /// A row with too few or too many values.
    #[error("line {line} has {found} values where there are {expected} columns")]
    Ragged {
        /// Line, from 1.
        line: u64,
        /// Values found; one past the greatest possible stands for more.
        found: usize,
        /// Columns.
        expected: usize,
    },
    /// A wrong value.
    #[error("in line {line}, the value of `{column}` {fault}")]
    Value {
        /// Line of a CSV file, row of a Parquet file, from 1.
        line: u64,
        /// The field.
        column: Name,
        /// What is wrong.
        fault: ValueFault,
    },
    /// A CSV record that does not end.
    #[error("line {line} is longer than {LINE_BYTES_MAX} bytes")]
    LineTooLong {
        /// Line, from 1.
        line: u64,
    },
    /// The file ends too early, or is damaged.
    #[error("the file is cut short or damaged")]
    Truncated,
    /// Two rows of one key.
    #[error("two rows have the same {}", key.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))]
    KeyTwice {
        /// The key.
        key: Vec<Name>,
    },
    /// No rows.
    #[error("the file has no rows")]
    Empty,
    /// The snapshot to add to is of another resource.
    #[error("snapshot `{snapshot}` is not one of this resource")]
    OntoOther {
        /// The snapshot.
        snapshot: SnapshotId,
    },
    /// The snapshot to add to was checked against another schema.
    #[error("the snapshot has schema version {found}, the resource has {expected}")]
    OntoSchema {
        /// The snapshot's.
        found: u32,
        /// The resource's.
        expected: u32,
    },
    /// The file tells of an earlier time than the snapshot to add to.
    #[error("the snapshot tells of {onto}, which is later")]
    OntoOrder {
        /// The snapshot's time.
        onto: Timestamp,
    },
    /// A named limit.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Reading failed.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// Rows could not be arranged or written.
    #[error("the rows cannot be written")]
    Write,
}

impl ImportError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Path { .. } => Code::ImportPath,
            Self::Encoding { .. } => Code::ImportEncoding,
            Self::TooWide => Code::ImportTooWide,
            Self::Header { .. } => Code::ImportHeader,
            Self::Ragged { .. } => Code::ImportRagged,
            Self::Value { .. } | Self::ColumnType { .. } => Code::ImportType,
            Self::LineTooLong { .. } | Self::Limit(_) => Code::TooLarge,
            Self::Truncated => Code::ImportTruncated,
            Self::KeyTwice { .. } => Code::ImportKey,
            Self::Empty => Code::ImportEmpty,
            Self::OntoOther { .. } => Code::OntoUnknown,
            Self::OntoSchema { .. } => Code::OntoSchema,
            Self::OntoOrder { .. } => Code::OntoOrder,
            Self::Vault(error) => error.code(),
            Self::Io(_) | Self::Write => Code::Internal,
        }
    }

    /// The line of a CSV file, or row of a Parquet file, that is wrong.
    #[must_use]
    pub const fn line(&self) -> Option<u64> {
        match self {
            Self::Encoding { line }
            | Self::Ragged { line, .. }
            | Self::Value { line, .. }
            | Self::LineTooLong { line } => Some(*line),
            _ => None,
        }
    }

    /// The column that is wrong.
    #[must_use]
    pub const fn column(&self) -> Option<&Name> {
        match self {
            Self::Value { column, .. } | Self::ColumnType { column, .. } => Some(column),
            _ => None,
        }
    }
}

fn header(missing: &[Name], unknown: &[usize], twice: &[Name]) -> String {
    let names = |names: &[Name]| {
        let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        quoted.join(", ")
    };
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("there is no column for {}", names(missing)));
    }
    if !unknown.is_empty() {
        let positions: Vec<String> = unknown.iter().map(usize::to_string).collect();
        parts.push(format!(
            "the columns at {} are no fields",
            positions.join(", ")
        ));
    }
    if !twice.is_empty() {
        parts.push(format!("there are several columns for {}", names(twice)));
    }
    parts.join("; ")
}
