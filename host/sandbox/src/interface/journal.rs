//! `journal`: notes that stay in the domain.

use super::State;
use crate::bindings::journal::{Host, Level as GuestLevel};
use crate::end::{GuestEnd, escaped};
use crate::host::Level;

impl Host for State {
    fn note(&mut self, level: GuestLevel, message: String) -> wasmtime::Result<()> {
        self.account.call()?;
        self.account.string(&message)?;
        self.account.note()?;
        let level = match level {
            GuestLevel::Info => Level::Info,
            GuestLevel::Warning => Level::Warning,
            GuestLevel::Error => Level::Error,
        };
        let bytes_max = self.account.limits().journal_note_bytes_max;
        let message = escaped(&message, usize::try_from(bytes_max).unwrap_or(usize::MAX));
        self.host.note(level, &message).map_err(GuestEnd::from)?;
        Ok(())
    }
}
