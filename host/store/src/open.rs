//! Opening the store in a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection};

use crate::{Change, StoreError, links, migrate};

/// The database's file in the data directory.
pub const DATABASE_FILE: &str = "yunei.db";
/// The file that a server holds a lock on.
const LOCK_FILE: &str = "yunei.lock";
/// Connections that read at the same time.
const READERS_MAX: u32 = 4;
/// Longest wait for a reader.
const WAIT_SECONDS_MAX: u64 = 30;
/// Longest wait for the one writer: shorter than a request may take, so that whoever asked is told that the record fails.
const WRITER_WAIT_SECONDS_MAX: u64 = 10;
/// Longest wait for SQLite's own locks: nobody but this server writes.
const BUSY_SECONDS_MAX: u64 = 2;

/// The store of one data directory. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Option<SqlitePool>,
    readers: SqlitePool,
    lock: Option<Arc<File>>,
}

impl Store {
    /// Opens the store in `directory` for one server, and brings its schema up to date. The directory must be there.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another server has the directory; [`StoreError`] when it cannot be opened.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        let lock = lock(directory)?;
        let path = directory.join(DATABASE_FILE);
        // Made here, so that nobody but the server's user can read it; SQLite gives its other files the same mode.
        private_file(&path)?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(WRITER_WAIT_SECONDS_MAX))
            .after_release(|connection, _| Box::pin(is_whole(connection)))
            .connect_with(
                options(&path)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    // A destroyed key leaves no copy behind in a free page.
                    .pragma("secure_delete", "ON"),
            )
            .await?;
        migrate::run(&writer).await?;
        links::fill(&writer).await?;
        Ok(Self {
            writer: Some(writer),
            readers: readers(options(&path).read_only(true)).await?,
            lock: Some(Arc::new(lock)),
        })
    }

    /// Opens the store in `directory` for reading, beside a server or without one. Nothing on disk changes.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] when there is none; [`StoreError::Schema`] when it is another version's.
    pub async fn open_read_only(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(DATABASE_FILE);
        if !path.is_file() {
            return Err(StoreError::NoStore {
                directory: directory.to_owned(),
            });
        }
        let options = options(&path).read_only(true);
        // Without a write-ahead log nothing is being written, and SQLite needs no file beside the database.
        let options = options.immutable(!write_ahead_log(&path).exists());
        let store = Self {
            writer: None,
            readers: readers(options).await?,
            lock: None,
        };
        migrate::check(&mut *store.reader().await?).await?;
        Ok(store)
    }

    /// Begins a change. There is one at a time; others wait.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] in a store opened for reading; [`StoreError::Database`] when the wait is too long.
    pub async fn begin(&self) -> Result<Change, StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Change::new(transaction, self.lock.clone()))
    }

    /// Moves the write-ahead log into the database and empties it, so that no older copy of a page stays there.
    /// Worth calling after the key of a sealed output was destroyed.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails. Readers in the way put it off silently.
    pub async fn truncate_log(&self) -> Result<(), StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(writer)
            .await?;
        Ok(())
    }

    /// Closes the store once every change and every read has ended. Other clones can no longer use it.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }
}

/// Whether a connection is good for another transaction. On a full disk or a failing one SQLite itself ends the transaction, so that
/// it cannot be rolled back any more, and the connection would be taken for one within a transaction for ever.
async fn is_whole(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A change that was dropped is being rolled back: the answer comes after that.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(BUSY_SECONDS_MAX))
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(WAIT_SECONDS_MAX))
        .connect_with(options)
        .await?;
    Ok(pool)
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(LOCK_FILE);
    let file = private_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
    }
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| StoreError::Io {
            path: path.to_owned(),
            source,
        })
}

fn write_ahead_log(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::Store;

    #[tokio::test]
    async fn a_transaction_that_the_database_ended_itself_does_not_stop_the_next() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path()).await.unwrap();
        for _ in 0..3 {
            let mut change = store.begin().await.unwrap();
            // What SQLite does by itself when the disk is full.
            sqlx::query("ROLLBACK")
                .execute(change.connection())
                .await
                .unwrap();
            drop(change);
        }
        assert!(store.begin().await.unwrap().commit().await.is_ok());
    }
}
