//! Repositories over sqlx: state and record committed together.
//!
//! Duty: keep the domain model and the record, and give them back. One writer at a time, many readers.
//!
//! Invariants: a [`Change`] that wrote state and recorded no entry refuses to commit, and one that is dropped
//! leaves nothing behind. After a failed statement a change can only be dropped. What was committed survives a
//! crash of process and machine (write-ahead log, synchronous full). One server per data directory.
//!
//! Never: the order of things, which states may follow, or who may do what: that is `lifecycle` and `authority`.
//! Never a second SQL text per back end: `$n` placeholders, TEXT, BIGINT and BYTEA columns alone.

mod alerts;
mod attempts;
mod catalogue;
mod certificates;
mod change;
mod collectors;
mod contracts;
mod error;
mod exact;
mod judgements;
mod links;
mod migrate;
mod modules;
mod open;
mod outputs;
mod people;
mod privacy;
mod products;
mod published;
mod quota;
mod reading;
mod record;
mod requests;
mod retrievals;
mod reviewing;
mod runs;
mod sequence;
mod settings;
mod unit_events;
mod witnesses;

pub use alerts::WebhookMessage;
pub use attempts::SignInFailures;
pub use certificates::HeldCertificate;
pub use change::Change;
pub use collectors::{CollectorCursor, CollectorRefusal, Pending};
pub use error::{StoreError, database_errors};
pub use exact::ListedRelease;
pub use open::{DATABASE_FILE, Store};
pub use outputs::{HeldOutput, ReleaseFilter};
pub use people::{Standing, Token, TokenKind};
pub use quota::Usage;
pub use reading::{Order, PAGE_ROWS_MAX, Page};
pub use record::{EntryFilter, Recorded};
pub use runs::{CALLS_GROUP_MAX, CallFilter, CallOfRun, RunFilter};
pub use sequence::{LogHead, SEQUENCE_ROWS_MAX, SignedCheckpoint};
pub use settings::{Answer, Emergency};
pub use unit_events::UnitEvent;
pub use witnesses::WitnessCursor;
