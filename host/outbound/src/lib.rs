//! HTTP requests that the host itself makes: to witnesses, webhooks and collectors.
//!
//! Addresses come from the domain's own configuration and policies, never from a request or a guest.
//! No redirect is followed and no proxy is taken from the environment: what is sent goes where the address says, or nowhere.
//! Never here: row values, secrets in an address, deciding what is sent.

mod address;
mod client;
mod error;

pub use address::{ADDRESS_BYTES_MAX, Address};
pub use client::{Client, REPLY_BYTES_MAX, Reply};
pub use error::OutboundError;
