//! The sequencer: gives committed entries their index in the log, and keeps its hashes and checkpoints.

use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use yunei_ledger::{Entry, Hashes, Proof, log};
use yunei_model::{Digest, Timestamp};

use crate::reading::{PAGE_ROWS_MAX, Row, count, counted, number, reads, text};
use crate::{Change, Store, StoreError};

/// Entries sequenced in one go at most.
pub const SEQUENCE_ROWS_MAX: u32 = 4096;
/// Rows per statement, so that its parameters stay below every back end's limit.
const STATEMENT_ROWS_MAX: usize = 500;

/// How far the log has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// Number of entries in the log.
    pub size: u64,
    /// Root of their tree.
    pub root: Digest,
}

/// A checkpoint as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Number of entries under it.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// When it was signed.
    pub signed_at: Timestamp,
}

reads! {
    /// How far the log has come.
    fn log_head() -> LogHead = |c| {
        let size = log_size(c).await?;
        let hashes = stored_hashes(c, &log::root_positions(size)?).await?;
        Ok(LogHead { size, root: log::root(size, &hashes)? })
    };

    /// Stored hashes of the log at these positions; one that is not there is left out.
    fn stored_hashes(positions: &[u64]) -> Hashes = |c| stored_hashes(c, positions).await;

    /// Proof that the tree of `size` entries has the one at `index`.
    fn inclusion_proof(index: u64, size: u64) -> Proof = |c| {
        let hashes = stored_hashes(c, &log::inclusion_positions(size, index)?).await?;
        Ok(log::inclusion(size, index, &hashes)?)
    };

    /// Proof that the tree of `size` entries begins with that of `earlier` entries.
    fn consistency_proof(earlier: u64, size: u64) -> Proof = |c| {
        let hashes = stored_hashes(c, &log::consistency_positions(earlier, size)?).await?;
        Ok(log::consistency(earlier, size, &hashes)?)
    };

    /// The newest checkpoint.
    fn newest_checkpoint() -> Option<SignedCheckpoint> = |c| {
        let row = sqlx::query("SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1").fetch_optional(c).await?;
        row.map(|row| checkpoint(&row)).transpose()
    };

    /// Checkpoints larger than `size`, by size, [`PAGE_ROWS_MAX`] at most.
    fn checkpoints(size: Option<u64>, limit: u32) -> Vec<SignedCheckpoint> = |c| {
        let size = size.map_or(Ok(-1), |size| count(size, "checkpoint"))?;
        let rows = sqlx::query("SELECT * FROM checkpoints WHERE size > $1 ORDER BY size LIMIT $2")
            .bind(size).bind(i64::from(limit.min(PAGE_ROWS_MAX))).fetch_all(c).await?;
        rows.iter().map(checkpoint).collect()
    };
}

impl Store {
    /// Takes entries that wait into the log, in the order of their commits, [`SEQUENCE_ROWS_MAX`] at most.
    /// Gives how far the log has come then; when nothing waits, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when an entry does not hold: it is not taken, nor any after it.
    pub async fn sequence(&self, limit: u32) -> Result<LogHead, StoreError> {
        let mut change = self.begin().await?;
        let head = change.sequence(limit).await?;
        change.commit().await?;
        Ok(head)
    }

    /// Keeps a signed checkpoint.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is one of that size.
    pub async fn put_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<(), StoreError> {
        let mut change = self.begin().await?;
        let query =
            sqlx::query("INSERT INTO checkpoints (size, note, signed_at) VALUES ($1, $2, $3)")
                .bind(count(checkpoint.size, "checkpoint")?)
                .bind(checkpoint.note.clone())
                .bind(checkpoint.signed_at.as_micros());
        change.keep("checkpoint", query).await?;
        change.commit().await
    }
}

impl Change {
    async fn sequence(&mut self, limit: u32) -> Result<LogHead, StoreError> {
        let size = log_size(self.connection()).await?;
        let mut hashes = stored_hashes(self.connection(), &log::root_positions(size)?).await?;
        let waiting = sqlx::query(
            "SELECT position, body FROM entries WHERE log_index IS NULL ORDER BY position LIMIT $1",
        )
        .bind(i64::from(limit.min(SEQUENCE_ROWS_MAX)))
        .fetch_all(self.connection())
        .await?;
        let mut leaves = Vec::with_capacity(waiting.len());
        for (index, row) in (size..).zip(&waiting) {
            let entry = Entry::parse(text(row, "body", "entry")?.as_bytes())?;
            leaves.push(entry.leaf_hash());
            let query = sqlx::query("UPDATE entries SET log_index = $2 WHERE position = $1")
                .bind(number(row, "position", "entry")?)
                .bind(count(index, "entry")?);
            self.keep("entry", query).await?;
        }
        let stored = log::append(size, &leaves, &mut hashes)?;
        for group in stored.chunks(STATEMENT_ROWS_MAX) {
            let mut rows = Vec::with_capacity(group.len());
            for (position, hash) in group {
                rows.push((count(*position, "log hash")?, hash.as_bytes().to_vec()));
            }
            let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO log_hashes (position, hash) ");
            query.push_values(rows, |mut row, (position, hash)| {
                row.push_bind(position).push_bind(hash);
            });
            self.keep("log hash", query.build()).await?;
        }
        let size = size + leaves.len() as u64;
        let root = log::root(size, &hashes)?;
        Ok(LogHead { size, root })
    }
}

async fn log_size(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT MAX(log_index) FROM entries")
        .fetch_one(connection)
        .await?;
    last.map_or(Ok(0), |last| {
        counted(last, "entry").map(|last| last.saturating_add(1))
    })
}

/// Stored hashes at these positions; one that is not there is left out.
pub(crate) async fn stored_hashes(
    connection: &mut SqliteConnection,
    positions: &[u64],
) -> Result<Hashes, StoreError> {
    let mut hashes = Hashes::default();
    for group in positions.chunks(STATEMENT_ROWS_MAX) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT position, hash FROM log_hashes WHERE position IN (",
        );
        let mut list = query.separated(", ");
        for position in group {
            list.push_bind(count(*position, "log hash")?);
        }
        query.push(")");
        for row in &query.build().fetch_all(&mut *connection).await? {
            let position = counted(number(row, "position", "log hash")?, "log hash")?;
            hashes.0.insert(position, digest(row)?);
        }
    }
    Ok(hashes)
}

/// The hash in a row.
pub(crate) fn digest(row: &Row) -> Result<Digest, StoreError> {
    let bytes: Vec<u8> = row
        .try_get("hash")
        .map_err(|source| StoreError::corrupt("log hash", source))?;
    let bytes: [u8; 32] = bytes
        .try_into()
        .map_err(|_| StoreError::Range { thing: "log hash" })?;
    Ok(Digest::from_bytes(bytes))
}

/// The checkpoint in a row.
pub(crate) fn checkpoint(row: &Row) -> Result<SignedCheckpoint, StoreError> {
    Ok(SignedCheckpoint {
        size: counted(number(row, "size", "checkpoint")?, "checkpoint")?,
        note: text(row, "note", "checkpoint")?,
        signed_at: Timestamp::from_micros(number(row, "signed_at", "checkpoint")?),
    })
}
