//! One file per stage, from upload to release; the only owner of the order of things.
//!
//! Duty: take each step in its order, ask [`yunei_authority`] before it, and commit every state change together with its entry.
//!
//! The way of data, as types: `Upload → Admitted`, `Submission → Decided → Claimed → Sealed → Released | Withheld | InReview`.
//! Their constructors are private: a stage is had by going through the one before it.
//!
//! Invariants: no state change without its entry, no entry without its state change or decision. Intent before effect. A release
//! commits only while its grant is in force and after its trace is under a signed checkpoint. A failing record stops runs.
//!
//! Never: HTTP, SQL text, a decision that is not in a policy.

mod actor;
mod admit;
mod catalogue;
mod claim;
mod coarse;
mod contract;
mod deliver;
mod domain;
mod error;
mod execute;
mod judge;
mod keys;
mod people;
mod plan;
mod record;
mod recover;
mod release;
mod review;
mod sequence;
mod sign_in;
mod stop;
mod submit;
mod view;

pub use actor::{Actor, Permit};
pub use admit::{Admitted, Upload};
pub use catalogue::NewSnapshot;
pub use claim::Claimed;
pub use coarse::{bucket_end, visible_status};
pub use contract::{NewGrant, NewScenario};
pub use deliver::Delivered;
pub use domain::{Domain, Settings};
pub use error::LifecycleError;
pub use execute::Sealed;
pub use judge::Outcome;
pub use keys::{FileKeyStore, KeyError, KeyStore};
pub use people::{NewAccount, NewOrganisation};
pub use record::RequestTrace;
pub use release::{InReview, Released, Withheld};
pub use review::OpenedOutput;
pub use sequence::LogPublicKey;
pub use sign_in::{Bootstrap, IssuedToken};
pub use submit::{Decided, RunRequest, Submission};
pub use view::{ModuleView, ReleaseView, RunDetail, RunView};
