//! Modules: uploads, admission, algorithm review.

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{AccountId, Digest, Manifest, ModuleId, OrganisationId, PersonId, ReviewId, Timestamp};

states! {
    /// The life of a module.
    ModuleState {
        /// Received.
        Uploaded = "uploaded" => [Refused, Admitted],
        /// Failed a check of admission.
        Refused = "refused" => [],
        /// Passed every check and is compiled.
        Admitted = "admitted" => [Approved, Rejected, Withdrawn],
        /// Its algorithm is approved by two people.
        Approved = "approved" => [Withdrawn],
        /// Its algorithm is rejected.
        Rejected = "rejected" => [Withdrawn],
        /// Taken back.
        Withdrawn = "withdrawn" => [],
    }
}

/// An uploaded module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Id.
    pub id: ModuleId,
    /// Digest of the component.
    pub digest: Digest,
    /// Bytes of the component.
    pub bytes: u64,
    /// The operating unit that it belongs to.
    pub operator: OrganisationId,
    /// Account that uploaded it.
    pub uploaded_by: AccountId,
    /// Person behind that account.
    pub uploaded_by_person: PersonId,
    /// When.
    pub uploaded_at: Timestamp,
    /// State.
    pub state: ModuleState,
    /// Manifest; absent when it could not be read.
    pub manifest: Option<Manifest>,
    /// Outcome of admission.
    pub admission: Option<Admission>,
    /// Algorithm reviews so far.
    #[serde(default)]
    pub reviews: Vec<AlgorithmReview>,
}

/// One reason why admission refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name of the check, such as `import-not-allowed`.
    pub check: String,
    /// What was found, from the upload itself.
    pub detail: String,
}

/// Outcome of admission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// When.
    pub at: Timestamp,
    /// Every reason to refuse; empty when admitted.
    pub findings: Vec<Finding>,
    /// Imports, for review.
    pub imports: Vec<String>,
    /// Digest of the compiled artefact.
    pub artefact: Option<Digest>,
    /// Milliseconds that compilation took.
    pub compile_ms: Option<u64>,
}

names! {
    /// What a reviewer said.
    ReviewOutcome {
        /// Yes.
        Approved = "approved",
        /// No.
        Rejected = "rejected",
    }
}

/// One person's review of a module's algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlgorithmReview {
    /// Id.
    pub id: ReviewId,
    /// Account of the reviewer.
    pub reviewer: AccountId,
    /// Person behind that account.
    pub person: PersonId,
    /// Outcome.
    pub outcome: ReviewOutcome,
    /// Reason, as the reviewer wrote it.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}
