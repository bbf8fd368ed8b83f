//! Showing answers: tables for people, JSON for programs.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sheet::Sheet;

/// Shows what a command found, on standard output.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    json: bool,
}

impl Printer {
    /// A printer for programs (`json`) or people.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read it.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Shows an answer: as it came for programs, and put into words for people.
    pub fn show<T: DeserializeOwned>(
        self,
        answer: &Value,
        people: impl FnOnce(T) -> String,
    ) -> anyhow::Result<()> {
        if self.json {
            return line(&answer.to_string());
        }
        line(&people(read(answer)?))
    }

    /// The same, as a table.
    pub fn sheet<T: DeserializeOwned>(
        self,
        answer: &Value,
        people: impl FnOnce(T) -> Sheet,
    ) -> anyhow::Result<()> {
        self.show(answer, |value| text(&people(value)))
    }

    /// Says something that was done. Programs get `value`.
    pub fn say(self, value: &Value, words: &str) -> anyhow::Result<()> {
        line(&if self.json {
            value.to_string()
        } else {
            words.to_owned()
        })
    }

    /// Says something by the way, to people alone, on standard error.
    pub fn aside(self, words: &str) {
        if !self.json {
            // Not worth failing for.
            let _ = writeln!(std::io::stderr(), "{words}");
        }
    }
}

/// An answer as what it must be.
pub fn read<T: DeserializeOwned>(answer: &Value) -> anyhow::Result<T> {
    T::deserialize(answer)
        .context("the server answered something that this program does not understand")
}

/// A table as wide as the terminal, or as it needs where there is none.
pub fn text(sheet: &Sheet) -> String {
    let width = std::io::stdout()
        .is_terminal()
        .then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok());
    sheet.text(
        width
            .flatten()
            .map(|size| size.ws_col)
            .filter(|columns| *columns > 0),
    )
}

/// Writes a line to standard output. A reader that has gone away (`… | head`) is no failure.
pub fn line(text: &str) -> anyhow::Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes bytes to standard output, as they are.
pub fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to standard output"),
    }
}
