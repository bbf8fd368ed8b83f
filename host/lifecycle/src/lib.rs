//! One file per stage, from upload to release; the only owner of the order of things.
//!
//! Duty: take each step in its order, ask [`yunei_authority`] before it, and commit every state change together with its entry.
//!
//! The way of data, as types: `Upload → Admitted`, `Submission → Decided → Claimed → Sealed → Released | Withheld | InReview`.
//! Their constructors are private: a stage is had by going through the one before it. A run cannot be queued undecided,
//!
//! ```compile_fail,E0308
//! async fn skip(domain: &yunei_lifecycle::Domain, submission: yunei_lifecycle::Submission) {
//!     let _ = domain.enqueue(submission).await;
//! }
//! ```
//!
//! nor executed without being claimed,
//!
//! ```compile_fail,E0308
//! async fn skip(domain: &yunei_lifecycle::Domain, decided: yunei_lifecycle::Decided) {
//!     let _ = domain.execute(decided).await;
//! }
//! ```
//!
//! nor judged before it is sealed,
//!
//! ```compile_fail,E0308
//! async fn skip(domain: &yunei_lifecycle::Domain, claimed: yunei_lifecycle::Claimed) {
//!     let _ = domain.judge_output(claimed).await;
//! }
//! ```
//!
//! and nobody can make up a sealed output, or a release.
//!
//! ```compile_fail,E0451
//! fn forge(genuine: yunei_lifecycle::Sealed, other: yunei_lifecycle::Sealed) -> yunei_lifecycle::Sealed {
//!     yunei_lifecycle::Sealed { covered_from: 0, ..genuine }
//! }
//! ```
//!
//! ```compile_fail,E0624
//! async fn skip(domain: &yunei_lifecycle::Domain, sealed: yunei_lifecycle::Sealed) {
//!     let _ = domain.release_judged(sealed, Vec::new()).await;
//! }
//! ```
//!
//! Invariants: no state change without its entry, no entry without its state change or decision. Intent before effect. A release
//! commits only while its grant is in force and after its trace is under a signed checkpoint, for high grades under a witnessed one. A failing record stops runs.
//!
//! Never: HTTP, SQL text, a decision that is not in a policy.

mod actor;
mod admit;
mod alerts;
mod anew;
mod approved;
mod attend;
mod catalogue;
mod certificate;
mod checks;
mod claim;
mod coarse;
mod contract;
mod deliver;
mod domain;
mod earlier;
mod edition;
mod error;
mod execute;
mod export;
mod failing;
mod grant_step;
mod idempotency;
mod joins;
mod judge;
mod keys;
mod laps;
mod list;
mod lock_out;
mod measure;
mod opening;
mod outbox;
mod overlap;
mod people;
mod plan;
mod prepared;
mod privacy;
mod product;
mod publish;
mod query;
mod receipt;
mod record;
mod recover;
mod release;
mod remit;
mod replay;
mod retrieval;
mod review;
mod reviewer_key;
mod revision;
mod schedule;
mod sequence;
mod sign_in;
mod standing;
mod stop;
mod stop_request;
mod stream;
mod structure;
mod submit;
mod system;
mod traced;
mod usage;
mod verify;
mod view;
mod witnessing;

pub use actor::{Actor, Permit};
pub use admit::{Admitted, Upload};
pub use alerts::{
    ATTEMPTS_MAX, AlertRule, AlertView, Alerting, Condition, MessageView, RuleError, Webhook,
    signature,
};
pub use catalogue::{INCREMENTS_MAX, NewSnapshot, Onto};
pub use certificate::LEAVES_OPENED_MAX;
pub use checks::{CheckQuery, ChecksView, Word};
pub use claim::Claimed;
pub use coarse::{bucket_end, visible_status};
pub use contract::{NewGrant, NewScenario};
pub use deliver::Delivered;
pub use domain::{Domain, Settings};
pub use edition::EditionView;
pub use error::LifecycleError;
pub use execute::Sealed;
pub use export::{Export, Exported};
pub use idempotency::Once;
pub use judge::Outcome;
pub use keys::{FileKeyStore, KeyError, KeyStore, KeyUse};
pub use list::Listed;
pub use lock_out::{SIGN_IN_FAILURES_MAX, SIGN_IN_LOCK_SECONDS, SIGN_IN_WINDOW_SECONDS};
pub use opening::SealedForReviewer;
pub use outbox::Collector;
pub use overlap::NewPeriod;
pub use people::{NewAccount, NewOrganisation};
pub use privacy::{NewPrivacyBudget, PrivacyAccount, PrivacyFit, PrivacyFitView};
pub use product::{LATENESS_DAYS_MAX, NewProduct, ProductView, StandingView};
pub use publish::{CADENCE_DEFAULT, CADENCE_MAX};
pub use query::{CallQuery, FoundCall};
pub use record::RequestTrace;
pub use recover::Recovered;
pub use release::{InReview, Released, Withheld};
pub use replay::{Basis, Difference, Place, Replay};
pub use retrieval::{Evidence, NewRetrieval, Piece};
pub use schedule::{NewSchedule, SCHEDULES_MAX};
pub use sequence::LogPublicKey;
pub use sign_in::{Bootstrap, IssuedToken};
pub use standing::StandingReason;
pub use stop_request::{NewStopRequest, StopRequestView};
pub use stream::{Follow, Told, UnitFollow};
pub use submit::{Decided, RunRequest, Submission};
pub use system::{Queue, SystemView};
pub use view::{ModuleView, ReleaseView, RunDetail, RunView};
pub use witnessing::{AwaitsQuorum, CosignedView, WitnessFault, WitnessView, WitnessingView};
