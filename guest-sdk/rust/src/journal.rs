//! Notes for those who supervise a run. They stay in the domain, and the host caps their number and length.

pub use crate::bindings::analysis::yunei::guest::journal::Level;
use crate::host;

/// Leaves a note.
pub fn note(level: Level, message: &str) {
    host::note(level, message);
}
