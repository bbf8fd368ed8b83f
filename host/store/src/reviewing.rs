//! What reviewers work with: their keys, and the gate's candidates.

use yunei_model::{AccountId, Digest, ReviewerKey, RunId};

use crate::reading::{find, json, reads, text};
use crate::{Change, StoreError};

const CANDIDATE: &str = "candidate";

reads! {
    /// The key that an account registered last.
    fn reviewer_key(account: AccountId) -> Option<ReviewerKey> = |c| find(c, "reviewer key",
        sqlx::query("SELECT body FROM reviewer_keys WHERE account = $1").bind(account.to_string())).await;

    /// Digest of what the gate itself would release of a run, keyed as that of the sealed output that it follows in its file.
    fn candidate(run: RunId) -> Option<Digest> = |c| {
        let row = sqlx::query("SELECT digest FROM candidates WHERE run = $1").bind(run.to_string())
            .fetch_optional(c).await?;
        row.map(|row| {
            let digest = text(&row, "digest", CANDIDATE)?.parse();
            digest.map_err(|source| StoreError::corrupt(CANDIDATE, source))
        }).transpose()
    };
}

impl Change {
    /// Writes an account's key, the first or another.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without the account.
    pub async fn put_reviewer_key(&mut self, key: &ReviewerKey) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO reviewer_keys (account, body) VALUES ($1, $2) \
             ON CONFLICT (account) DO UPDATE SET body = excluded.body",
        )
        .bind(key.account.to_string())
        .bind(json(key, "reviewer key")?);
        self.write("reviewer key", query).await.map(drop)
    }

    /// Writes that a run's sealed output is followed by what the gate itself would release.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the run has one; [`StoreError::Dangling`] without a sealed output.
    pub async fn put_candidate(&mut self, run: RunId, digest: &Digest) -> Result<(), StoreError> {
        let query = sqlx::query("INSERT INTO candidates (run, digest) VALUES ($1, $2)")
            .bind(run.to_string())
            .bind(digest.to_string());
        self.write(CANDIDATE, query).await.map(drop)
    }
}
