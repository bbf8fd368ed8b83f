//! The store against real SQLite: the suite that any back end must pass, and what is SQLite's own.

mod conformance;
mod fixture;
mod sqlite;
mod tampering;
