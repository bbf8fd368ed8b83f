//! Bad input end to end, each with its code or verdict; joins that the catalogue registers; and the private route with every kind of noise, with groups, with several
//! resources, and with units that race for the last of a budget.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
mod joined;
mod judged;
mod looked_up;
mod private;
mod refused;
