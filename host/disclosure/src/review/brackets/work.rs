//! How much linear programmes may take.

use super::{Line, Unbracketed};

/// Unknowns × equations of one linear programme at most; what lies beyond goes to people.
const PROGRAMME_MAX: u64 = 20_000_000;

/// Work that linear programmes may still take: unknowns × equations of each, summed.
pub(in crate::review) struct Work {
    left: u64,
}

impl Work {
    pub(in crate::review) const fn new(work_max: u64) -> Self {
        Self { left: work_max }
    }

    /// Whether nothing is left.
    pub(in crate::review) const fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Spends one programme over these unknowns and lines.
    pub(super) fn spend(&mut self, unknowns: &[f64], lines: &[Line]) -> Result<(), Unbracketed> {
        let work = (unknowns.len() * lines.len().max(1)) as u64;
        if work > PROGRAMME_MAX {
            return Err(Unbracketed::TooLarge);
        }
        if work > self.left {
            self.left = 0;
            return Err(Unbracketed::TooLarge);
        }
        self.left -= work;
        Ok(())
    }
}
