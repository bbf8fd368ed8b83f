//! A witness of transparency logs: checks checkpoints and cosigns them (C2SP tlog-witness, tlog-cosignature).
//!
//! Duty: an authority's own process with its own key. It cosigns a checkpoint of a log that it knows when that checkpoint is signed by
//! the log and provably begins with the one that it cosigned before; whatever contradicts that is refused and kept as evidence.
//!
//! Invariants: what is cosigned is durable before the cosignature is made, so that a witness which is killed at any moment never
//! cosigns two trees of one size, nor a smaller tree after a larger one. One process per directory. Every body, line, wait,
//! queue and directory has a limit.
//!
//! Not held: a witness whose directory was put back to an older state cannot know that by itself. It takes up from the older size, where
//! a log that forked meanwhile could get it to cosign the other branch; that is what a quorum of several witnesses is for.
//!
//! Never: reading entries; knowing more of a log than its checkpoints; talking to anyone by itself.

mod book;
mod error;
mod evidence;
mod key;
mod listen;
mod request;
mod witness;

pub use error::{Refused, WitnessError};
pub use key::{KEY_FILE, PUBLIC_FILE, open_key};
pub use listen::serve;
pub use request::{PROOF_LINES_MAX, REQUEST_BYTES_MAX};
pub use witness::Witness;

#[cfg(test)]
mod tests;
