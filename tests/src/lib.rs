//! End-to-end tests of Yunei, and the story that they and the demo play.
//!
//! Duty: start the program as a user would, talk to it over HTTP alone, and set up the organisations, people, catalogue and grants of
//! `examples/`.
//!
//! Invariants: every wait is bounded; a server that was started ends with its [`Server`].
//!
//! Never: depend on a crate of the host, or know more of the domain than its interface tells.

mod browser;
mod client;
mod component;
mod events;
mod files;
mod port;
mod server;
mod story;
mod waiting;
mod witness;

pub use browser::Browser;
pub use client::{Answer, Client};
pub use component::with_manifest;
pub use events::{Came, Event, Events};
pub use files::{DATA_SETS, DataSet, grant_terms, request};
pub use port::Port;
pub use server::Server;
pub use story::{BUREAU, PASSWORD, Persona, REGULATOR, REVIEWERS, Story};
pub use witness::{Named, Witness, quorum_policy};

/// Why the story cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryError(pub String);

impl StoryError {
    /// Something went wrong while doing `what`.
    pub fn new(what: impl std::fmt::Display, cause: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {cause}"))
    }
}

impl std::fmt::Display for StoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoryError {}

/// What every step of the story gives.
pub type Told<T> = Result<T, StoryError>;
