//! The store against real SQLite: the suite that any back end must pass, and what is SQLite's own.

// `cfg(test)` tells clippy that helpers here are tests too.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod tampering;
