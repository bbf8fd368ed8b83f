//! Requests for stops: an authority asks, the bureau sees, and acts by the stops that there are.

use serde::Serialize;
use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{
    Code, GrantState, OrganisationId, State as _, StopRequest, StopRequestId, StopTarget,
};
use yunei_store::Page;

use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Listed};

/// A stop to be asked for.
#[derive(Debug, Clone)]
pub struct NewStopRequest {
    /// What is to be stopped.
    pub target: StopTarget,
    /// Why.
    pub reason: String,
}

/// A request for a stop, and whether what it is about still goes on.
#[derive(Debug, Clone, Serialize)]
pub struct StopRequestView {
    /// The request.
    #[serde(flatten)]
    pub request: StopRequest,
    /// Whether it still goes on: a run is not at its end, a grant is in force, no emergency stop is.
    pub open: bool,
}

/// What a request is about, as it is now.
struct About {
    target: Target,
    operator: Option<OrganisationId>,
    goes_on: bool,
}

impl Domain {
    /// Asks the bureau for a stop.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when there is no such thing, or it is not `actor`'s to see.
    pub async fn request_stop(
        &self,
        actor: &Actor,
        new: NewStopRequest,
    ) -> Result<StopRequestView, LifecycleError> {
        let about = self.about(new.target).await?;
        let permit = self
            .permit(actor, Action::RequestStop, &about.target)
            .await?;
        let request = StopRequest {
            id: StopRequestId::new(&*self.ids),
            target: new.target,
            reason: kept_reason(&new.reason),
            account: actor.principal.account,
            organisation: actor.principal.organisation,
            at: self.clock.now(),
        };
        let mut change = self.store.begin().await?;
        change.put_stop_request(&request).await?;
        let mut draft = permit
            .draft(Kind::StopRequested, actor)
            .operator(about.operator)
            .fact("request", request.id)
            .fact("reason", &request.reason);
        draft = match request.target {
            StopTarget::Domain => draft,
            StopTarget::Grant { grant } => draft.fact("grant", grant),
            StopTarget::Run { run } => draft.fact("run", run),
        };
        self.record(&mut change, draft).await?;
        let open = about.goes_on;
        let view = StopRequestView { request, open };
        self.remember(&mut change, actor, &view).await?;
        self.commit(change).await?;
        Ok(view)
    }

    /// Requests that `actor` may see: the bureau all, an authority those that it might have made.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn stop_requests(
        &self,
        actor: &Actor,
        page: Page<StopRequestId>,
    ) -> Result<Listed<StopRequestView, StopRequestId>, LifecycleError> {
        self.permit(actor, Action::ViewStopRequests, &Target::Domain)
            .await?;
        let asked_for_all = actor.holds(yunei_model::Role::Bureau);
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let requests = self.store.stop_requests(part).await?;
            listing.read(requests.len());
            for request in requests {
                let (id, about) = (request.id, self.about(request.target).await?);
                let sees =
                    asked_for_all || self.may(actor, Action::RequestStop, &about.target).await?;
                let open = about.goes_on;
                if !listing.look(id, sees.then_some(StopRequestView { request, open })) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    async fn about(&self, target: StopTarget) -> Result<About, LifecycleError> {
        Ok(match target {
            StopTarget::Domain => About {
                target: Target::Domain,
                operator: None,
                goes_on: self.store.emergency().await?.is_none(),
            },
            StopTarget::Grant { grant } => {
                let (grant, target) = self.standing_with_target(grant).await?;
                About {
                    target: Target::Grant(Box::new(target)),
                    operator: Some(grant.terms.operator),
                    goes_on: grant.state == GrantState::Active,
                }
            }
            StopTarget::Run { run } => {
                let run = self.store.run(run).await?.ok_or(Code::NotFound)?;
                About {
                    target: Target::Run(self.run_target(&run).await?),
                    operator: Some(run.operator),
                    goes_on: !run.state.is_final(),
                }
            }
        })
    }
}
