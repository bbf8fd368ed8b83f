//! Why a view cannot be opened or read.

use datafusion::common::{DataFusionError, SchemaError};
use thiserror::Error;
use yunei_model::{Code, FieldType, LimitExceeded, Name};

use super::ConditionError;

/// Characters of a planner's explanation at most.
const DETAIL_CHARS_MAX: usize = 240;

/// Why a view cannot be opened or read. No text holds a value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ViewError {
    /// More of something than its named limit.
    #[error("there are at most {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// Two views of one name.
    #[error("there are two views `{view}`")]
    ViewTwice {
        /// The view.
        view: Name,
    },
    /// Two columns of one name.
    #[error("view `{view}` has two columns `{column}`")]
    ColumnTwice {
        /// The view.
        view: Name,
        /// The column.
        column: Name,
    },
    /// Descriptors and parts differ in number, or there is none.
    #[error("view `{view}` has {parts} parts and {files} descriptors")]
    Descriptors {
        /// The view.
        view: Name,
        /// Parts of the plan.
        parts: usize,
        /// Descriptors.
        files: usize,
    },
    /// A part is not what the plan says.
    #[error("a part of view `{view}` is damaged or not what the plan says")]
    Corrupt {
        /// The view.
        view: Name,
    },
    /// The snapshot has no such column of that type.
    #[error("the snapshot of view `{view}` has no column `{column}` of type `{kind}`")]
    Column {
        /// The view.
        view: Name,
        /// The column.
        column: Name,
        /// Type that the plan gives.
        kind: FieldType,
    },
    /// A withheld field in a plan.
    #[error("column `{column}` of view `{view}` is withheld from everybody")]
    Withheld {
        /// The view.
        view: Name,
        /// The column.
        column: Name,
    },
    /// A mask that the type cannot bear.
    #[error("the mask of column `{column}` of view `{view}` does not fit its type")]
    Mask {
        /// The view.
        view: Name,
        /// The column.
        column: Name,
    },
    /// A row filter that cannot be applied.
    #[error("the row filter of view `{view}` cannot be applied")]
    Filter {
        /// The view.
        view: Name,
        /// Why.
        #[source]
        source: ConditionError,
    },
    /// A table that rows cannot be looked up in.
    #[error("rows of view `{view}` cannot be looked up in `{table}`")]
    Lookup {
        /// The view.
        view: Name,
        /// The table.
        table: Name,
    },
    /// No such view.
    #[error("there is no view `{view}`")]
    UnknownView {
        /// The name asked for, cut.
        view: String,
    },
    /// No such column.
    #[error("the views have no column `{column}`")]
    UnknownColumn {
        /// The name asked for, cut.
        column: String,
    },
    /// A position past the last column.
    #[error("there is no column at {position}, the view has {columns}")]
    Position {
        /// The position, from 0.
        position: usize,
        /// Columns of the view.
        columns: usize,
    },
    /// A position twice in one scan.
    #[error("the column at {position} is asked for twice")]
    PositionTwice {
        /// The position, from 0.
        position: usize,
    },
    /// Text past a limit.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// Something other than one query.
    #[error("only one `SELECT` or `WITH … SELECT` is run")]
    NotOneQuery,
    /// A query that cannot be parsed or planned. The detail quotes the query and names of granted columns alone.
    #[error("the query cannot be planned: {detail}")]
    Query {
        /// The planner's words, cut.
        detail: String,
    },
    /// A result column of a type that no guest column has.
    #[error("the type of result column `{column}` cannot be handed over")]
    ResultType {
        /// The column, cut.
        column: String,
    },
    /// A query needs more memory than it may have.
    #[error("the query needs more memory than it may have")]
    Memory,
    /// Evaluation failed. What failed could tell of rows, so nothing is said.
    #[error("the query failed on the rows that it read")]
    Failed,
}

impl ViewError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::UnknownView { .. } => Code::GrantResource,
            Self::UnknownColumn { .. } | Self::Position { .. } | Self::Withheld { .. } => {
                Code::GrantField
            }
            Self::Corrupt { .. } | Self::Column { .. } | Self::Lookup { .. } => {
                Code::SnapshotCorrupt
            }
            Self::PositionTwice { .. }
            | Self::NotOneQuery
            | Self::Query { .. }
            | Self::ResultType { .. }
            | Self::Failed => Code::BadRequest,
            Self::Limit(_) | Self::Memory | Self::TooMany { .. } => Code::TooLarge,
            Self::ViewTwice { .. }
            | Self::ColumnTwice { .. }
            | Self::Descriptors { .. }
            | Self::Mask { .. }
            | Self::Filter { .. } => Code::Internal,
        }
    }

    /// A failure while a query is planned: no row was read, so the planner may be quoted.
    pub(super) fn planning(error: &DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::SchemaError(reason, _) => match reason.as_ref() {
                SchemaError::FieldNotFound { field, .. } => Self::UnknownColumn {
                    column: cut(&field.name),
                },
                other => Self::Query {
                    detail: cut(&other.to_string()),
                },
            },
            root => Self::Query {
                detail: cut(&root.to_string()),
            },
        }
    }

    /// A failure while rows are read.
    pub(super) fn executing(error: &DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::Memory,
            _ => Self::Failed,
        }
    }
}

/// A text that came from a guest, cut.
pub(super) fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(DETAIL_CHARS_MAX)
        .collect()
}
