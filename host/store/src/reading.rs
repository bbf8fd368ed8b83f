//! How things are read: by key, or in pages.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use yunei_model::Timestamp;

use crate::StoreError;

/// Rows of one page at most; a page that asks for more gets as many.
pub const PAGE_ROWS_MAX: u32 = 1000;

/// A row of any table.
pub(crate) type Row = SqliteRow;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Oldest first.
    #[default]
    Rising,
    /// Newest first.
    Falling,
}

/// Which part of a list: so many, after that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<I> {
    /// The last one that the asker has; `None` at the beginning.
    pub after: Option<I>,
    /// How many, [`PAGE_ROWS_MAX`] at most.
    pub limit: u32,
    /// Which way.
    pub order: Order,
}

impl<I> Page<I> {
    /// The first `limit`, oldest first.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self {
            after: None,
            limit,
            order: Order::Rising,
        }
    }

    /// The same, after `last`.
    #[must_use]
    pub fn after(self, last: impl Into<Option<I>>) -> Self {
        Self {
            after: last.into(),
            ..self
        }
    }

    /// The same, newest first.
    #[must_use]
    pub fn falling(self) -> Self {
        Self {
            order: Order::Falling,
            ..self
        }
    }

    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit.min(PAGE_ROWS_MAX))
    }
}

/// Writes each read once, and offers it on a [`crate::Store`] (as committed) and in a [`crate::Change`]
/// (with what the change wrote so far).
macro_rules! reads {
    ($($(#[$meta:meta])* fn $name:ident $(<$generic:ident: $bound:path>)? ($($arg:ident: $kind:ty),* $(,)?) -> $out:ty = |$connection:ident| $body:expr;)+) => {
        impl crate::Store {$(
            $(#[$meta])*
            ///
            /// # Errors
            /// [`crate::StoreError`] when the database fails.
            pub async fn $name $(<$generic: $bound>)? (&self $(, $arg: $kind)*) -> Result<$out, crate::StoreError> {
                let mut reader = self.reader().await?;
                let $connection: &mut sqlx::SqliteConnection = &mut reader;
                $body
            }
        )+}

        impl crate::Change {$(
            $(#[$meta])*
            ///
            /// # Errors
            /// [`crate::StoreError`] when the database fails.
            pub async fn $name $(<$generic: $bound>)? (&mut self $(, $arg: $kind)*) -> Result<$out, crate::StoreError> {
                let $connection: &mut sqlx::SqliteConnection = self.connection();
                $body
            }
        )+}
    };
}
pub(crate) use reads;

/// The thing in the `body` column of the one row, if there is one.
pub(crate) async fn find<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    thing: &'static str,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<Option<T>, StoreError> {
    let row = query.fetch_optional(connection).await?;
    row.map(|row| body(&row, thing)).transpose()
}

/// The things in the `body` columns of all rows. The query must have a limit of its own.
pub(crate) async fn find_all<T: DeserializeOwned>(
    connection: &mut SqliteConnection,
    thing: &'static str,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<Vec<T>, StoreError> {
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| body(row, thing)).collect()
}

/// One page of a table's things, by id. Filters are columns with the values that they may have; none means any.
pub(crate) async fn list<T: DeserializeOwned, I: ToString>(
    connection: &mut SqliteConnection,
    table: &'static str,
    filters: &[(&'static str, Vec<String>)],
    page: &Page<I>,
) -> Result<Vec<T>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT body FROM ");
    query.push(table).push(" WHERE TRUE");
    let (past, order) = match page.order {
        Order::Rising => (" AND id > ", " ORDER BY id LIMIT "),
        Order::Falling => (" AND id < ", " ORDER BY id DESC LIMIT "),
    };
    if let Some(after) = &page.after {
        query.push(past).push_bind(after.to_string());
    }
    for (column, values) in filters {
        among(&mut query, column, values);
    }
    query.push(order).push_bind(page.rows());
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| body(row, table)).collect()
}

/// Narrows a query to rows whose column has one of the values; none means any.
pub(crate) fn among(query: &mut QueryBuilder<Sqlite>, column: &'static str, values: &[String]) {
    if values.is_empty() {
        return;
    }
    query.push(" AND ").push(column).push(" IN (");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.clone());
    }
    query.push(")");
}

/// The thing in a row's `body` column.
pub(crate) fn body<T: DeserializeOwned>(row: &Row, thing: &'static str) -> Result<T, StoreError> {
    let text: &str = row
        .try_get("body")
        .map_err(|source| StoreError::corrupt(thing, source))?;
    from_json(text, thing)
}

/// A number in a row.
pub(crate) fn number(
    row: &Row,
    column: &'static str,
    thing: &'static str,
) -> Result<i64, StoreError> {
    row.try_get(column)
        .map_err(|source| StoreError::corrupt(thing, source))
}

/// A text in a row.
pub(crate) fn text(
    row: &Row,
    column: &'static str,
    thing: &'static str,
) -> Result<String, StoreError> {
    row.try_get(column)
        .map_err(|source| StoreError::corrupt(thing, source))
}

/// A count for a column.
pub(crate) fn count(value: u64, thing: &'static str) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Range { thing })
}

/// A count from a column.
pub(crate) fn counted(value: i64, thing: &'static str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Range { thing })
}

/// A thing for its `body` column.
pub(crate) fn json(value: &impl Serialize, thing: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::corrupt(thing, source))
}

pub(crate) fn from_json<T: DeserializeOwned>(
    text: &str,
    thing: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::corrupt(thing, source))
}

/// A time for a column.
pub(crate) fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_micros)
}
