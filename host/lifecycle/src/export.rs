//! Exports: entries of the record with what a receipt needs, page by page, up to where the record stood at the beginning.

use std::collections::BTreeSet;
use std::sync::Arc;

use yunei_authority::{Action, Target};
use yunei_model::{Code, Digest, Name};
use yunei_store::{EntryFilter, Recorded, SignedCheckpoint};

use crate::remit::{Reader, Remit};
use crate::{Actor, Domain, LifecycleError};

/// Entries that are read at once.
const EXPORT_ROWS: u32 = 256;

/// An entry as an export tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The entry.
    pub recorded: Recorded,
    /// Its leaf hash in the log.
    pub leaf_hash: Digest,
    /// The resources that it is about.
    pub resources: BTreeSet<Name>,
    /// Its inclusion proof in the tree of the export's checkpoint, where receipts were asked for and it is under that.
    pub proof: Option<Vec<Digest>>,
}

/// An export that goes on as it is read. Nothing of it is kept in memory but one page.
pub struct Export {
    domain: Arc<Domain>,
    reader: Reader,
    remit: Remit,
    filter: EntryFilter,
    position: u64,
    up_to: u64,
    checkpoint: Option<SignedCheckpoint>,
    receipts: bool,
}

impl Domain {
    /// Begins an export of entries that `actor` may see. That someone does is on the record.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn export(
        self: &Arc<Self>,
        actor: &Actor,
        filter: EntryFilter,
        receipts: bool,
    ) -> Result<Export, LifecycleError> {
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        self.export_permitted(actor, filter, receipts).await
    }

    /// The same for whom another policy has permitted it.
    pub(crate) async fn export_permitted(
        self: &Arc<Self>,
        actor: &Actor,
        filter: EntryFilter,
        receipts: bool,
    ) -> Result<Export, LifecycleError> {
        let emergency = self.store.emergency().await?.is_some();
        let up_to = self.store.newest_position().await?;
        Ok(Export {
            domain: Arc::clone(self),
            reader: Reader::new(actor.clone()),
            remit: Remit::new(emergency),
            filter,
            position: 0,
            up_to,
            checkpoint: self.store.newest_checkpoint().await?,
            receipts,
        })
    }
}

impl Export {
    /// The checkpoint that its receipts are of; `None` while nothing is signed.
    #[must_use]
    pub const fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        self.checkpoint.as_ref()
    }

    /// The last position that it may have.
    #[must_use]
    pub const fn up_to(&self) -> u64 {
        self.up_to
    }

    /// The next entries; `None` at the end.
    ///
    /// # Errors
    /// [`Code::NotSignedIn`] or [`Code::Forbidden`] once the reader may not read on; or the store failed.
    pub async fn next(&mut self) -> Result<Option<Vec<Exported>>, LifecycleError> {
        while self.position < self.up_to {
            self.check().await?;
            let store = &self.domain.store;
            let rows = store
                .entries_between(&self.filter, self.position, self.up_to, EXPORT_ROWS)
                .await?;
            let about = store.resources_about(&rows).await?;
            let whole = rows.len() < EXPORT_ROWS as usize;
            let last = rows.last().map(|row| row.position).filter(|_| !whole);
            self.position = last.unwrap_or(self.up_to);
            let mut page = Vec::with_capacity(rows.len());
            for (recorded, resources) in rows.into_iter().zip(about) {
                let actor = &self.reader.actor;
                if self.remit.sees(&self.domain, actor, &recorded, &resources) {
                    page.push(self.exported(recorded, resources).await?);
                }
            }
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Whoever lost the right to read on in the middle of it reads no further.
    pub(crate) async fn check(&mut self) -> Result<(), LifecycleError> {
        let newest = self.domain.store.newest_position().await?;
        let changed = self.reader.check(&self.domain, newest).await?;
        let emergency = self.domain.store.emergency().await?.is_some();
        self.remit.turn(emergency, changed);
        let (domain, actor) = (&self.domain, &self.reader.actor);
        let target = Target::Domain;
        if changed
            && !self
                .remit
                .permits(domain, actor, Action::ViewRecord, &target)
        {
            return Err(Code::Forbidden.into());
        }
        Ok(())
    }

    pub(crate) const fn reader(&self) -> &Reader {
        &self.reader
    }

    async fn exported(
        &self,
        recorded: Recorded,
        resources: BTreeSet<Name>,
    ) -> Result<Exported, LifecycleError> {
        let size = self.checkpoint.as_ref().map_or(0, |signed| signed.size);
        let index = recorded
            .index
            .filter(|index| self.receipts && *index < size);
        let proof = match index {
            Some(index) => Some(self.domain.store.inclusion_proof(index, size).await?.0),
            None => None,
        };
        Ok(Exported {
            leaf_hash: recorded.entry.leaf_hash(),
            recorded,
            resources,
            proof,
        })
    }
}
