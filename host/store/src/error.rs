//! What can go wrong in the store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;
use yunei_ledger::LedgerError;
use yunei_model::{Code, LimitExceeded};

/// Errors of the database in this process, for whoever watches it.
static DATABASE_ERRORS: AtomicU64 = AtomicU64::new(0);

/// How often the database has failed since this process started: errors other than those about names that are taken, or things that
/// are not there.
#[must_use]
pub fn database_errors() -> u64 {
    DATABASE_ERRORS.load(Ordering::Relaxed)
}

/// Why the store did not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The data directory or a file in it cannot be used.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Another server has the data directory.
    #[error("data directory `{}` is in use by another server", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// There is no store in the directory.
    #[error("there is no store in `{}`", directory.display())]
    NoStore {
        /// The directory.
        directory: PathBuf,
    },
    /// The store was written by another version.
    #[error("the store is at schema version {found}, this program is for {expected}")]
    Schema {
        /// Version of the store.
        found: i64,
        /// Version of the program.
        expected: i64,
    },
    /// The schema cannot be brought up to date.
    #[error("the schema cannot be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A change in a store that is open for reading.
    #[error("the store is open for reading only")]
    ReadOnly,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// State was written and no entry recorded.
    #[error("a change of state was not recorded")]
    NotRecorded,
    /// A statement of this change failed before.
    #[error("an earlier statement of this change failed")]
    Failed,
    /// Something of that id, or of a name that is unique, is there already.
    #[error("`{thing}` is there already")]
    Taken {
        /// What kind of thing.
        thing: &'static str,
    },
    /// It refers to something that is not there.
    #[error("`{thing}` refers to something that is not there")]
    Dangling {
        /// What kind of thing.
        thing: &'static str,
    },
    /// There is nothing to change.
    #[error("there is no such `{thing}`")]
    Absent {
        /// What kind of thing.
        thing: &'static str,
    },
    /// What was kept cannot be read back.
    #[error("a `{thing}` cannot be read back")]
    Corrupt {
        /// What kind of thing.
        thing: &'static str,
        /// Cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A number that the database cannot hold.
    #[error("a number of `{thing}` is out of range")]
    Range {
        /// What kind of thing.
        thing: &'static str,
    },
    /// More than a group of calls, or a page, may have.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// A quota is used up; the limit's name is `runs`, `rows` or `released_cells`.
    #[error("a quota is used up")]
    Quota(#[source] LimitExceeded),
    /// A run used more than it had reserved.
    #[error("a run used more than it had reserved")]
    Overspent(#[source] LimitExceeded),
    /// The record is not as it should be.
    #[error("the record does not hold")]
    Ledger(#[source] LedgerError),
}

impl StoreError {
    /// The stable code that a client gets for it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Taken { .. } => Code::NameTaken,
            Self::Dangling { .. } | Self::Absent { .. } => Code::NotFound,
            Self::Quota(limit) => match limit.name.as_str() {
                crate::quota::RUNS => Code::QuotaRuns,
                crate::quota::ROWS => Code::QuotaRows,
                _ => Code::QuotaCells,
            },
            Self::NotRecorded | Self::Failed | Self::Database(_) | Self::Ledger(_) => {
                Code::RecordFailed
            }
            _ => Code::Internal,
        }
    }

    /// Whether the same may be done later: the database failed, as it does on a full disk, and is still open.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Failed => true,
            Self::Database(error) => !matches!(error, sqlx::Error::PoolClosed),
            _ => false,
        }
    }

    /// Gives a database error about `thing` its meaning.
    pub(crate) fn about(thing: &'static str, error: sqlx::Error) -> Self {
        match error.as_database_error().map(|e| e.kind()) {
            Some(sqlx::error::ErrorKind::UniqueViolation) => Self::Taken { thing },
            Some(sqlx::error::ErrorKind::ForeignKeyViolation) => Self::Dangling { thing },
            _ => Self::from(error),
        }
    }

    pub(crate) fn corrupt(
        thing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt {
            thing,
            source: source.into(),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        DATABASE_ERRORS.fetch_add(1, Ordering::Relaxed);
        Self::Database(error)
    }
}

impl From<LedgerError> for StoreError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}
