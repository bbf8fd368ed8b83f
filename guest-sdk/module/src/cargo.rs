//! Running cargo, and learning from its messages which core modules it made.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{BuildError, Toolchain, placeless};

/// Lines of cargo's diagnostics kept for an error.
const DIAGNOSTIC_LINES_MAX: usize = 200;

/// A core module that cargo made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// Directory of its crate.
    pub(crate) crate_dir: PathBuf,
    /// The file.
    pub(crate) path: PathBuf,
}

/// Builds a crate or workspace, and returns its core modules.
pub(crate) fn build(
    directory: &Path,
    toolchain: &Toolchain,
    target_dir: &Path,
    locked: bool,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Artifact>, BuildError> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(target_dir)
        .current_dir(directory);
    if locked {
        cargo.arg("--locked");
    }
    toolchain.apply(&mut cargo);
    // What is meant for the host's own build must not reach a guest's.
    for variable in ["RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(variable);
    }
    placeless::apply(&mut cargo, toolchain, directory, target_dir)?;
    let (messages, diagnostics, success) = run(cargo, progress)?;
    if !success {
        return Err(BuildError::Cargo {
            workspace: directory.to_owned(),
            diagnostics,
        });
    }
    Ok(messages
        .lines()
        .filter_map(|line| artifact(line).filter(|a| a.path.starts_with(target_dir)))
        .collect())
}

/// Runs to the end; standard output, the last lines of standard error, success.
fn run(
    mut cargo: Command,
    progress: &mut dyn FnMut(&str),
) -> Result<(String, String, bool), BuildError> {
    let failed = |source| BuildError::Start {
        program: PathBuf::from("cargo"),
        source,
    };
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdout = child.stdout.take();
    // Both pipes are drained at once: a full one would stop cargo.
    let messages = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut text))?;
        Ok(text)
    });
    let mut last = VecDeque::new();
    for line in child
        .stderr
        .take()
        .into_iter()
        .flat_map(|pipe| BufReader::new(pipe).lines())
    {
        let line = line.map_err(failed)?;
        progress(&line);
        if last.len() == DIAGNOSTIC_LINES_MAX {
            last.pop_front();
        }
        last.push_back(line);
    }
    let status = child.wait().map_err(failed)?;
    let messages = messages
        .join()
        .unwrap_or_else(|_| Err(std::io::ErrorKind::BrokenPipe.into()))
        .map_err(failed)?;
    let diagnostics: Vec<String> = last.into();
    Ok((messages, diagnostics.join("\n"), status.success()))
}

/// The core module that a message of cargo tells of.
fn artifact(message: &str) -> Option<Artifact> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message.get("reason")? != "compiler-artifact" {
        return None;
    }
    let path = message
        .get("filenames")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .map(PathBuf::from)
        .find(|path| path.extension().is_some_and(|e| e == "wasm"))?;
    let manifest = Path::new(message.get("manifest_path")?.as_str()?);
    Some(Artifact {
        crate_dir: manifest.parent()?.to_owned(),
        path,
    })
}

#[cfg(test)]
mod tests;
