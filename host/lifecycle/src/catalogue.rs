//! Resources and their snapshots.

use tracing::Instrument as _;
use yunei_authority::{Action, ResourceTarget, Target};
use yunei_catalog::{CatalogueEntry, ImportFormat, import};
use yunei_ledger::Kind;
use yunei_model::{Code, Name, Refusal, Resource, ResourceId, Snapshot, SnapshotId, Timestamp};
use yunei_store::Page;
use yunei_telemetry::{event, span};

use crate::list::Listing;
use crate::{Actor, Domain, LifecycleError, Listed};

/// A file to be imported as a snapshot.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// Its name in [`Domain::incoming_dir`]; removed after the import.
    pub file: String,
    /// Its format.
    pub format: ImportFormat,
    /// The state of the world that it tells of.
    pub data_as_of: Timestamp,
}

impl Domain {
    /// Registers a resource from its catalogue entry (TOML).
    ///
    /// # Errors
    /// Refused by policy; [`Code::ResourceInvalid`] with every fault; the name is taken.
    pub async fn register_resource(
        &self,
        actor: &Actor,
        entry: &str,
    ) -> Result<Resource, LifecycleError> {
        let invalid = |details: Vec<String>| Refusal {
            code: Code::ResourceInvalid,
            clause: None,
            details,
        };
        let entry = CatalogueEntry::parse(entry).map_err(|e| invalid(vec![e.to_string()]))?;
        let unit = self.store.organisation_by_name(&entry.source_unit).await?;
        let unit = unit.ok_or_else(|| {
            invalid(vec![format!(
                "there is no organisation `{}`",
                entry.source_unit
            )])
        })?;
        let resource = entry
            .register(ResourceId::new(&*self.ids), unit.id, 1)
            .map_err(|errors| invalid(errors.iter().map(ToString::to_string).collect()))?;
        let target = Target::Resource(ResourceTarget::from(&resource));
        let permit = self
            .permit(actor, Action::RegisterResource, &target)
            .await?;
        let mut change = self.store.begin().await?;
        if change.resource_by_name(&resource.name).await?.is_some() {
            return Err(Code::NameTaken.into());
        }
        change.put_resource(&resource).await?;
        let draft = permit
            .draft(Kind::ResourceRegistered, actor)
            .fact("resource", &resource.name)
            .fact("source_unit", unit.id)
            .fact("grade", resource.grade.as_str())
            .fact("basis", resource.basis.as_str())
            .fact("fields", resource.schema.fields.len());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(resource)
    }

    /// Resources in the catalogue.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn resources(
        &self,
        actor: &Actor,
        page: Page<ResourceId>,
    ) -> Result<Listed<Resource, ResourceId>, LifecycleError> {
        self.permit(actor, Action::ViewCatalogue, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let resources = self.store.resources(part).await?;
            listing.read(resources.len());
            for resource in resources {
                let target = Target::Resource(ResourceTarget::from(&resource));
                let sees = self.may(actor, Action::ViewCatalogue, &target).await?;
                if !listing.look(resource.id, sees.then_some(resource)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// One resource.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn resource(&self, actor: &Actor, name: &Name) -> Result<Resource, LifecycleError> {
        let resource = self
            .store
            .resource_by_name(name)
            .await?
            .ok_or(Code::NotFound)?;
        self.permit(
            actor,
            Action::ViewCatalogue,
            &Target::Resource(ResourceTarget::from(&resource)),
        )
        .await?;
        Ok(resource)
    }

    /// Imports a file as a new snapshot.
    ///
    /// # Errors
    /// Refused by policy; the import's own codes, with line and column.
    pub async fn import_snapshot(
        &self,
        actor: &Actor,
        name: &Name,
        new: NewSnapshot,
    ) -> Result<Snapshot, LifecycleError> {
        let span = span!(IMPORT, RESOURCE = %name);
        let imported = self.import_file(actor, name, &new).instrument(span).await;
        // The upload has done its duty either way.
        if let Err(error) = self.incoming.remove_file(&new.file) {
            event!(WARN, STAGE_FAILED, STAGE = "import", CAUSE = %error.kind());
        }
        imported
    }

    /// Whether `actor` may import into a resource at all: asked before the body of an upload is read.
    ///
    /// # Errors
    /// Refused by policy, or there is no such resource.
    pub async fn may_import(&self, actor: &Actor, name: &Name) -> Result<(), LifecycleError> {
        let resource = self
            .store
            .resource_by_name(name)
            .await?
            .ok_or(Code::NotFound)?;
        let target = Target::Resource(ResourceTarget::from(&resource));
        self.permit(actor, Action::ImportSnapshot, &target)
            .await
            .map(drop)
    }

    async fn import_file(
        &self,
        actor: &Actor,
        name: &Name,
        new: &NewSnapshot,
    ) -> Result<Snapshot, LifecycleError> {
        let resource = self
            .store
            .resource_by_name(name)
            .await?
            .ok_or(Code::NotFound)?;
        let target = Target::Resource(ResourceTarget::from(&resource));
        let permit = self.permit(actor, Action::ImportSnapshot, &target).await?;
        let snapshot = tokio::task::block_in_place(|| {
            import(
                &self.incoming,
                &new.file,
                new.format,
                &resource,
                &self.vault,
                &*self.ids,
                &*self.clock,
                new.data_as_of,
            )
        });
        let mut snapshot = snapshot.map_err(|e| Refusal::new(e.code()).detail(e.to_string()))?;
        let mut change = self.store.begin().await?;
        snapshot.supersedes = change
            .newest_snapshot(resource.id, None)
            .await?
            .map(|s| s.id);
        change.put_snapshot(&snapshot).await?;
        let draft = permit
            .draft(Kind::SnapshotImported, actor)
            .fact("resource", &resource.name)
            .fact("snapshot", snapshot.id)
            .fact("digest", snapshot.digest().to_string())
            .fact("data_as_of", snapshot.data_as_of.as_micros());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(snapshot)
    }

    /// Snapshots of a resource.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub async fn snapshots(
        &self,
        actor: &Actor,
        name: &Name,
        page: Page<SnapshotId>,
    ) -> Result<Listed<Snapshot, SnapshotId>, LifecycleError> {
        let resource = self.resource(actor, name).await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let snapshots = self.store.snapshots(resource.id, part).await?;
            listing.read(snapshots.len());
            for snapshot in snapshots {
                // Whoever sees the resource sees which snapshots it has.
                if !listing.look(snapshot.id, Some(snapshot)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }
}
