//! Standing approvals: later editions of a product that pass every check leave without being asked about again.

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, Digest, GrantId, ModuleId, OrganisationId, PersonId, ProductId, RunId, StandingId,
    Timestamp,
};

/// Days that a standing approval holds at most, and holds when nobody names fewer.
pub const STANDING_DAYS_MAX: u32 = 366;

states! {
    /// The life of a standing approval.
    StandingState {
        /// One person approved it.
        Proposed = "proposed" => [InForce, Withdrawn, Ended],
        /// Two people approved it.
        InForce = "in-force" => [Withdrawn, Ended],
        /// Taken back.
        Withdrawn = "withdrawn" => [],
        /// Came to its end by itself: what it rested on is not as it was.
        Ended = "ended" => [],
    }
}

names! {
    /// Why a standing approval came to its end by itself.
    StandingEnd {
        /// An edition did not pass every check, or came to nothing.
        Check = "check",
        /// The product has another module.
        Module = "module",
        /// The grant has another version, or is no longer in force.
        Grant = "grant",
        /// Outputs, derived columns or parameters are otherwise.
        Schema = "schema",
        /// The catalogue describes the resources otherwise.
        Frame = "frame",
        /// The disclosure profile is another one.
        Profile = "profile",
        /// Its time is over.
        Term = "term",
        /// The product was taken back, or there is none.
        Product = "product",
    }
}

/// What a standing approval is bound to: as soon as anything of it differs, people decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingBound {
    /// Grant.
    pub grant: GrantId,
    /// Its version.
    pub grant_version: u32,
    /// Module.
    pub module: ModuleId,
    /// Digest of its component.
    pub module_digest: Digest,
    /// Digest of outputs, derived columns and parameters.
    pub schema: Digest,
    /// Digest of what the catalogue says of the resources: fields, classes, bandings, subject.
    pub frame: Digest,
    /// Digest of the disclosure profile.
    pub profile: Digest,
}

impl StandingBound {
    /// What of `now` is not as it was, if anything.
    #[must_use]
    pub fn differs(&self, now: &Self) -> Option<StandingEnd> {
        [
            (
                self.module == now.module && self.module_digest == now.module_digest,
                StandingEnd::Module,
            ),
            (
                self.grant == now.grant && self.grant_version == now.grant_version,
                StandingEnd::Grant,
            ),
            (self.schema == now.schema, StandingEnd::Schema),
            (self.frame == now.frame, StandingEnd::Frame),
            (self.profile == now.profile, StandingEnd::Profile),
        ]
        .into_iter()
        .find_map(|(same, end)| (!same).then_some(end))
    }
}

/// One person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingYes {
    /// Account.
    pub reviewer: AccountId,
    /// Person behind it.
    pub person: PersonId,
    /// Reason, as the reviewer wrote it.
    pub reason: String,
    /// Days that it is to hold at most, from when it is in force.
    #[serde(default)]
    pub days: Option<u32>,
    /// When.
    pub at: Timestamp,
}

/// The end of a standing approval that nobody withdrew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingEnded {
    /// Why.
    pub cause: StandingEnd,
    /// The run that was to become an edition, where one was the cause.
    pub run: Option<RunId>,
    /// When.
    pub at: Timestamp,
}

/// A standing approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Id.
    pub id: StandingId,
    /// The product whose editions it lets leave; none for one of the time before approvals were of products, which lets nothing leave.
    #[serde(default)]
    pub product: Option<ProductId>,
    /// The run whose release by two reviewers it begins with: an edition of the product.
    pub first: RunId,
    /// Operating unit.
    pub operator: OrganisationId,
    /// What it is bound to.
    pub bound: StandingBound,
    /// State.
    pub state: StandingState,
    /// Who approved it.
    pub approvals: Vec<StandingYes>,
    /// When the second person approved it.
    #[serde(default)]
    pub in_force_at: Option<Timestamp>,
    /// Until when it holds; set when it comes into force.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How it came to its end, unless somebody withdrew it.
    #[serde(default)]
    pub ended: Option<StandingEnded>,
}

impl Standing {
    /// Whether it may still let anything leave, or come to do so.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, StandingState::Proposed | StandingState::InForce)
    }

    /// Days that it holds: the fewest that anybody named.
    #[must_use]
    pub fn days(&self) -> u32 {
        let named = self.approvals.iter().filter_map(|yes| yes.days);
        named.min().unwrap_or(STANDING_DAYS_MAX)
    }
}
