//! Queries of the record: what of its entries and of runs' calls each may see.

use std::collections::HashMap;

use yunei_authority::{Action, RecordTarget, Target};
use yunei_model::{
    Call, CallDecision, Code, GrantId, ModuleId, Name, OrganisationId, RunId, Timestamp,
};
use yunei_store::{CallFilter, CallOfRun, EntryFilter, Page, Recorded};

use crate::list::Listing;
use crate::remit::Remit;
use crate::{Actor, Domain, LifecycleError, Listed};

/// Which calls, over all runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallQuery {
    /// Of that run.
    pub run: Option<RunId>,
    /// Of that operating unit's runs.
    pub operator: Option<OrganisationId>,
    /// Under that grant.
    pub grant: Option<GrantId>,
    /// By that module.
    pub module: Option<ModuleId>,
    /// Of that resource.
    pub resource: Option<Name>,
    /// Answered so.
    pub decision: Option<CallDecision>,
    /// Made at or after.
    pub since: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
}

/// A call, and the run that it is of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FoundCall {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: Call,
}

impl CallQuery {
    /// What the store can tell from the calls' runs.
    pub(crate) fn filter(&self) -> CallFilter {
        CallFilter {
            run: self.run,
            operator: self.operator,
            grant: self.grant,
            module: self.module,
            resource: self.resource.clone(),
            // No call is made before its run is submitted.
            submitted_before: self.until,
        }
    }

    /// What only the call itself tells.
    pub(crate) fn matches(&self, call: &Call) -> bool {
        let resource = self.resource.is_none() || call.resource == self.resource;
        resource
            && self.decision.is_none_or(|said| call.decision == said)
            && self.since.is_none_or(|since| call.at >= since)
            && self.until.is_none_or(|until| call.at < until)
    }
}

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
        let mut remit = Remit::new(self.store.emergency().await?.is_some());
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let entries = self.store.entries(filter, part).await?;
            listing.read(entries.len());
            let about = self.store.resources_about(&entries).await?;
            for (recorded, resources) in entries.into_iter().zip(about) {
                let sees = remit.sees(self, actor, &recorded, &resources);
                if !listing.look(recorded.position, sees.then_some(recorded)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// What an entry is about.
    pub(crate) async fn record_target(
        &self,
        recorded: &Recorded,
    ) -> Result<RecordTarget, LifecycleError> {
        let about = self
            .store
            .resources_about(std::slice::from_ref(recorded))
            .await?;
        Ok(RecordTarget {
            operator: recorded.entry.operator(),
            resources: about.into_iter().flatten().collect(),
        })
    }

    /// Calls of all runs whose traces `actor` may see, in the order of runs and within them of calls.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn calls_across(
        &self,
        actor: &Actor,
        query: &CallQuery,
        page: Page<(RunId, u64)>,
    ) -> Result<Listed<FoundCall, (RunId, u64)>, LifecycleError> {
        // Whoever may not even query the record has no business with other people's traces.
        self.permit(actor, Action::ViewRecord, &Target::Domain)
            .await?;
        let filter = query.filter();
        let mut runs = HashMap::new();
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let calls = self
                .store
                .calls_across(&filter, part.after, part.limit)
                .await?;
            listing.read(calls.len());
            for CallOfRun { run, call } in calls {
                let place = (run, call.index);
                let wanted = query.matches(&call) && self.sees_trace(actor, &mut runs, run).await?;
                if !listing.look(place, wanted.then_some(FoundCall { run, call })) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Whether `actor` may see the trace of a run; decided once per query and run.
    pub(crate) async fn sees_trace(
        &self,
        actor: &Actor,
        decided: &mut HashMap<RunId, bool>,
        id: RunId,
    ) -> Result<bool, LifecycleError> {
        if let Some(sees) = decided.get(&id) {
            return Ok(*sees);
        }
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let sees = self.may(actor, Action::ViewRunDetail, &target).await?;
        decided.insert(id, sees);
        Ok(sees)
    }
}
