//! What can go wrong with private figures.

use thiserror::Error;

/// Why there are no private figures. Nothing of the data is in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrivacyError {
    /// The manifest's contribution breaks its own rules.
    #[error("the contribution cannot be bounded: {reason}")]
    Bounds {
        /// Which rule.
        reason: String,
    },
    /// More units than sums can hold.
    #[error("there are more than {max} subjects")]
    Units {
        /// How many there may be.
        max: u64,
    },
    /// No noise of this size can be drawn within the charge.
    #[error("no noise keeps within the charge of the run")]
    Calibration,
    /// The noise could not be drawn: the kernel gave no randomness.
    #[error("the noise cannot be drawn")]
    Draw,
    /// The table could not be built.
    #[error("the table cannot be built: {reason}")]
    Table {
        /// Why.
        reason: String,
    },
}
