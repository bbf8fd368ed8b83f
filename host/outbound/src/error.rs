//! What can go wrong on the way out.

use crate::{ADDRESS_BYTES_MAX, REPLY_BYTES_MAX};

/// A request that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No address.
    #[error("`{address}` is no plain http or https address of at most {ADDRESS_BYTES_MAX} bytes")]
    Address {
        /// As it was written.
        address: String,
    },
    /// No reply in time.
    #[error("cannot reach it")]
    Unreached {
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The reply ended too early.
    #[error("the reply broke off")]
    BrokenOff {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The reply is too long.
    #[error("the reply has more than {REPLY_BYTES_MAX} bytes")]
    TooLong,
    /// The thread that sent it ended.
    #[error("the request was broken off inside")]
    Broken,
}

impl OutboundError {
    /// Whether it was a matter of time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Unreached { source } => matches!(**source, ureq::Error::Timeout(_)),
            Self::BrokenOff { source } => source.kind() == std::io::ErrorKind::TimedOut,
            _ => false,
        }
    }
}
