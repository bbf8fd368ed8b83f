//! Queries of the record: what of it each may see.

use yunei_authority::{Action, RecordTarget, Target};
use yunei_store::{EntryFilter, Page, Recorded};

use crate::list::Listing;
use crate::{Actor, Domain, LifecycleError, Listed};

impl Domain {
    /// Entries of the record that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn entries(
        &self,
        actor: &Actor,
        filter: &EntryFilter,
        page: Page<u64>,
    ) -> Result<Listed<Recorded, u64>, LifecycleError> {
        // Asking is decided on the domain; what is found is decided entry by entry, by remit.
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let entries = self.store.entries(filter, part).await?;
            listing.read(entries.len());
            for recorded in entries {
                let target = Target::Record(self.record_target(&recorded).await?);
                let sees = self.may(actor, Action::ViewRecord, &target).await?;
                if !listing.look(recorded.position, sees.then_some(recorded)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    async fn record_target(&self, recorded: &Recorded) -> Result<RecordTarget, LifecycleError> {
        let operator = recorded.entry.operator();
        let mut resources = std::collections::BTreeSet::new();
        if let Some(id) = recorded.entry.run()
            && let Some(run) = self.store.run(id).await?
        {
            resources.extend(self.resources_of(&run).await?.into_iter().map(|r| r.name));
        }
        let named = recorded
            .entry
            .facts()
            .get("resource")
            .and_then(serde_json::Value::as_str);
        resources.extend(named.and_then(|name| yunei_model::Name::parse(name).ok()));
        Ok(RecordTarget {
            operator,
            resources,
        })
    }
}
