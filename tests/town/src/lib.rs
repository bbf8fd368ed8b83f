//! A small domain inside a test's own process, for the tests of the host's crates.
//!
//! Duty: found a [`Town`]: a bureau, a source unit and two operating units with their people, the resource `rides` without a row, a grant
//! in force over it, and an admitted module. Everything behind it is real but the program that rooms are started from, and the module's
//! component: a run can be queued and claimed, and then fails.
//!
//! Invariants: a town has a directory of its own that goes away with it; its time is the clock that it was founded with.
//!
//! Never: ship with Yunei. Only the tests of crates depend on it, which may therefore be of lower tiers than it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests say at once what is wrong"
)]

mod founding;
mod settings;
mod texts;

pub use founding::Town;
pub use settings::{administrator, settings};
pub use texts::{MANIFEST, PASSWORD, RIDES, name, text};
