//! Questions and judgements.

use yunei_model::{Code, Digest, Refusal, Timestamp};

use crate::{Action, Principal, Target};

/// The clause of a denial that no policy forbids: nothing permits it either.
pub const DEFAULT_DENY: &str = "default-deny";
/// The clause of a denial because a policy could not be evaluated.
pub const EVALUATION_ERROR: &str = "evaluation-error";

/// May `principal` do `action` to `target` at `at`?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// What for.
    pub action: Action,
    /// On what.
    pub target: &'a Target,
    /// When.
    pub at: Timestamp,
    /// Whether an emergency stop is in force.
    pub emergency: bool,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a judgement that nobody looks at protects nothing"]
pub struct Judgement {
    /// Whether it is permitted.
    pub allowed: bool,
    /// Ids of the policies that determined it, sorted; [`DEFAULT_DENY`] or [`EVALUATION_ERROR`] where none did.
    pub clauses: Vec<String>,
    /// Code and clause of the denial that a client is told first; absent when allowed.
    pub denial: Option<(Code, String)>,
    /// Whether the principal may know that the target exists. Only looked up for denials; true when allowed.
    pub visible: bool,
    /// Whether the policy asks for an entry on the record before the answer (reads by authorities).
    pub recorded: bool,
    /// Digest of the schema and policies that decided.
    pub policy_set: Digest,
    /// What failed during evaluation; not for clients.
    pub errors: Vec<String>,
}

impl Judgement {
    /// The refusal to answer with; `None` when allowed.
    ///
    /// Not permitted and not existing look the same to who may not see the target: `not-found`, without a clause.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let (code, clause) = self.denial.as_ref()?;
        if *code != Code::Internal && !self.visible {
            return Some(Refusal::new(Code::NotFound));
        }
        Some(Refusal::new(*code).by(clause.clone()))
    }

    /// `Ok` when allowed.
    ///
    /// # Errors
    /// [`Refusal`], as [`Judgement::refusal`] says.
    pub fn into_result(self) -> Result<(), Refusal> {
        self.refusal().map_or(Ok(()), Err)
    }
}
