//! Retrieval of evidence 调取: what an authority asks for, under which approval, and who signed.

use serde::{Deserialize, Serialize};

use crate::transition::states;
use crate::{AccountId, Name, OrganisationId, PersonId, RetrievalId, RunId, Timestamp};

states! {
    /// The life of a retrieval.
    RetrievalState {
        /// Asked for; waits for a second person.
        Requested = "requested" => [Signed, Refused],
        /// A second person signed: the evidence may be fetched.
        Signed = "signed" => [],
        /// Somebody refused it, with a reason: nothing is handed over.
        Refused = "refused" => [],
    }
}

/// What evidence is asked for: of one run, or of a span of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceScope {
    /// That run: its entries and its calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Made at or after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Made before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// About that operating unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OrganisationId>,
    /// About that resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Name>,
}

impl EvidenceScope {
    /// Whether it says what is asked for: a run, or both ends of a span of time.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let span = self.since.zip(self.until);
        self.run.is_some() || span.is_some_and(|(since, until)| since < until)
    }
}

/// Who refused evidence, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRefusal {
    /// Account that refused.
    pub by: AccountId,
    /// Person behind it; whoever asked, where the request was taken back.
    pub by_person: PersonId,
    /// When.
    pub at: Timestamp,
    /// The reason given, for the authority that asked.
    pub reason: String,
}

/// One retrieval of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrieval {
    /// Id.
    pub id: RetrievalId,
    /// The authority.
    pub organisation: OrganisationId,
    /// Account that asked.
    pub requested_by: AccountId,
    /// Person behind it.
    pub requested_by_person: PersonId,
    /// When.
    pub requested_at: Timestamp,
    /// Number of the approval 批准文号.
    pub approval: String,
    /// The reason given.
    pub reason: String,
    /// What is asked for.
    pub scope: EvidenceScope,
    /// State.
    pub state: RetrievalState,
    /// Account that signed as the second.
    pub signed_by: Option<AccountId>,
    /// Person behind that.
    pub signed_by_person: Option<PersonId>,
    /// When.
    pub signed_at: Option<Timestamp>,
    /// The refusal, where there is one.
    #[serde(default)]
    pub refused: Option<EvidenceRefusal>,
}
