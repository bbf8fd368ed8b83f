//! Changes: state and record in one transaction.

use std::fs::File;
use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection, Transaction};
use yunei_ledger::Entry;

use crate::StoreError;
use crate::reading::{Row, number};

/// One change of state together with its entries: all of it is kept, or nothing.
///
/// INVARIANT: what wrote state and recorded no entry does not commit. Dropping it undoes everything.
#[derive(Debug)]
#[must_use = "a change that is dropped is undone"]
pub struct Change {
    // Before the lock, so that it ends before another server can have the directory.
    transaction: Transaction<'static, Sqlite>,
    wrote: bool,
    entries: u64,
    failed: bool,
    _lock: Option<Arc<File>>,
}

impl Change {
    pub(crate) const fn new(
        transaction: Transaction<'static, Sqlite>,
        lock: Option<Arc<File>>,
    ) -> Self {
        Self {
            transaction,
            wrote: false,
            entries: 0,
            failed: false,
            _lock: lock,
        }
    }

    /// Adds an entry to the record, after all those committed before and those of this change so far.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when an entry of that id is there; [`StoreError`] when it cannot be written.
    pub async fn record(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let body = std::str::from_utf8(entry.canonical())
            .map_err(|source| StoreError::corrupt("entry", source))?;
        // The counter's row stays locked until the commit, so positions follow the order of commits.
        let position: i64 = self
            .returning(
                "entry",
                sqlx::query(
                    "INSERT INTO counters (name, value) VALUES ('entries', 1) \
                     ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
                ),
            )
            .await?;
        let [grant, module, resource, decision] = filed(entry);
        let query = sqlx::query(
            "INSERT INTO entries (position, id, kind, actor, operator, run, made_at, body, \
             grant_id, module, resource, decision) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(position)
        .bind(entry.id().to_string())
        .bind(entry.kind().as_str())
        .bind(entry.actor().map(|id| id.to_string()))
        .bind(entry.operator().map(|id| id.to_string()))
        .bind(entry.run().map(|id| id.to_string()))
        .bind(entry.at().as_micros())
        .bind(body.to_owned())
        .bind(grant)
        .bind(module)
        .bind(resource)
        .bind(decision);
        self.keep("entry", query).await?;
        self.entries += 1;
        Ok(())
    }

    /// Commits. When it returns, all of it survives a crash.
    ///
    /// # Errors
    /// [`StoreError::NotRecorded`] when state was written and no entry recorded; [`StoreError::Failed`] after a
    /// failed statement; [`StoreError::Database`] when the database cannot commit. Nothing is kept then.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Failed);
        }
        if self.wrote && self.entries == 0 {
            return Err(StoreError::NotRecorded);
        }
        Ok(self.transaction.commit().await?)
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Writes state: an entry must follow. Gives the number of rows.
    pub(crate) async fn write(
        &mut self,
        thing: &'static str,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        self.wrote = true;
        self.keep(thing, query).await
    }

    /// Writes what is part of the record itself, or mere bookkeeping. Gives the number of rows.
    pub(crate) async fn keep(
        &mut self,
        thing: &'static str,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        if self.failed {
            return Err(StoreError::Failed);
        }
        match query.execute(&mut *self.transaction).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(error) => {
                // A failed statement ends the transaction in some back ends: so it does here.
                self.failed = true;
                Err(StoreError::about(thing, error))
            }
        }
    }

    /// Writes bookkeeping, and gives the number in the column `value` of what was written.
    pub(crate) async fn returning(
        &mut self,
        thing: &'static str,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<i64, StoreError> {
        if self.failed {
            return Err(StoreError::Failed);
        }
        let row: Result<Row, _> = query.fetch_one(&mut *self.transaction).await;
        match row.map_err(|error| StoreError::about(thing, error)) {
            Ok(row) => number(&row, "value", thing),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }
}

/// What an entry is searched by beside what it was from the beginning: grant, module, resource, decision.
pub(crate) fn filed(entry: &Entry) -> [Option<String>; 4] {
    [
        entry.grant().map(|id| id.to_string()),
        entry.module().map(|id| id.to_string()),
        entry.resource().map(|name| name.to_string()),
        entry.decision().map(|said| said.to_string()),
    ]
}
