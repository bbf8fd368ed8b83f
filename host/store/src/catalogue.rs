//! Resources and their snapshots.

use yunei_model::{Digest, Name, Resource, ResourceId, Snapshot, SnapshotId, Timestamp};

use crate::reading::{PAGE_ROWS_MAX, find, json, list, reads, text};
use crate::{Change, Page, StoreError};

reads! {
    /// The resource of that id.
    fn resource(id: ResourceId) -> Option<Resource> = |c| find(c, "resource",
        sqlx::query("SELECT body FROM resources WHERE id = $1").bind(id.to_string())).await;

    /// The resource of that name.
    fn resource_by_name(name: &Name) -> Option<Resource> = |c| find(c, "resource",
        sqlx::query("SELECT body FROM resources WHERE name = $1").bind(name.to_string())).await;

    /// Resources.
    fn resources(page: Page<ResourceId>) -> Vec<Resource> = |c| list(c, "resources", &[], &page).await;

    /// The decoys of a resource, by keyed digest, [`PAGE_ROWS_MAX`] at most.
    fn decoys(resource: ResourceId) -> Vec<Digest> = |c| {
        let rows = sqlx::query("SELECT digest FROM decoys WHERE resource = $1 ORDER BY digest LIMIT $2")
            .bind(resource.to_string()).bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(|row| {
            text(row, "digest", "decoy")?.parse().map_err(|source| StoreError::corrupt("decoy", source))
        }).collect()
    };

    /// The snapshot of that id.
    fn snapshot(id: SnapshotId) -> Option<Snapshot> = |c| find(c, "snapshot",
        sqlx::query("SELECT body FROM snapshots WHERE id = $1").bind(id.to_string())).await;

    /// The snapshots of a resource.
    fn snapshots(resource: ResourceId, page: Page<SnapshotId>) -> Vec<Snapshot> = |c| list(c, "snapshots",
        &[("resource", vec![resource.to_string()])], &page).await;

    /// The snapshot of a resource that tells of the latest time, no later than `as_of` if given;
    /// among several of one time that which was imported last.
    fn newest_snapshot(resource: ResourceId, as_of: Option<Timestamp>) -> Option<Snapshot> = |c| find(c, "snapshot",
        sqlx::query("SELECT body FROM snapshots WHERE resource = $1 AND data_as_of <= $2 \
            ORDER BY data_as_of DESC, imported_at DESC, id DESC LIMIT 1")
            .bind(resource.to_string()).bind(as_of.map_or(i64::MAX, Timestamp::as_micros))).await;
}

impl Change {
    /// Writes the decoys of a resource, by keyed digest.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without the resource.
    pub async fn put_decoys(
        &mut self,
        resource: ResourceId,
        decoys: &[Digest],
    ) -> Result<(), StoreError> {
        for digest in decoys {
            let query = sqlx::query(
                "INSERT INTO decoys (resource, digest) VALUES ($1, $2) ON CONFLICT (resource, digest) DO NOTHING",
            )
            .bind(resource.to_string())
            .bind(digest.to_string());
            self.write("decoy", query).await?;
        }
        Ok(())
    }

    /// Writes a resource, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another has the name; [`StoreError::Dangling`] without its source unit.
    pub async fn put_resource(&mut self, resource: &Resource) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO resources (id, name, source_unit, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, source_unit = excluded.source_unit, \
             body = excluded.body",
        )
        .bind(resource.id.to_string())
        .bind(resource.name.to_string())
        .bind(resource.source_unit.to_string())
        .bind(json(resource, "resource")?);
        self.write("resource", query).await.map(drop)
    }

    /// Writes a new snapshot; snapshots never change.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it is there already; [`StoreError::Dangling`] without its resource.
    pub async fn put_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO snapshots (id, resource, data_as_of, imported_at, body) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(snapshot.id.to_string())
        .bind(snapshot.resource.to_string())
        .bind(snapshot.data_as_of.as_micros())
        .bind(snapshot.imported_at.as_micros())
        .bind(json(snapshot, "snapshot")?);
        self.write("snapshot", query).await.map(drop)
    }
}
