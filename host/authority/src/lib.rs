//! Loads the Cedar policies of `policies/`, decides, and yields capabilities.
//!
//! Duty: answer "may this account do this to that?" ([`Authority::decide`]) and "what exactly may this run do
//! under its grant?" ([`Authority::capability`]), and name the clause that decided.
//!
//! Invariants: policies are validated strictly when they are loaded, and each has an `@id` of its own. Any error
//! during evaluation is a denial. A question about a target that the schema does not give the action is a denial.
//! A [`Capability`] comes from an allowed decision and from nowhere else.
//!
//! Never: state of its own, I/O, a decision that outlives the question, a permission that is not written in a policy.

mod action;
mod authority;
mod builtin;
mod capability;
mod entity;
mod error;
mod judgement;
mod need;
mod principal;
mod product;
mod target;
mod terms;
mod using;
mod vocabulary;

pub use action::Action;
pub use authority::{Authority, PolicyTexts};
pub use builtin::{POLICIES, SCHEMA};
pub use capability::{Capability, CapabilityTable};
pub use error::PolicyError;
pub use judgement::{DEFAULT_DENY, EVALUATION_ERROR, Judgement, Question};
pub use principal::Principal;
pub use product::ProductTarget;
pub use target::{
    AccountTarget, GrantTarget, ModuleTarget, RecordTarget, ReleaseTarget, ResourceTarget,
    RunTarget, ScenarioTarget, Target,
};
pub use terms::terms_errors;
pub use using::{DETAILS_MAX, PrivacyStanding, Usage, UseQuestion};

#[cfg(test)]
mod tests;
