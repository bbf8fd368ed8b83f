//! Why policies cannot be loaded.

use cedar_policy::{CedarSchemaError, ParseErrors, PolicySetError};
use thiserror::Error;

/// Why a schema and its policies cannot be loaded; nothing is decided with half a set.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// The schema does not parse.
    #[error("the schema is not valid")]
    Schema {
        /// What the parser said.
        #[source]
        source: Box<CedarSchemaError>,
    },
    /// A policy file does not parse.
    #[error("`{file}` is not valid")]
    Syntax {
        /// File.
        file: String,
        /// What the parser said.
        #[source]
        source: Box<ParseErrors>,
    },
    /// A word that the host speaks of is no Cedar name.
    #[error("the host's own vocabulary is not valid")]
    Vocabulary {
        /// What the parser said.
        #[source]
        source: Box<ParseErrors>,
    },
    /// A template: nothing is linked at run time.
    #[error("`{file}` has a template")]
    Template {
        /// File.
        file: String,
    },
    /// A policy lacks an annotation that it must have.
    #[error("{policy} in `{file}` lacks `@{annotation}`")]
    NoAnnotation {
        /// File.
        file: String,
        /// The policy: its id, or its place in the file.
        policy: String,
        /// Annotation.
        annotation: &'static str,
    },
    /// An annotation has a value that it cannot have.
    #[error("`{policy}` has the annotation `@{annotation}` with the unknown value `{value}`")]
    Annotation {
        /// The policy.
        policy: String,
        /// Annotation.
        annotation: &'static str,
        /// Value.
        value: String,
    },
    /// Two policies have one id.
    #[error("two policies have the id `{policy}`")]
    IdTwice {
        /// Id.
        policy: String,
        /// What Cedar said.
        #[source]
        source: Box<PolicySetError>,
    },
    /// Strict validation failed, with errors or warnings.
    #[error("the policies do not fit the schema: {}", findings.join("; "))]
    Invalid {
        /// Every finding.
        findings: Vec<String>,
    },
    /// The schema and the host do not know the same actions.
    #[error("the schema lacks the action `{action}`, or gives it no target")]
    Action {
        /// Action.
        action: String,
    },
}
