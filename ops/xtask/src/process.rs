//! Calling other programs, and reading the environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// The value of an environment variable that is set and readable.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place of xtask that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether a program of this name is on the search path.
pub fn on_path(program: &str) -> bool {
    environment("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

/// One call of a program.
#[derive(Clone)]
pub struct Call {
    program: OsString,
    arguments: Vec<OsString>,
    directory: Option<PathBuf>,
    variables: Vec<(&'static str, String)>,
}

impl Call {
    /// Calls `program`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            directory: None,
            variables: Vec::new(),
        }
    }

    /// Calls the cargo that runs us.
    pub fn cargo() -> Self {
        Self::new(environment("CARGO").unwrap_or_else(|| "cargo".to_owned()))
    }

    /// The same, with more arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter();
        self.arguments
            .extend(arguments.map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// The same, in `directory`.
    pub fn within(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// The same, with an environment variable.
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        // What `cargo run` tells us about ourselves would make some build scripts run again.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_about_us) {
                command.env_remove(name);
            }
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Runs it with our own input and output.
    pub fn run(&self) -> anyhow::Result<()> {
        let status = self
            .command()
            .status()
            .with_context(|| format!("cannot start `{self}`"))?;
        if !status.success() {
            bail!("`{self}` ended with {status}");
        }
        Ok(())
    }

    /// The same without what it says on standard output; its progress and errors are still to be seen.
    pub fn run_quietly(&self) -> anyhow::Result<()> {
        let status = self
            .command()
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("cannot start `{self}`"))?;
        if !status.success() {
            bail!("`{self}` ended with {status}");
        }
        Ok(())
    }

    /// Runs it and gives its standard output.
    pub fn read(&self) -> anyhow::Result<String> {
        let output = self
            .command()
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start `{self}`"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{self}` ended with {}: {}", output.status, said.trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{self}` answered no UTF-8"))
    }

    /// Runs it. Gives whether it succeeded, and its standard output.
    pub fn answer(&self) -> anyhow::Result<(bool, String)> {
        let output = self
            .command()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .with_context(|| format!("cannot start `{self}`"))?;
        let said = String::from_utf8(output.stdout);
        let said = said.with_context(|| format!("`{self}` answered no UTF-8"))?;
        Ok((output.status.success(), said))
    }

    /// Whether it runs and succeeds, silently.
    pub fn succeeds(&self) -> bool {
        self.command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Runs it, passes its output on, and gives each line to `see`. Standard error goes where ours goes unless `of` says it is looked at.
    pub fn watch(&self, of: Stream, mut see: impl FnMut(&str)) -> anyhow::Result<()> {
        let mut command = self.command();
        match of {
            Stream::Output => command.stdout(Stdio::piped()),
            Stream::Error => command.stderr(Stdio::piped()),
        };
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start `{self}`"))?;
        let watched: Option<Box<dyn std::io::Read>> = match of {
            Stream::Output => child.stdout.take().map(|stream| Box::new(stream) as _),
            Stream::Error => child.stderr.take().map(|stream| Box::new(stream) as _),
        };
        let mut reader = BufReader::new(watched.context("the output is piped")?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            match of {
                Stream::Output => std::io::stdout().write_all(&line)?,
                Stream::Error => std::io::stderr().write_all(&line)?,
            }
            see(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{self}` ended with {status}");
        }
        Ok(())
    }
}

/// Which output of a program is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

impl fmt::Display for Call {
    /// The call as one would type it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        // Only the name: the full path says nothing to a reader.
        let program = Path::new(&self.program)
            .file_name()
            .unwrap_or(&self.program);
        f.write_str(&quoted(&program.to_string_lossy()))?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(&argument.to_string_lossy()))?;
        }
        Ok(())
    }
}

/// Whether cargo set this variable to describe the package that is being run.
fn is_about_us(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(
            name,
            "CARGO_BIN_NAME" | "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE"
        )
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=/.,:+@${}".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
