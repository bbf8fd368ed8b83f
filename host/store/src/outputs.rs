//! Sealed outputs, verdicts, reviews, releases, deliveries.

use sqlx::{Row as _, SqliteConnection};
use yunei_model::{
    Checks, Delivery, DeliveryId, Name, OrganisationId, Release, ReleaseId, ReleaseReview, RunId,
    SealedOutput, Timestamp, Verdict,
};

use crate::reading::{
    PAGE_ROWS_MAX, Row, count, counted, find, find_all, json, list, number, reads, text,
};
use crate::{Change, Page, StoreError};

/// A sealed output as it is kept: the handle, where the ciphertext is, and the key wrapped by another.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldOutput {
    /// The handle.
    pub sealed: SealedOutput,
    /// Name of the ciphertext's file.
    pub file: String,
    /// The wrapped key; `None` once destroyed.
    pub wrapped_key: Option<Vec<u8>>,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

impl std::fmt::Debug for HeldOutput {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldOutput({})", self.sealed.run)
    }
}

/// Which releases; the default is all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReleaseFilter {
    /// To this operating unit.
    pub operator: Option<OrganisationId>,
    /// Of this run.
    pub run: Option<RunId>,
}

impl ReleaseFilter {
    fn columns(&self) -> [(&'static str, Vec<String>); 2] {
        [
            (
                "operator",
                self.operator.iter().map(ToString::to_string).collect(),
            ),
            ("run", self.run.iter().map(ToString::to_string).collect()),
        ]
    }
}

reads! {
    /// The sealed output of a run, destroyed or not.
    fn sealed_output(run: RunId) -> Option<HeldOutput> = |c| {
        let row = sqlx::query("SELECT * FROM sealed_outputs WHERE run = $1").bind(run.to_string())
            .fetch_optional(c).await?;
        row.map(|row| held(&row)).transpose()
    };

    /// Sealed outputs that are not destroyed, the first [`PAGE_ROWS_MAX`] by run.
    fn sealed_outputs_held() -> Vec<HeldOutput> = |c| {
        let rows = sqlx::query("SELECT * FROM sealed_outputs WHERE destroyed_at IS NULL ORDER BY run LIMIT $1")
            .bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(held).collect()
    };

    /// The verdicts on a run's outputs, by output. Their checks are kept apart: [`Self::checks`].
    fn verdicts(run: RunId) -> Vec<Verdict> = |c| find_all(c, "verdict",
        sqlx::query("SELECT body FROM verdicts WHERE run = $1 ORDER BY output LIMIT $2")
            .bind(run.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// What the gate found in every cell of one output, where rules were held against cells.
    fn checks(run: RunId, output: &Name) -> Option<Checks> = |c| find(c, "checks",
        sqlx::query("SELECT body FROM verdict_checks WHERE run = $1 AND output = $2")
            .bind(run.to_string()).bind(output.to_string())).await;

    /// The reviews of a run's outputs, oldest first.
    fn release_reviews(run: RunId) -> Vec<ReleaseReview> = |c| find_all(c, "release review",
        sqlx::query("SELECT body FROM release_reviews WHERE run = $1 ORDER BY id LIMIT $2")
            .bind(run.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// The release of that id.
    fn release(id: ReleaseId) -> Option<Release> = |c| find(c, "release",
        sqlx::query("SELECT body FROM releases WHERE id = $1").bind(id.to_string())).await;

    /// The release of a run's output of that name.
    fn release_of_output(run: RunId, output: &Name) -> Option<Release> = |c| find(c, "release",
        sqlx::query("SELECT body FROM releases WHERE run = $1 AND output = $2")
            .bind(run.to_string()).bind(output.to_string())).await;

    /// The releases of a run, by output.
    fn releases_of_run(run: RunId) -> Vec<Release> = |c| find_all(c, "release",
        sqlx::query("SELECT body FROM releases WHERE run = $1 ORDER BY output LIMIT $2")
            .bind(run.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// Releases.
    fn releases(filter: &ReleaseFilter, page: Page<ReleaseId>) -> Vec<Release> = |c| list(c, "releases",
        &filter.columns(), &page).await;

    /// The deliveries of a release.
    fn deliveries(release: ReleaseId, page: Page<DeliveryId>) -> Vec<Delivery> = |c| list(c, "deliveries",
        &[("release_id", vec![release.to_string()])], &page).await;
}

impl Change {
    /// Writes a run's sealed output with its wrapped key.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the run has one; [`StoreError::Dangling`] without the run.
    pub async fn put_sealed_output(
        &mut self,
        sealed: &SealedOutput,
        file: &str,
        wrapped_key: &[u8],
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO sealed_outputs (run, digest, bytes, file, wrapped_key) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(sealed.run.to_string())
        .bind(sealed.digest.to_string())
        .bind(count(sealed.bytes, "sealed output")?)
        .bind(file.to_owned())
        .bind(wrapped_key.to_vec());
        self.write("sealed output", query).await.map(drop)
    }

    /// Destroys a run's sealed output by taking its wrapped key away. See [`crate::Store::truncate_log`].
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none, or it was destroyed before.
    pub async fn destroy_sealed_output(
        &mut self,
        run: RunId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE sealed_outputs SET wrapped_key = NULL, destroyed_at = $2 \
             WHERE run = $1 AND destroyed_at IS NULL",
        )
        .bind(run.to_string())
        .bind(at.as_micros());
        match self.write("sealed output", query).await? {
            0 => Err(StoreError::Absent {
                thing: "sealed output",
            }),
            _ => Ok(()),
        }
    }

    /// Writes the verdict on one output of a run, and its checks apart from it.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the output has one; [`StoreError::Dangling`] without the run.
    pub async fn put_verdict(&mut self, run: RunId, verdict: &Verdict) -> Result<(), StoreError> {
        let query = sqlx::query("INSERT INTO verdicts (run, output, body) VALUES ($1, $2, $3)")
            .bind(run.to_string())
            .bind(verdict.output.to_string())
            .bind(json(&without_checks(verdict), "verdict")?);
        self.write("verdict", query).await?;
        let Some(checks) = &verdict.checks else {
            return Ok(());
        };
        let query =
            sqlx::query("INSERT INTO verdict_checks (run, output, body) VALUES ($1, $2, $3)")
                .bind(run.to_string())
                .bind(verdict.output.to_string())
                .bind(json(checks, "checks")?);
        self.write("checks", query).await.map(drop)
    }

    /// Writes one person's review of a run's outputs.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when that person reviewed the run; [`StoreError::Dangling`] without the run.
    pub async fn put_release_review(
        &mut self,
        run: RunId,
        review: &ReleaseReview,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO release_reviews (id, run, person, body) VALUES ($1, $2, $3, $4)",
        )
        .bind(review.id.to_string())
        .bind(run.to_string())
        .bind(review.person.to_string())
        .bind(json(review, "release review")?);
        self.write("release review", query).await.map(drop)
    }

    /// Writes a release to the operating unit of its run; releases never change.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when that output was released; [`StoreError::Dangling`] without the run.
    pub async fn put_release(&mut self, release: &Release) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO releases (id, run, output, operator, released_at, body) \
             SELECT $1, id, $3, operator, $4, $5 FROM runs WHERE id = $2",
        )
        .bind(release.id.to_string())
        .bind(release.run.to_string())
        .bind(release.output.to_string())
        .bind(release.at.as_micros())
        .bind(json(release, "release")?);
        match self.write("release", query).await? {
            0 => Err(StoreError::Dangling { thing: "release" }),
            _ => Ok(()),
        }
    }

    /// Writes a delivery; deliveries never change.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its release or account.
    pub async fn put_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO deliveries (id, release_id, account, body) VALUES ($1, $2, $3, $4)",
        )
        .bind(delivery.id.to_string())
        .bind(delivery.release.to_string())
        .bind(delivery.account.to_string())
        .bind(json(delivery, "delivery")?);
        self.write("delivery", query).await.map(drop)
    }

    /// Finds a row of the change's own connection; used where a write must know what it replaces.
    pub(crate) async fn row(
        &mut self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Option<Row>, StoreError> {
        let connection: &mut SqliteConnection = self.connection();
        Ok(query.fetch_optional(connection).await?)
    }
}

/// The verdict as it is kept, and read by most.
fn without_checks(verdict: &Verdict) -> Verdict {
    Verdict {
        output: verdict.output.clone(),
        profile: verdict.profile.clone(),
        cells: verdict.cells.clone(),
        hints: verdict.hints.clone(),
        reasons: verdict.reasons.clone(),
        overlaps: verdict.overlaps.clone(),
        checks: None,
        ..*verdict
    }
}

fn held(row: &Row) -> Result<HeldOutput, StoreError> {
    const THING: &str = "sealed output";
    let corrupt = |source: sqlx::Error| StoreError::corrupt(THING, source);
    let destroyed_at: Option<i64> = row.try_get("destroyed_at").map_err(corrupt)?;
    let run = text(row, "run", THING)?.parse();
    let digest = text(row, "digest", THING)?.parse();
    Ok(HeldOutput {
        sealed: SealedOutput {
            run: run.map_err(|source| StoreError::corrupt(THING, source))?,
            digest: digest.map_err(|source| StoreError::corrupt(THING, source))?,
            bytes: counted(number(row, "bytes", THING)?, THING)?,
        },
        file: text(row, "file", THING)?,
        wrapped_key: row.try_get("wrapped_key").map_err(corrupt)?,
        destroyed_at: destroyed_at.map(Timestamp::from_micros),
    })
}
