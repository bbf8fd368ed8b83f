//! Errors of the rooms.

use thiserror::Error;

/// Why a room, or the talk with it, failed. Never carries a row value.
#[derive(Debug, Error)]
pub enum RoomError {
    /// The operating system refused.
    #[error("the operating system refused {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Its answer.
        #[source]
        source: std::io::Error,
    },
    /// The other side sent something that is not of the protocol.
    #[error("a message is not of the protocol: {detail}")]
    Protocol {
        /// What was wrong with it.
        detail: String,
    },
    /// The other side is gone.
    #[error("the {room} is gone")]
    Gone {
        /// Which room.
        room: &'static str,
    },
    /// A room did not answer in time.
    #[error("the {room} did not answer within {limit_ms} ms")]
    Late {
        /// Which room.
        room: &'static str,
        /// The limit.
        limit_ms: u64,
    },
    /// The lock of a room cannot be set.
    #[error("the lock cannot be set: {detail}")]
    Lockdown {
        /// What failed.
        detail: String,
    },
    /// A room failed inside.
    #[error("the {room} failed: {detail}")]
    Failed {
        /// Which room.
        room: &'static str,
        /// What failed, without a value.
        detail: String,
    },
    /// An output is beyond what the gate holds: it is withheld, and the run goes on to its end.
    #[error("it is beyond what the gate computes: {detail}")]
    Beyond {
        /// The limit, without a value.
        detail: String,
    },
    /// A room ended in the middle of its work, such as by a signal from outside.
    #[error("the {room} ended with {status}")]
    Lost {
        /// Which room.
        room: &'static str,
        /// How it ended.
        status: String,
    },
    /// A sealed output cannot be opened.
    #[error("the sealed output cannot be opened with its key")]
    Unsealable,
}

impl RoomError {
    pub(crate) fn system(action: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::System { action, source }
    }

    pub(crate) fn errno(action: &'static str) -> impl Fn(rustix::io::Errno) -> Self {
        move |errno| Self::System {
            action,
            source: errno.into(),
        }
    }

    pub(crate) fn protocol(detail: impl ToString) -> Self {
        Self::Protocol {
            detail: detail.to_string(),
        }
    }
}
