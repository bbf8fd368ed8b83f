//! Standing approvals: later outputs of the same module that pass every check leave without being asked about again.

use serde::{Deserialize, Serialize};

use crate::transition::states;
use crate::{
    AccountId, Digest, GrantId, ModuleId, OrganisationId, PersonId, RunId, StandingId, Timestamp,
};

states! {
    /// The life of a standing approval.
    StandingState {
        /// One person approved it.
        Proposed = "proposed" => [InForce, Withdrawn],
        /// Two people approved it.
        InForce = "in-force" => [Withdrawn],
        /// Taken back.
        Withdrawn = "withdrawn" => [],
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

/// One person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingYes {
    /// Account.
    pub reviewer: AccountId,
    /// Person behind it.
    pub person: PersonId,
    /// Reason, as the reviewer wrote it.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A standing approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Id.
    pub id: StandingId,
    /// The run whose release by two reviewers it begins with.
    pub first: RunId,
    /// Operating unit.
    pub operator: OrganisationId,
    /// What it is bound to.
    pub bound: StandingBound,
    /// State.
    pub state: StandingState,
    /// Who approved it.
    pub approvals: Vec<StandingYes>,
}
