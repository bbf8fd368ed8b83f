//! The interface from outside: over a real domain, in a directory of its own per test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests say at once what is wrong"
)]

mod evidence;
mod http;
mod live;
mod log;
mod oversight;
mod repeat;
mod schemas;
mod serve;
mod support;
mod table;
mod transparency;
mod walk;
