//! The domain model of Yunei: ids, states and transitions, limits, clock and id sources.
//!
//! Duty: say what things are and which steps between their states exist.
//!
//! Invariants: every type here is a parsed value: once constructed it satisfies its own rules.
//! A transition that is not in a state's table is an error, never a silent no-op.
//!
//! Never: I/O beyond the operating system's clock and random source behind [`Clock`] and [`IdSource`];
//! no async run-time, database, network or WebAssembly.

mod account;
mod banding;
mod call;
mod check;
mod clock;
mod code;
mod contract;
mod contribution;
mod digest;
mod exact;
mod field;
mod grant;
mod hint;
mod id;
mod limit;
mod manifest;
mod module;
mod name;
mod notice;
mod overlap;
mod oversight;
mod parameter;
mod period;
mod privacy;
mod product;
mod reference;
mod regression;
mod release;
mod resource;
mod retrieval;
mod reviewer;
mod row_set;
mod run;
mod standing;
mod table;
mod transition;

pub use account::{
    Account, Appointment, Identity, Organisation, OrganisationKind, Person, Remit, Role,
};
pub use banding::{Banding, BandingKind, CalendarUnit, Group, OTHER};
pub use call::{Call, CallDecision, CallKind};
pub use check::{
    Blank, BracketColumn, BracketOf, CHECK_BRACKETS_MAX, CHECK_FIGURES_MAX, CellBracket,
    CheckedAxis, CheckedCell, Checks, RuleColumn, rule_title,
};
pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use code::{Code, Hint, Language, Refusal};
pub use contract::{Application, Consent, Scenario, ScenarioState};
pub use contribution::{
    CONTRIBUTION_CELLS_MAX, CONTRIBUTION_FIGURES_MAX, CONTRIBUTION_LABEL_BYTES_MAX,
    CONTRIBUTION_MEASURES_MAX, CONTRIBUTION_VALUES_MAX,
};
pub use digest::{Digest, DigestError};
pub use exact::{ExactCandidate, ExactRelease};
pub use field::{Field, FieldClass, FieldType, Grade, Mask};
pub use grant::{
    Binding, Grant, GrantError, GrantState, GrantTerms, GrantedResource, Quota, TERM_YEARS_MAX,
};
pub use id::*;
pub use limit::{LimitExceeded, Limits};
pub use manifest::{
    Aggregate, Contribution, ContributionMeasure, Derived, DerivedValue, Dimension, Manifest,
    ManifestError, Measure, OnFailure, Output, Required, World,
};
pub use module::{Admission, AlgorithmReview, Finding, Module, ModuleState, ReviewOutcome};
pub use name::{Name, NameError, Text};
pub use notice::Notice;
pub use overlap::{OutputOverlaps, OverlapSize, Overlaps};
pub use oversight::{
    Acknowledgement, Alert, AlertLevel, AlertSubject, Drill, Incident, IncidentGrade, MessageState,
    Notification, Objection, ObjectionState, QualityTicket, StopRequest, StopTarget,
};
pub use parameter::{Parameter, ParameterError, ParameterType, Parameters, Scalar};
pub use period::{Period, day_start};
pub use privacy::{
    BudgetState, DELTA_MAX, DELTA_MIN, EPSILON_MAX, EPSILON_MIN, Mechanism, PrivacyBudget,
    PrivacyCharge, PrivacyCharged, STEPS_MAX,
};
pub use product::{
    Cadence, Delivery, Due, Edition, EditionOf, Format, Paused, Product, ProductState,
    REVISIONS_MAX, Schedule, ScheduleTrigger,
};
pub use reference::{JOINED_PREFIX, Joined, JoinedRows, KEY_FIELDS_MAX, REFERENCES_MAX, Reference};
pub use regression::{OwnKind, OwnMeasure, Quantity, Regression, RegressionKind, RegressionTerm};
pub use release::{
    CellVerdict, Decision, Figures, HeldJudgement, OpenedOutput, OpenedTable, Overtaken, Release,
    ReleaseReview, Route, RuleFigure, SealedOutput, Status, Verdict,
};
pub use resource::{
    Basis, Comparison, Condition, FIELDS_MAX, Frame, Part, Population, Resource, ResourceError,
    SchemaVersion, Snapshot,
};
pub use retrieval::{EvidenceRefusal, EvidenceScope, Retrieval, RetrievalState};
pub use reviewer::{Recipient, RecipientError, ReviewerKey};
pub use row_set::{Relation, RowSet};
pub use run::{CoarseStatus, EndCause, Run, RunState, Trigger};
pub use standing::{
    STANDING_DAYS_MAX, Standing, StandingBound, StandingEnd, StandingEnded, StandingState,
    StandingYes,
};
pub use table::{Column, Table, TableDigest, TableError, Value, inert};
pub use transition::{State, TransitionError};

#[cfg(test)]
mod tests;
