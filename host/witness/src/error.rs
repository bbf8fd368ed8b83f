//! What goes wrong with a witness, and what a request can be refused for.

use thiserror::Error;
use yunei_ledger::LedgerError;

/// Why a witness cannot start or go on.
#[derive(Debug, Error)]
pub enum WitnessError {
    /// A file of its directory cannot be used.
    #[error("the directory cannot be used: {action}")]
    Directory {
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// Another witness has the directory.
    #[error("another witness has this directory")]
    InUse,
    /// The key file is readable by others, or no key.
    #[error("the key file `{file}` {fault}")]
    Key {
        /// Name of the file.
        file: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The witness has another name.
    #[error("this witness is named `{kept}`, and cannot be named `{wanted}` any more")]
    Named {
        /// Its name.
        kept: String,
        /// The other one.
        wanted: String,
    },
    /// A witness without a name.
    #[error("a new witness needs a name, such as `witness.example/authority`")]
    Nameless,
    /// A name, key or note that is none.
    #[error("it cannot be used")]
    Ledger(#[from] LedgerError),
    /// What is kept of a log is not what it must be.
    #[error("what is kept of `{origin}` does not hold")]
    Corrupt {
        /// The log.
        origin: String,
    },
    /// No log is known.
    #[error("a witness needs the key of one log at least, and knows {max} at most")]
    Logs {
        /// How many are possible.
        max: usize,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Random,
    /// The listener gives no connection any more.
    #[error("the listener gives no connection any more")]
    Listener(#[source] std::io::Error),
    /// The thread that wrote ended.
    #[error("writing was broken off inside")]
    Broken,
}

impl WitnessError {
    pub(crate) fn directory(action: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Directory { action, source }
    }
}

/// Why a checkpoint is not cosigned. The statuses are those of C2SP tlog-witness.
#[derive(Debug, Error)]
pub enum Refused {
    /// Not a request of that protocol.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// An origin that is not known.
    #[error("this log is not known here")]
    UnknownLog,
    /// No signature of a key that is trusted for the origin, or one that does not hold.
    #[error("the checkpoint is not signed by a key that is known for this log")]
    UnknownKey,
    /// The old size is not that of the last checkpoint that was cosigned.
    #[error("the last checkpoint cosigned here has {known} entries")]
    Stale {
        /// Its size.
        known: u64,
    },
    /// Not provably the same log.
    #[error("the checkpoint does not provably begin with the one cosigned before")]
    Inconsistent,
    /// The witness itself failed; nothing was cosigned.
    #[error("the witness failed")]
    Failed(#[from] WitnessError),
}

impl Refused {
    /// The status of HTTP.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::UnknownKey => 403,
            Self::UnknownLog => 404,
            Self::Stale { .. } => 409,
            Self::Inconsistent => 422,
            Self::Failed(_) => 503,
        }
    }

    /// A word for the log file.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::UnknownKey => "unknown-key",
            Self::UnknownLog => "unknown-log",
            Self::Stale { .. } => "stale",
            Self::Inconsistent => "inconsistent",
            Self::Failed(_) => "failed",
        }
    }
}
