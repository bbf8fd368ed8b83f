//! How a guest ends.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::LimitExceeded;

use crate::host::{Stop, Unserved};
use crate::shape::Malformed;

/// Bytes kept of a guest's own error message.
pub const MESSAGE_BYTES_MAX: usize = 512;

/// Why a guest did not end well. Details stay in the domain: an operating unit sees a coarse status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
pub enum GuestEnd {
    /// The guest returned an error; its message escaped and cut to [`MESSAGE_BYTES_MAX`].
    #[error("the module ended with an error: {0}")]
    Error(String),
    /// The guest trapped.
    #[error("the module trapped: {0}")]
    Trap(TrapKind),
    /// A limit was passed.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The component imports what its capability does not name; it never started.
    #[error("the module needs `{interface}`, which is not granted")]
    Denied {
        /// Interface, or function of one.
        interface: String,
    },
    /// The guest handed over columns that are none.
    #[error("the module handed over malformed columns: {0}")]
    Malformed(#[from] Malformed),
    /// The run's time was over.
    #[error("the deadline has passed")]
    Deadline,
    /// The host could not go on.
    #[error("the host stopped: {0}")]
    Stopped(String),
}

/// Kinds of trap, as wasmtime tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrapKind {
    /// `unreachable`: what a panic or an abort becomes.
    Unreachable,
    /// Stack exhausted.
    StackOverflow,
    /// Access outside a memory.
    MemoryOutOfBounds,
    /// Access outside a table, a null or a wrongly typed indirect call.
    BadCall,
    /// Division by zero, overflow, or a float that is no integer.
    Arithmetic,
    /// Fuel exhausted.
    OutOfFuel,
    /// The canonical ABI was broken: a pointer outside memory, text that is not UTF-8, a forged handle, a list beyond what one call may carry.
    BrokenAbi,
    /// Anything else.
    Other,
}

impl std::fmt::Display for TrapKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::StackOverflow => "stack overflow",
            Self::MemoryOutOfBounds => "access outside memory",
            Self::BadCall => "bad indirect call",
            Self::Arithmetic => "arithmetic",
            Self::OutOfFuel => "out of fuel",
            Self::BrokenAbi => "broken interface",
            Self::Other => "other",
        })
    }
}

impl From<wasmtime::Trap> for TrapKind {
    fn from(trap: wasmtime::Trap) -> Self {
        use wasmtime::Trap;
        match trap {
            Trap::UnreachableCodeReached => Self::Unreachable,
            Trap::StackOverflow => Self::StackOverflow,
            Trap::MemoryOutOfBounds | Trap::HeapMisaligned => Self::MemoryOutOfBounds,
            Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => Self::BadCall,
            Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => {
                Self::Arithmetic
            }
            Trap::OutOfFuel => Self::OutOfFuel,
            _ => Self::Other,
        }
    }
}

impl GuestEnd {
    /// The end that a failed call into the guest means.
    ///
    /// INVARIANT: whatever is neither a trap of the guest nor an error of ours was raised by wasmtime while it
    /// lifted or lowered values, so it is the guest that broke the interface.
    pub(crate) fn of(error: &wasmtime::Error) -> Self {
        if let Some(end) = error.downcast_ref::<Self>() {
            return end.clone();
        }
        if let Some(limit) = error.downcast_ref::<LimitExceeded>() {
            return Self::Limit(limit.clone());
        }
        error
            .downcast_ref::<wasmtime::Trap>()
            .map_or(Self::Trap(TrapKind::BrokenAbi), |trap| {
                Self::Trap((*trap).into())
            })
    }

    /// The end that a guest's own error means.
    pub(crate) fn said(message: &str) -> Self {
        Self::Error(escaped(message, MESSAGE_BYTES_MAX))
    }
}

impl From<Stop> for GuestEnd {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Deadline => Self::Deadline,
            Stop::Limit(limit) => Self::Limit(limit),
            Stop::Host(reason) => Self::Stopped(reason),
        }
    }
}

/// Separates what the guest hears of from what ends it.
pub(crate) fn served<T>(
    answer: Result<T, Unserved>,
) -> wasmtime::Result<Result<T, crate::tables::Denial>> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(Unserved::Denied(denial)) => Ok(Err(crate::tables::Denial {
            code: denial.code.as_str().to_owned(),
            clause: denial.clause,
        })),
        Err(Unserved::Stopped(stop)) => Err(GuestEnd::from(stop).into()),
    }
}

/// `text` with every control, formatting or private character escaped, cut to `bytes_max` bytes at a character's border.
#[must_use]
pub fn escaped(text: &str, bytes_max: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(bytes_max));
    for character in text.chars() {
        // `escape_debug` leaves printable characters of every script alone; quotes need no escape here.
        let piece: String = match character {
            '"' | '\'' => character.to_string(),
            _ => character.escape_debug().collect(),
        };
        if safe.len().saturating_add(piece.len()) > bytes_max {
            break;
        }
        safe.push_str(&piece);
    }
    safe
}
