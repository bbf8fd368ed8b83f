//! Errors of a module: what happened, in a sentence that stays in the domain.

use std::fmt;

use crate::Kind;
use crate::bindings::analysis::yunei::guest::tables::Denial;

/// Result of anything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a module cannot go on.
///
/// The host puts the message on record for those entitled to see it; an operating unit never does.
/// Keep row values out of it all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The host refused.
    Denied {
        /// What was asked for.
        what: String,
        /// Stable code of the refusal.
        code: String,
        /// The clause that refused.
        clause: Option<String>,
    },
    /// The table has no such field, or the grant does not name it.
    NoField {
        /// Table.
        table: String,
        /// Field.
        field: String,
    },
    /// A column was read or written as something that it is not.
    Kind {
        /// Column.
        column: String,
        /// What it is.
        actual: Kind,
        /// What was asked for.
        wanted: &'static str,
    },
    /// A value is absent where the module did not allow for it: read the column as `Option<…>`.
    Absent {
        /// Column.
        column: String,
        /// Row in its batch.
        row: usize,
    },
    /// A row has another number of values than there are columns.
    Width {
        /// Columns.
        columns: usize,
        /// Values in a row.
        values: usize,
    },
    /// The host gave a column whose parts do not fit each other.
    Malformed {
        /// Column.
        column: String,
    },
    /// The run has no such parameter, or one of another type.
    Parameter {
        /// Name.
        name: String,
    },
    /// What the module itself says.
    Message(String),
}

impl Error {
    pub(crate) fn denied(what: &str, denial: Denial) -> Self {
        Self::Denied {
            what: what.to_owned(),
            code: denial.code,
            clause: denial.clause,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { what, code, clause } => {
                write!(f, "{what} was refused: {code}")?;
                clause.iter().try_for_each(|c| write!(f, " (clause `{c}`)"))
            }
            Self::NoField { table, field } => write!(
                f,
                "table `{table}` has no field `{field}`, or the grant does not name it"
            ),
            Self::Kind {
                column,
                actual,
                wanted,
            } => {
                let actual = kind_name(*actual);
                write!(f, "column `{column}` is {actual}, not {wanted}")
            }
            Self::Absent { column, row } => write!(
                f,
                "column `{column}` has no value in row {row}: use an `Option`"
            ),
            Self::Width { columns, values } => {
                write!(f, "rows of {values} values for {columns} columns")
            }
            Self::Malformed { column } => {
                write!(f, "the parts of column `{column}` do not fit each other")
            }
            Self::Parameter { name } => {
                write!(f, "the run has no parameter `{name}` of the type asked for")
            }
            Self::Message(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

/// The kind's name in the guest interface.
pub(crate) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Float64 => "float64",
        Kind::Decimal128 => "decimal128",
        Kind::Text => "text",
        Kind::Date32 => "date32",
        Kind::TimestampUs => "timestamp-us",
    }
}
