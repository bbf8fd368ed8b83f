//! The release gate's words: verdicts, sealed outputs, releases, reviews.

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{
    AccountId, Checks, Digest, Hint, Name, Overlaps, PersonId, ReleaseId, ReviewId, ReviewOutcome,
    RunId, Table, Timestamp,
};

names! {
    /// The ways out of the domain.
    Route {
        /// Differentially private noise over bounded contributions.
        Private = "private",
        /// The gate's own figures, computed from the snapshot.
        Recomputed = "recomputed",
        /// Approved by people.
        Reviewed = "reviewed",
    }
}

names! {
    /// What the rules say of a cell.
    Status {
        /// Every rule passed.
        Pass = "pass",
        /// A rule failed.
        Fail = "fail",
        /// People must look.
        Review = "review",
    }
}

names! {
    /// What the gate decides about an output.
    Decision {
        /// It leaves.
        Release = "release",
        /// It stays.
        Withhold = "withhold",
        /// Two reviewers decide.
        Review = "review",
    }
}

/// One rule's figures for one cell and measure. For authorities alone: never to an operating unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleFigure {
    /// The rule, as in `policies/disclosure/`.
    pub rule: Name,
    /// Measure; absent when the rule is about the cell's support.
    pub measure: Option<Name>,
    /// Outcome.
    pub status: Status,
    /// What was measured, such as the number of subjects, or the share of the largest.
    pub value: f64,
    /// The bound that it was held against.
    pub bound: f64,
}

/// The verdict on one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellVerdict {
    /// Labels of the cell, in the order of the dimensions.
    pub cell: Vec<String>,
    /// Outcome.
    pub status: Status,
    /// Whether it is blank in the table: failed, or suppressed together with a failed one.
    pub suppressed: bool,
    /// Rules that did not pass.
    pub failed: Vec<RuleFigure>,
}

/// What the gate says about one output of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The output.
    pub output: Name,
    /// Route.
    pub route: Route,
    /// Profile and its digest.
    pub profile: Name,
    /// Digest of the profile's file.
    pub profile_digest: Digest,
    /// Decision.
    pub decision: Decision,
    /// Cells of the frame.
    pub cells_total: u64,
    /// Cells with a figure in the table.
    pub cells_released: u64,
    /// Cells suppressed because a rule failed.
    pub cells_failed: u64,
    /// Cells suppressed to protect those.
    pub cells_complementary: u64,
    /// Verdicts of the cells that did not pass.
    pub cells: Vec<CellVerdict>,
    /// Hints for the author, from public structure alone.
    pub hints: Vec<Hint>,
    /// Why the whole was withheld or sent to review.
    pub reasons: Vec<String>,
    /// Whether people are asked for no other reason than the route: every rule that applies passed.
    #[serde(default)]
    pub routine: bool,
    /// Earlier releases that lie across its rows, in numbers.
    #[serde(default, skip_serializing_if = "Overlaps::is_empty")]
    pub overlaps: Overlaps,
    /// Figures of every rule in every cell, and what stays unknown of blank ones; absent where no rule was held against cells, and where they are
    /// kept apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
}

/// A sealed output: a handle to ciphertext. It has no way to reveal itself.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedOutput {
    /// The run.
    pub run: RunId,
    /// HMAC-SHA-256 of the plaintext under the run's evidence key.
    pub digest: Digest,
    /// Bytes of the plaintext.
    pub bytes: u64,
}

impl std::fmt::Debug for SealedOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedOutput({})", self.run)
    }
}

names! {
    /// Whose figures a table under review has.
    Figures {
        /// The gate's own, computed from the snapshot.
        Gate = "gate",
        /// The module's, in cells that the gate checked: blank where a rule failed, rounded as the profile says.
        Checked = "checked",
        /// The module's, as it wrote them.
        Module = "module",
    }
}

/// A table as reviewers see it: what leaves once two of them say yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenedTable {
    /// The output.
    pub output: Name,
    /// Whose figures they are.
    pub figures: Figures,
    /// The table.
    pub table: Table,
}

/// A sealed output, opened for a reviewer: what an age file for that reviewer holds, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenedOutput {
    /// Tables.
    pub tables: Vec<OpenedTable>,
    /// Notes of the module's journal; they never leave.
    pub notes: Vec<String>,
}

/// A reviewer's decision about an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseReview {
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

/// Which judgement of an output that waits for people holds, and up to where it looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldJudgement {
    /// Which one, from 1.
    pub number: u64,
    /// Place of the last exact release that it was held against.
    pub audited_to: u64,
    /// What makes the key of its candidate its own: each key seals one message. The first judgement's has none.
    pub salt: Option<Digest>,
}

impl HeldJudgement {
    /// The first of a run, when nothing was written of it: as if it had been held against nothing.
    pub const FIRST: Self = Self {
        number: 1,
        audited_to: 0,
        salt: None,
    };
}

/// A judgement that no longer holds: something else left before two people had said yes, so that the gate judged anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overtaken {
    /// Which judgement it was, from 1.
    pub judgement: u64,
    /// When it ceased to hold.
    pub at: Timestamp,
    /// Exact releases that had left since, and that it would have had to be held against.
    pub left: u64,
    /// What people had said about it; it no longer counts.
    pub reviews: Vec<ReleaseReview>,
}

/// A released table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Id.
    pub id: ReleaseId,
    /// The run.
    pub run: RunId,
    /// The output.
    pub output: Name,
    /// Route.
    pub route: Route,
    /// The table.
    pub table: Table,
    /// When it left.
    pub at: Timestamp,
}
