//! Errors of the lifecycle.

use thiserror::Error;
use yunei_model::{Code, EndCause, Refusal};
use yunei_rooms::RoomError;
use yunei_telemetry::chain_in_words;

/// Why a stage did not do what it was asked.
#[derive(Debug, Error)]
pub enum LifecycleError {
    /// Refused: the asker is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed; nothing was done.
    #[error("the store failed")]
    Store(#[from] yunei_store::StoreError),
    /// An entry could not be made; nothing was done.
    #[error("the entry could not be made")]
    Ledger(#[from] yunei_ledger::LedgerError),
    /// A key could not be had.
    #[error("a key could not be had")]
    Key(#[from] crate::KeyError),
    /// The rooms failed.
    #[error("the rooms failed")]
    Rooms(#[from] yunei_rooms::RoomError),
    /// The vault failed.
    #[error("the vault failed")]
    Vault(#[from] yunei_catalog::VaultError),
    /// The sandbox failed, not the module.
    #[error("the sandbox failed")]
    Sandbox(#[from] yunei_sandbox::SandboxError),
    /// The compiling child failed, not the module.
    #[error("the compiler failed")]
    Compiler(#[from] yunei_sandbox::CompileError),
    /// A file of the data directory cannot be used.
    #[error("the data directory cannot be used: {action}")]
    Data {
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A policy file cannot be used.
    #[error("the policies cannot be used: {detail}")]
    Policy {
        /// What is wrong.
        detail: String,
    },
    /// A stored thing is not what it must be.
    #[error("the store holds something impossible: {detail}")]
    Impossible {
        /// What.
        detail: &'static str,
    },
}

impl LifecycleError {
    /// The code that the asker is told.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Store(_) | Self::Ledger(_) => Code::RecordFailed,
            _ => Code::Internal,
        }
    }

    /// Whether the same may be done later: the store fails, as it does on a full disk, and is still open.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => error.may_pass(),
            _ => false,
        }
    }

    /// What it means for a run: a room that was lost, a record that cannot be written, or the host's own failure.
    #[must_use]
    pub fn end_cause(&self) -> EndCause {
        match self {
            Self::Rooms(RoomError::Lost { room, status }) => EndCause::RoomLost {
                room: (*room).to_owned(),
                status: status.clone(),
            },
            Self::Store(error) if error.code() == Code::RecordFailed => EndCause::RecordFailed,
            // For supervision alone: an operating unit sees no cause.
            other => EndCause::Host {
                detail: chain_in_words(other),
            },
        }
    }

    pub(crate) fn data(action: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Data { action, source }
    }
}

impl From<Code> for LifecycleError {
    fn from(code: Code) -> Self {
        Self::Refused(Refusal::new(code))
    }
}
