//! Scenarios, applications, consents.

use serde::{Deserialize, Serialize};

use crate::transition::states;
use crate::{
    AccountId, ApplicationId, ConsentId, GrantId, Name, OrganisationId, PersonId, ScenarioId, Text,
    Timestamp,
};

states! {
    /// The life of a scenario.
    ScenarioState {
        /// Proposed.
        Proposed = "proposed" => [Approved, Rejected],
        /// Approved by the bureau: grants may name it.
        Approved = "approved" => [Closed],
        /// Rejected.
        Rejected = "rejected" => [],
        /// No longer to be named by new grants.
        Closed = "closed" => [],
    }
}

/// An application scenario: 无场景不授权.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// Id.
    pub id: ScenarioId,
    /// Name.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Purposes that grants under it may have.
    pub purposes: Vec<Name>,
    /// State.
    pub state: ScenarioState,
    /// Organisation that proposed it; unknown for those proposed before this was kept.
    #[serde(default)]
    pub proposer: Option<OrganisationId>,
}

/// An operating unit's application for a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Id.
    pub id: ApplicationId,
    /// Applicant.
    pub operator: OrganisationId,
    /// Scenario.
    pub scenario: ScenarioId,
    /// When.
    pub at: Timestamp,
}

/// A source unit's consent to one version of a grant, for one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Id.
    pub id: ConsentId,
    /// Grant.
    pub grant: GrantId,
    /// Its version.
    pub grant_version: u32,
    /// Resource.
    pub resource: Name,
    /// Source unit.
    pub source_unit: OrganisationId,
    /// Account that consented.
    pub account: AccountId,
    /// Person behind it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}
