//! Certificates of releases, and which entry gathered them.

use sqlx::Row as _;
use yunei_model::{EntryId, OrganisationId, ReleaseId, Timestamp};

use crate::reading::{PAGE_ROWS_MAX, Row, number, reads, text};
use crate::{Change, StoreError};

const THING: &str = "certificate";

/// A certificate as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldCertificate {
    /// The release.
    pub release: ReleaseId,
    /// The operating unit that it was released to.
    pub operator: OrganisationId,
    /// From when on that unit could see it.
    pub visible_from: Timestamp,
    /// The text that is signed.
    pub text: String,
    /// What it commits to, without salts: a JSON list of leaves. It stays inside.
    pub figures: String,
    /// What the salts are derived from. It stays inside.
    pub secret: Vec<u8>,
    /// The entry that gathered it, once the hour was over.
    pub gathered_by: Option<EntryId>,
}

impl std::fmt::Debug for HeldCertificate {
    /// Without figures and secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldCertificate({})", self.release)
    }
}

reads! {
    /// The certificate of a release.
    fn certificate(release: ReleaseId) -> Option<HeldCertificate> = |c| {
        let row = sqlx::query("SELECT * FROM certificates WHERE release_id = $1").bind(release.to_string())
            .fetch_optional(c).await?;
        row.map(|row| held(&row)).transpose()
    };

    /// Certificates that no entry gathered yet and that could be seen before `before`: the first [`PAGE_ROWS_MAX`] of them.
    fn certificates_waiting(before: Timestamp) -> Vec<HeldCertificate> = |c| {
        let rows = sqlx::query(
            "SELECT * FROM certificates WHERE gathered_by IS NULL AND visible_from < $1 \
             ORDER BY visible_from, release_id LIMIT $2")
            .bind(before.as_micros()).bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(held).collect()
    };
}

impl Change {
    /// Writes the certificate of a release; but for the entry that gathers it, it never changes.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the release has one.
    pub async fn put_certificate(&mut self, held: &HeldCertificate) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO certificates (release_id, operator, visible_from, body, figures, secret, gathered_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(held.release.to_string())
        .bind(held.operator.to_string())
        .bind(held.visible_from.as_micros())
        .bind(held.text.clone())
        .bind(held.figures.clone())
        .bind(held.secret.clone())
        .bind(held.gathered_by.map(|entry| entry.to_string()));
        self.write(THING, query).await.map(drop)
    }

    /// Says which entry gathered a certificate.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none that waits.
    pub async fn put_gathered(
        &mut self,
        release: ReleaseId,
        by: EntryId,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE certificates SET gathered_by = $2 WHERE release_id = $1 AND gathered_by IS NULL",
        )
        .bind(release.to_string())
        .bind(by.to_string());
        match self.write(THING, query).await? {
            0 => Err(StoreError::Absent { thing: THING }),
            _ => Ok(()),
        }
    }
}

fn held(row: &Row) -> Result<HeldCertificate, StoreError> {
    let corrupt = |source: sqlx::Error| StoreError::corrupt(THING, source);
    let gathered: Option<String> = row.try_get("gathered_by").map_err(corrupt)?;
    let id = |source| StoreError::corrupt(THING, source);
    Ok(HeldCertificate {
        release: text(row, "release_id", THING)?.parse().map_err(id)?,
        operator: text(row, "operator", THING)?.parse().map_err(id)?,
        visible_from: Timestamp::from_micros(number(row, "visible_from", THING)?),
        text: text(row, "body", THING)?,
        figures: text(row, "figures", THING)?,
        secret: row.try_get("secret").map_err(corrupt)?,
        gathered_by: gathered
            .map(|entry| entry.parse())
            .transpose()
            .map_err(id)?,
    })
}
