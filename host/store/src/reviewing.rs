//! What reviewers work with: their keys, and the gate's candidates.

use yunei_model::{AccountId, Digest, ProductId, ReviewerKey, RunId, Standing, StandingId};

use crate::reading::{PAGE_ROWS_MAX, find, find_all, json, list, reads, text};
use crate::{Change, Page, StoreError};

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

    /// The standing approval of that id.
    fn standing_approval(id: StandingId) -> Option<Standing> = |c| find(c, "standing approval",
        sqlx::query("SELECT body FROM standing_approvals WHERE id = $1").bind(id.to_string())).await;

    /// The newest standing approval of a product, whatever became of it.
    fn standing_newest(product: ProductId) -> Option<Standing> = |c| find(c, "standing approval",
        sqlx::query("SELECT body FROM standing_approvals WHERE product = $1 ORDER BY id DESC LIMIT 1")
            .bind(product.to_string())).await;

    /// The standing approvals of a product that are proposed or in force, newest first.
    fn standing_open_of(product: ProductId) -> Vec<Standing> = |c| find_all(c, "standing approval",
        sqlx::query("SELECT body FROM standing_approvals WHERE product = $1 AND state IN ('proposed', 'in-force') \
            ORDER BY id DESC LIMIT $2").bind(product.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// All standing approvals that are proposed or in force, by id; the order of the page is always rising.
    fn standing_open(page: Page<StandingId>) -> Vec<Standing> = |c| find_all(c, "standing approval",
        sqlx::query("SELECT body FROM standing_approvals WHERE state IN ('proposed', 'in-force') AND id > $1 \
            ORDER BY id LIMIT $2")
            .bind(page.after.map(|id| id.to_string()).unwrap_or_default()).bind(page.rows())).await;

    /// Standing approvals.
    fn standing_approvals(page: Page<StandingId>) -> Vec<Standing> = |c| list(c, "standing_approvals", &[], &page).await;
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

    /// Writes a standing approval, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its module or its product.
    pub async fn put_standing(&mut self, standing: &Standing) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO standing_approvals (id, grant_id, module, product, state, body) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )
        .bind(standing.id.to_string())
        .bind(standing.bound.grant.to_string())
        .bind(standing.bound.module.to_string())
        .bind(standing.product.map(|id| id.to_string()))
        .bind(standing.state.as_str())
        .bind(json(standing, "standing approval")?);
        self.write("standing approval", query).await.map(drop)
    }
}
