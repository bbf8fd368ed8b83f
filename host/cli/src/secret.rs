//! Passwords: from a file, a pipe, or the keyboard without an echo; never from an argument, which others on the machine see.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Input;
use crate::files;

/// Bytes of a password.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// Reads a password; the line's end is no part of it.
pub fn password(file: Option<&Path>, prompt: &str) -> anyhow::Result<String> {
    let text = match file {
        Some(path) => String::from_utf8(files::read(path, PASSWORD_BYTES_MAX)?)
            .map_err(|_| Input::new("the password is not UTF-8"))?,
        None if std::io::stdin().is_terminal() => typed(prompt)?,
        None => line()?,
    };
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Input::new("the password is empty").into());
    }
    Ok(password.to_owned())
}

fn line() -> anyhow::Result<String> {
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(PASSWORD_BYTES_MAX);
    input
        .read_line(&mut text)
        .context("cannot read the password from standard input")?;
    Ok(text)
}

fn typed(prompt: &str) -> anyhow::Result<String> {
    let mut error = std::io::stderr();
    write!(error, "{prompt}: ")
        .and_then(|()| error.flush())
        .context("cannot ask for the password")?;
    let silence = Silence::begin()?;
    let text = line();
    drop(silence);
    // The line's end was typed without an echo, too.
    let _ = writeln!(error);
    text
}

/// While it lives, the terminal does not show what is typed.
struct Silence(Termios);

impl Silence {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(std::io::stdin()).context("cannot silence the terminal")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)
            .context("cannot silence the terminal")?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // Nothing better can be done about a terminal that has gone away.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
