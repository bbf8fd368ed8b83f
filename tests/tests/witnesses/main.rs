//! Witnesses as processes: up, down, slow, lying, rolled back, cut off, killed; and what leaves while their quorum is not there.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../receiver/metric.rs"]
mod metric;

mod collecting;
mod domain;
mod forks;
mod liar;
mod log;
mod release;
mod watched;
