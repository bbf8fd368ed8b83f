//! Resources and their snapshots.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tracing::Instrument as _;
use yunei_authority::{Action, ResourceTarget, Target};
use yunei_catalog::{CatalogueEntry, ImportError, ImportFormat, ImportTerms, SourceFile, import};
use yunei_ledger::Kind;
use yunei_model::{
    Code, Digest, LimitExceeded, Name, Refusal, Resource, ResourceId, Snapshot, SnapshotId,
    Timestamp,
};
use yunei_store::{Change, PAGE_ROWS_MAX, Page};
use yunei_telemetry::{event, span};

use crate::list::Listing;
use crate::{Actor, Domain, LifecycleError, Listed};

/// Files that one snapshot is made of at most: more than ten years of daily increments.
pub const INCREMENTS_MAX: u64 = 4096;

/// The snapshot that the rows of a file are added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onto {
    /// That which tells of the latest time.
    Newest,
    /// This one.
    Snapshot(SnapshotId),
}

/// A file to be imported as a snapshot.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// Its name in [`Domain::incoming_dir`]; removed after the import.
    pub file: String,
    /// Its format.
    pub format: ImportFormat,
    /// The state of the world that it tells of.
    pub data_as_of: Timestamp,
    /// The snapshot that its rows are added to; `None` for a snapshot of this file alone.
    pub onto: Option<Onto>,
}

impl Domain {
    /// Decoys of a resource, as the gate knows them.
    pub(crate) async fn decoy_plan(
        &self,
        resource: &Resource,
    ) -> Result<yunei_rooms::DecoyPlan, LifecycleError> {
        Ok(yunei_rooms::DecoyPlan {
            key: yunei_rooms::SealKey::from_bytes(*self.keys.decoy_key(resource.id)?),
            digests: self.store.decoys(resource.id).await?,
        })
    }

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
        if let Some(detail) = self.population_disagrees(&resource).await? {
            return Err(invalid(vec![detail]).into());
        }
        change.put_resource(&resource).await?;
        let decoys = self.decoy_digests(resource.id, &entry.decoy)?;
        change.put_decoys(resource.id, &decoys).await?;
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

    /// Decoys as they are kept: by keyed digest.
    fn decoy_digests(
        &self,
        id: ResourceId,
        decoys: &[String],
    ) -> Result<Vec<Digest>, LifecycleError> {
        let key = self.keys.decoy_key(id)?;
        let mut digests = Vec::with_capacity(decoys.len());
        for decoy in decoys {
            let mac = <Hmac<Sha256> as Mac>::new_from_slice(&key[..]);
            let mut mac = mac.map_err(|_| crate::KeyError::Wrapped)?;
            mac.update(decoy.as_bytes());
            digests.push(Digest::from_bytes(mac.finalize().into_bytes().into()));
        }
        Ok(digests)
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
    /// Refused by policy; the import's own codes, with line and column; [`Code::OntoUnknown`], [`Code::NoSnapshot`],
    /// [`Code::ImportTwice`] and [`Code::OntoMoved`] about the snapshot to add to.
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
        let refused = |e: ImportError| Refusal::new(e.code()).detail(e.to_string());
        let file = tokio::task::block_in_place(|| SourceFile::open(&self.incoming, &new.file));
        let file = file.map_err(refused)?;
        let digest = file.digest();
        // Before the work as well as after it: a file that is in there already need not be read.
        let onto = self.onto(&resource, new.onto, digest).await?;
        let snapshot = tokio::task::block_in_place(|| {
            let terms = ImportTerms {
                format: new.format,
                data_as_of: new.data_as_of,
                onto: onto.as_ref(),
            };
            let (vault, ids, clock) = (&self.vault, &*self.ids, &*self.clock);
            import(file, &terms, &resource, vault, ids, clock)
        });
        let mut snapshot = snapshot.map_err(refused)?;
        let mut change = self.store.begin().await?;
        let now = onto_of(&mut change, &resource, new.onto, digest).await?;
        if now.map(|s| s.id) != snapshot.onto {
            return Err(Code::OntoMoved.into());
        }
        snapshot.supersedes = change
            .newest_snapshot(resource.id, None)
            .await?
            .map(|s| s.id);
        change.put_snapshot(&snapshot).await?;
        let draft = permit
            .draft(Kind::SnapshotImported, actor)
            .fact("resource", &resource.name)
            .fact("snapshot", snapshot.id)
            .fact("onto", snapshot.onto)
            .fact("file", digest.to_string())
            .fact("digest", snapshot.digest().to_string())
            .fact("data_as_of", snapshot.data_as_of.as_micros());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        self.scheduled.notify_one();
        Ok(snapshot)
    }

    /// The snapshot to add a file to, as things are now.
    async fn onto(
        &self,
        resource: &Resource,
        asked: Option<Onto>,
        file: Digest,
    ) -> Result<Option<Snapshot>, LifecycleError> {
        // Read and given up again: nothing is written yet.
        let mut change = self.store.begin().await?;
        onto_of(&mut change, resource, asked, file).await
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

/// The snapshot to add a file to, unless the file is in it already.
async fn onto_of(
    change: &mut Change,
    resource: &Resource,
    asked: Option<Onto>,
    file: Digest,
) -> Result<Option<Snapshot>, LifecycleError> {
    let onto = match asked {
        None => return Ok(None),
        Some(Onto::Newest) => change.newest_snapshot(resource.id, None).await?,
        Some(Onto::Snapshot(id)) => change.snapshot(id).await?,
    };
    let onto = match (onto.filter(|s| s.resource == resource.id), asked) {
        (Some(onto), _) => onto,
        (None, Some(Onto::Snapshot(_))) => return Err(Code::OntoUnknown.into()),
        (None, _) => return Err(Code::NoSnapshot.into()),
    };
    if let Some(holder) = holder_of(change, &onto, file).await? {
        let detail = format!("snapshot `{holder}` has it");
        return Err(Refusal::new(Code::ImportTwice).detail(detail).into());
    }
    Ok(Some(onto))
}

/// The snapshot through which the rows of `file` are in `onto` already, or were added to it before.
async fn holder_of(
    change: &mut Change,
    onto: &Snapshot,
    file: Digest,
) -> Result<Option<SnapshotId>, LifecycleError> {
    let mut within = Some(onto.clone());
    for depth in 0..=INCREMENTS_MAX {
        let Some(snapshot) = within else { break };
        if snapshot.file == Some(file) {
            return Ok(Some(snapshot.id));
        }
        let too_many = |e: LimitExceeded| Refusal::new(Code::TooLarge).detail(e.to_string());
        LimitExceeded::check("increments_max", INCREMENTS_MAX, depth, 1).map_err(too_many)?;
        within = match snapshot.onto {
            Some(earlier) => change.snapshot(earlier).await?,
            None => None,
        };
    }
    // Ids rise with time: what was added to it comes after it.
    let mut page = Page::first(PAGE_ROWS_MAX).after(onto.id);
    loop {
        let later = change.snapshots(onto.resource, page).await?;
        let same = later
            .iter()
            .find(|s| s.onto == Some(onto.id) && s.file == Some(file));
        if let Some(same) = same {
            return Ok(Some(same.id));
        }
        match later.last() {
            Some(last) if later.len() >= PAGE_ROWS_MAX as usize => page = page.after(last.id),
            _ => return Ok(None),
        }
    }
}
