//! Periods: half-open stretches of time that editions of a product cover.

use serde::{Deserialize, Serialize};

use crate::{Name, Timestamp};

/// The rows of a resource whose `field` lies in `[from, until)`: a part of what a release is about, and public structure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Date or timestamp field.
    pub field: Name,
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

impl Period {
    /// Whether no row can be in both: both are about the same field and do not meet in time. Periods of different fields are not known to
    /// be disjoint.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.field == other.field && (self.until <= other.from || other.until <= self.from)
    }
}
