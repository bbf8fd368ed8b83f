//! What the log publishes: its tiles and entry bundles, from stored hashes and entries, and its checkpoints by time.

use sqlx::SqliteConnection;
use yunei_ledger::{Tile, TileKind, tile};
use yunei_model::{Digest, Timestamp};

use crate::StoreError;
use crate::reading::{count, counted, number, reads, text};
use crate::sequence::{SignedCheckpoint, checkpoint, stored_hashes};

reads! {
    /// The bytes of a hash tile or an entry bundle; `None` while the log does not reach as far.
    fn tile(tile: Tile) -> Option<Vec<u8>> = |c| match tile.kind() {
        TileKind::Hashes(_) => hash_tile(c, tile).await,
        TileKind::Entries => bundle(c, tile).await,
    };

    /// The newest checkpoint that was signed before `at`.
    fn checkpoint_before(at: Timestamp) -> Option<SignedCheckpoint> = |c| {
        let row = sqlx::query("SELECT * FROM checkpoints WHERE signed_at < $1 ORDER BY size DESC LIMIT 1")
            .bind(at.as_micros()).fetch_optional(c).await?;
        row.map(|row| checkpoint(&row)).transpose()
    };
}

async fn hash_tile(
    connection: &mut SqliteConnection,
    tile: Tile,
) -> Result<Option<Vec<u8>>, StoreError> {
    let positions: Vec<u64> = tile.positions().collect();
    let found = stored_hashes(connection, &positions).await?;
    let hashes = positions.iter().map(|position| found.0.get(position));
    let hashes: Option<Vec<Digest>> = hashes.map(Option::<&Digest>::copied).collect();
    Ok(hashes.map(|hashes| tile::hash_tile(&hashes)))
}

async fn bundle(
    connection: &mut SqliteConnection,
    tile: Tile,
) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = sqlx::query(
        "SELECT log_index, body FROM entries WHERE log_index >= $1 ORDER BY log_index LIMIT $2",
    )
    .bind(count(tile.first(), "entry")?)
    .bind(i64::from(tile.width()))
    .fetch_all(connection)
    .await?;
    if rows.len() < usize::from(tile.width()) {
        return Ok(None);
    }
    let mut entries = Vec::with_capacity(rows.len());
    for (index, row) in (tile.first()..).zip(&rows) {
        // A gap in the log is no bundle.
        if counted(number(row, "log_index", "entry")?, "entry")? != index {
            return Err(StoreError::Range { thing: "entry" });
        }
        entries.push(text(row, "body", "entry")?);
    }
    Ok(Some(tile::bundle(entries)?))
}
