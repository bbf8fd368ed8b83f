//! Exact releases by the rows that they are about: what later releases are audited against.

use yunei_model::{
    Digest, ExactCandidate, ExactRelease, OrganisationId, Release, ReleaseId, ResourceId, RunId,
};

use crate::reading::{
    PAGE_ROWS_MAX, Row, body, count, counted, find, find_all, json, number, reads, text,
};
use crate::{Change, StoreError};

/// An exact release, and its place in the order in which they left.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRelease {
    /// Its place, from 1.
    pub position: u64,
    /// The release.
    pub exact: ExactRelease,
}

reads! {
    /// How many exact releases have left: the place of the newest.
    fn exact_position() -> u64 = |c| {
        let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(position) FROM exact_releases").fetch_one(c).await?;
        counted(newest.unwrap_or(0), "exact release")
    };

    /// Exact releases about a resource at places after `after`, up to and including `to`, those that tell what an earlier one told left
    /// out; in order, the first [`PAGE_ROWS_MAX`].
    fn exact_releases(resource: ResourceId, after: u64, to: u64) -> Vec<ListedRelease> = |c| {
        let rows = sqlx::query("SELECT position, body FROM exact_releases WHERE resource = $1 AND repeats IS NULL \
             AND position > $2 AND position <= $3 ORDER BY position LIMIT $4")
            .bind(resource.to_string())
            .bind(count(after, "exact release")?)
            .bind(i64::try_from(to).unwrap_or(i64::MAX))
            .bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(listed).collect()
    };

    /// The first exact release of a structure over a row set at places up to and including `to`.
    fn exact_release_like(rows: Digest, structure: Digest, to: u64) -> Option<ListedRelease> = |c| {
        let row = sqlx::query("SELECT position, body FROM exact_releases WHERE row_set = $1 AND structure = $2 \
             AND position <= $3 AND repeats IS NULL ORDER BY position LIMIT 1")
            .bind(rows.to_string())
            .bind(structure.to_string())
            .bind(i64::try_from(to).unwrap_or(i64::MAX)).fetch_optional(c).await?;
        row.map(|row| listed(&row)).transpose()
    };

    /// Exact releases about a resource that an operating unit's runs of their own made, editions left out: the newest
    /// [`PAGE_ROWS_MAX`], those that tell what an earlier one told left out.
    fn exact_releases_beside_editions(operator: OrganisationId, resource: ResourceId) -> Vec<ExactRelease> = |c| find_all(c, "exact release",
        sqlx::query("SELECT exact_releases.body FROM exact_releases \
             JOIN releases ON releases.id = exact_releases.release_id JOIN runs ON runs.id = releases.run \
             WHERE runs.operator = $1 AND exact_releases.resource = $2 AND exact_releases.repeats IS NULL \
             AND NOT EXISTS (SELECT 1 FROM edition_runs WHERE edition_runs.run = runs.id) \
             ORDER BY exact_releases.position DESC LIMIT $3")
            .bind(operator.to_string()).bind(resource.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// What a run would tell that waits for people; `None` when nothing was written of it.
    fn exact_candidates(run: RunId) -> Option<Vec<ExactCandidate>> = |c| find(c, "exact candidate",
        sqlx::query("SELECT body FROM exact_candidates WHERE run = $1").bind(run.to_string())).await;

    /// Releases after `after` that are not among the exact ones, the first [`PAGE_ROWS_MAX`] by id.
    fn releases_unlisted(after: Option<ReleaseId>) -> Vec<Release> = |c| find_all(c, "release",
        sqlx::query("SELECT body FROM releases WHERE id > $1 AND NOT EXISTS \
             (SELECT 1 FROM exact_releases WHERE exact_releases.release_id = releases.id) ORDER BY id LIMIT $2")
            .bind(after.map(|id| id.to_string()).unwrap_or_default()).bind(i64::from(PAGE_ROWS_MAX))).await;
}

impl Change {
    /// Writes what a run would tell that waits for people, in place of what was written of it.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without the run.
    pub async fn put_exact_candidates(
        &mut self,
        run: RunId,
        candidates: &[ExactCandidate],
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO exact_candidates (run, body) VALUES ($1, $2) \
             ON CONFLICT (run) DO UPDATE SET body = excluded.body",
        )
        .bind(run.to_string())
        .bind(json(&candidates, "exact candidate")?);
        self.keep("exact candidate", query).await.map(drop)
    }

    /// Writes what an exact release tells, at the next place. It may stand once for each resource that it is about.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it stands there; [`StoreError::Dangling`] without the release or the resource.
    pub async fn put_exact_release(&mut self, exact: &ExactRelease) -> Result<u64, StoreError> {
        const THING: &str = "exact release";
        let first = sqlx::query(
            "SELECT release_id FROM exact_releases WHERE row_set = $1 AND structure = $2 AND table_digest = $3 \
             ORDER BY position LIMIT 1",
        )
        .bind(exact.rows.digest().to_string())
        .bind(exact.structure.to_string())
        .bind(exact.table.to_string());
        let first = self.row(first).await?;
        let repeats = first
            .map(|row| text(&row, "release_id", THING))
            .transpose()?;
        let position = self
            .returning(
                THING,
                sqlx::query(
                    "INSERT INTO counters (name, value) VALUES ('exact-releases', 1) \
                     ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
                ),
            )
            .await?;
        let query = sqlx::query(
            "INSERT INTO exact_releases (position, release_id, resource, row_set, structure, table_digest, repeats, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(position)
        .bind(exact.release.to_string())
        .bind(exact.rows.resource.to_string())
        .bind(exact.rows.digest().to_string())
        .bind(exact.structure.to_string())
        .bind(exact.table.to_string())
        .bind(repeats)
        .bind(json(exact, THING)?);
        self.keep(THING, query).await?;
        counted(position, THING)
    }
}

fn listed(row: &Row) -> Result<ListedRelease, StoreError> {
    const THING: &str = "exact release";
    Ok(ListedRelease {
        position: counted(number(row, "position", THING)?, THING)?,
        exact: body(row, THING)?,
    })
}
