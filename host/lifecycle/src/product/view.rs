//! A product as its readers see it, with what stands for it.

use serde::Serialize;
use yunei_model::{
    Notice, Product, ProductState, Role, RunId, Standing, StandingBound, StandingEnded, StandingId,
    StandingState, StandingYes, Timestamp,
};

use crate::{Actor, Domain, LifecycleError};

/// Roles that see who approved what, and what the gate left to people before a status shows it.
const INSIDE: [Role; 4] = [
    Role::Bureau,
    Role::Reviewer,
    Role::Regulator,
    Role::AuditAdministrator,
];

/// A product, with the newest standing approval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductView {
    /// The product; its state as its reader may know it.
    #[serde(flatten)]
    pub product: Product,
    /// The newest standing approval, whatever became of it.
    pub standing: Option<StandingView>,
    /// What is told where a product is drafted or shown by itself, of its unit's own things alone.
    pub notices: Vec<Notice>,
}

/// A standing approval, as a product shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingView {
    /// Id.
    pub id: StandingId,
    /// State.
    pub state: StandingState,
    /// The edition's run that it begins with.
    pub first: RunId,
    /// What it is bound to.
    pub bound: StandingBound,
    /// How many people approved it; who they are is for the domain's own people.
    pub approvals_count: usize,
    /// Who approved it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<StandingYes>,
    /// Since when it is in force.
    pub in_force_at: Option<Timestamp>,
    /// Until when it holds.
    pub until: Option<Timestamp>,
    /// How it came to its end by itself.
    pub ended: Option<StandingEnded>,
}

impl From<Standing> for StandingView {
    fn from(standing: Standing) -> Self {
        Self {
            id: standing.id,
            state: standing.state,
            first: standing.first,
            bound: standing.bound,
            approvals_count: standing.approvals.len(),
            approvals: standing.approvals,
            in_force_at: standing.in_force_at,
            until: standing.until,
            ended: standing.ended,
        }
    }
}

impl ProductView {
    /// A product that was drafted just now: nothing stands for it.
    pub(super) const fn drafted(product: Product, notices: Vec<Notice>) -> Self {
        Self {
            product,
            standing: None,
            notices,
        }
    }

    /// The same, should what stands for it have come into force or to its end after the product was read: the approval was read last.
    fn in_step(mut self) -> Self {
        let stands = self.standing.as_ref().map(|standing| standing.state);
        self.product.state = match (self.product.state, stands) {
            (ProductState::Standing, Some(StandingState::Ended | StandingState::Withdrawn)) => {
                ProductState::Reviewed
            }
            (ProductState::Reviewed, Some(StandingState::InForce)) => ProductState::Standing,
            (state, _) => state,
        };
        self
    }

    /// The same as if nobody had released an edition of it yet.
    fn before_review(mut self) -> Self {
        self.standing = None;
        self.product.first_reviewed = None;
        if matches!(
            self.product.state,
            ProductState::Reviewed | ProductState::Standing
        ) {
            self.product.state = ProductState::Drafted;
        }
        self
    }

    /// The same as if the end of its standing approval had not come yet.
    fn before_end(mut self) -> Self {
        let Some(standing) = &mut self.standing else {
            return self;
        };
        standing.ended = None;
        standing.state = StandingState::Proposed;
        if standing.in_force_at.is_some() {
            standing.state = StandingState::InForce;
            if self.product.state == ProductState::Reviewed {
                self.product.state = ProductState::Standing;
            }
        }
        self
    }
}

impl Domain {
    /// A product as `actor` may see it.
    ///
    /// INVARIANT: to its operating unit what an edition changes, that the product is reviewed or that nothing stands for it any more, shows
    /// no sooner than the end of that edition's run does, and no more of it.
    pub(crate) async fn product_view(
        &self,
        actor: &Actor,
        product: Product,
    ) -> Result<ProductView, LifecycleError> {
        let standing = self.store.standing_newest(product.id).await?;
        let view = ProductView {
            product,
            standing: standing.map(StandingView::from),
            notices: Vec::new(),
        };
        let mut view = view.in_step();
        if INSIDE.iter().any(|role| actor.holds(*role)) {
            return Ok(view);
        }
        if let Some(run) = view.product.first_reviewed {
            let run = self.store.run(run).await?;
            if !run.is_some_and(|run| self.is_visible(&run)) {
                return Ok(view.before_review());
            }
        }
        let Some(standing) = &mut view.standing else {
            return Ok(view);
        };
        standing.approvals = Vec::new();
        let Some(run) = standing.ended.and_then(|ended| ended.run) else {
            return Ok(view);
        };
        let run = self.store.run(run).await?;
        Ok(if run.is_some_and(|run| self.is_visible(&run)) {
            view
        } else {
            view.before_end()
        })
    }
}
