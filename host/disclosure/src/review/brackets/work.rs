//! How much linear programmes may take.

use super::Unbracketed;

/// Unknowns × equations of one linear programme at most; what lies beyond goes to people.
const PROGRAMME_MAX: u64 = 2_000_000;

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

    pub(super) fn spend(&mut self, work: u64) -> Result<(), Unbracketed> {
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
