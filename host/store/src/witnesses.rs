//! Witnesses: how far each has cosigned, and which checkpoints have a quorum.

use yunei_model::Timestamp;

use crate::reading::{count, counted, number, reads};
use crate::sequence::checkpoint;
use crate::{Change, SignedCheckpoint, StoreError};

/// How far a witness has cosigned the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WitnessCursor {
    /// Size of the newest checkpoint that it is known to have cosigned.
    pub size: u64,
    /// When it cosigned one last, by its own clock.
    pub cosigned_at: Option<Timestamp>,
}

reads! {
    /// How far the witness with that verifier key has cosigned.
    fn witness_cursor(witness: &str) -> Option<WitnessCursor> = |c| {
        let row = sqlx::query("SELECT size, cosigned_at FROM witness_cursors WHERE witness = $1")
            .bind(witness.to_owned()).fetch_optional(c).await?;
        row.map(|row| {
            let at: Option<i64> = sqlx::Row::try_get(&row, "cosigned_at")
                .map_err(|source| StoreError::corrupt("witness", source))?;
            Ok(WitnessCursor {
                size: counted(number(&row, "size", "witness")?, "witness")?,
                cosigned_at: at.map(Timestamp::from_micros),
            })
        }).transpose()
    };

    /// The checkpoint over so many entries.
    fn checkpoint_of(size: u64) -> Option<SignedCheckpoint> = |c| {
        let row = sqlx::query("SELECT * FROM checkpoints WHERE size = $1")
            .bind(count(size, "checkpoint")?).fetch_optional(c).await?;
        row.map(|row| checkpoint(&row)).transpose()
    };

    /// The newest checkpoint whose cosignatures made the quorum of the policy then in force.
    fn newest_witnessed() -> Option<SignedCheckpoint> = |c| {
        let row = sqlx::query("SELECT * FROM checkpoints WHERE witnessed_at IS NOT NULL ORDER BY size DESC LIMIT 1")
            .fetch_optional(c).await?;
        row.map(|row| checkpoint(&row)).transpose()
    };
}

impl Change {
    /// Keeps how far a witness has cosigned; bookkeeping that needs no entry.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn put_witness_cursor(
        &mut self,
        witness: &str,
        cursor: &WitnessCursor,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO witness_cursors (witness, size, cosigned_at) VALUES ($1, $2, $3) \
             ON CONFLICT (witness) DO UPDATE SET size = excluded.size, cosigned_at = excluded.cosigned_at",
        )
        .bind(witness.to_owned())
        .bind(count(cursor.size, "witness")?)
        .bind(cursor.cosigned_at.map(Timestamp::as_micros));
        self.keep("witness", query).await.map(drop)
    }

    /// Keeps a checkpoint's note with cosignatures on it; with a quorum since `witnessed_at`, unless it had one before.
    /// Part of the record itself.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no checkpoint of that size.
    pub async fn put_cosigned(
        &mut self,
        size: u64,
        note: &str,
        witnessed_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE checkpoints SET note = $2, witnessed_at = COALESCE(witnessed_at, $3) WHERE size = $1",
        )
        .bind(count(size, "checkpoint")?)
        .bind(note.to_owned())
        .bind(witnessed_at.map(Timestamp::as_micros));
        match self.keep("checkpoint", query).await? {
            0 => Err(StoreError::Absent {
                thing: "checkpoint",
            }),
            _ => Ok(()),
        }
    }
}
