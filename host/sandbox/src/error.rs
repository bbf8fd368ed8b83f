//! What can go wrong outside the guest.

use thiserror::Error;
use yunei_model::Name;

/// A failure of the sandbox itself, or of its caller; never the guest's doing.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// wasmtime cannot start.
    #[error("the engine cannot start")]
    Engine {
        /// Cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A compiled component cannot be loaded: other version, other settings, other processor.
    #[error("the compiled component cannot be loaded")]
    Load {
        /// Cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The embedded WIT cannot be read.
    #[error("the guest interface cannot be read: {reason}")]
    Wit {
        /// What the parser said.
        reason: String,
    },
    /// A parameter is not what its declaration says.
    #[error("parameter `{name}` is not as declared")]
    Parameter {
        /// Name.
        name: Name,
    },
}

impl SandboxError {
    pub(crate) fn engine(source: wasmtime::Error) -> Self {
        Self::Engine {
            source: source.into(),
        }
    }

    pub(crate) fn load(source: wasmtime::Error) -> Self {
        Self::Load {
            source: source.into(),
        }
    }
}
