//! Files that a command is given: read with the rights of whoever calls, never more than a limit.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use crate::failure::Input;

/// Bytes of a text that people write: a grant, a catalogue entry, a request.
pub const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Opens a file and tells its length.
pub fn open(path: &Path) -> Result<(File, u64), Input> {
    let failed = |error| Input::new(format!("cannot read `{}`", path.display())).because(error);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(Input::new(format!("`{}` is no file", path.display())))
    }
}

/// Reads a file up to `bytes_max`.
pub fn beginning(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Input> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(bytes_max)
        .read_to_end(&mut bytes)
        .map_err(|error| Input::new(format!("cannot read `{}`", path.display())).because(error))?;
    Ok(bytes)
}

/// Reads a file of `bytes_max` at most.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Input> {
    let bytes = beginning(path, bytes_max.saturating_add(1))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Input::new(format!(
            "`{}` is larger than {bytes_max} bytes",
            path.display()
        )));
    }
    Ok(bytes)
}

/// Reads a text.
pub fn text(path: &Path) -> Result<String, Input> {
    String::from_utf8(read(path, TEXT_BYTES_MAX)?)
        .map_err(|error| Input::new(format!("`{}` is not UTF-8", path.display())).because(error))
}

/// Reads a TOML file of the shape of `T`.
pub fn toml<T: DeserializeOwned>(path: &Path) -> Result<T, Input> {
    toml::from_str(&text(path)?).map_err(|error| {
        Input::new(format!("`{}` is not as it should be", path.display())).because(error)
    })
}

/// Reads a JSON file of the shape of `T`.
pub fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Input> {
    serde_json::from_str(&text(path)?).map_err(|error| {
        Input::new(format!("`{}` is not as it should be", path.display())).because(error)
    })
}

/// A file that appears under its name once it is whole.
#[derive(Debug)]
pub struct Aside {
    file: File,
    aside: PathBuf,
    path: PathBuf,
}

impl Aside {
    /// Begins the file at `path`, which everyone may read.
    pub fn begin(path: &Path) -> anyhow::Result<Self> {
        Self::with_mode(path, 0o666)
    }

    fn with_mode(path: &Path, mode: u32) -> anyhow::Result<Self> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(format!(".{}.new", std::process::id()));
        let aside = PathBuf::from(aside);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(mode);
        let file = options.open(&aside).map_err(|error| {
            Input::new(format!("cannot write `{}`", path.display())).because(error)
        })?;
        Ok(Self {
            file,
            aside,
            path: path.to_owned(),
        })
    }

    /// Where to write.
    pub const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Puts the file in its place.
    pub fn finish(self) -> anyhow::Result<()> {
        let failed = || format!("cannot write `{}`", self.path.display());
        self.file.sync_all().with_context(failed)?;
        std::fs::rename(&self.aside, &self.path).with_context(failed)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Gone already where it was put in its place.
        let _gone = std::fs::remove_file(&self.aside);
    }
}

/// Writes a file at once.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut aside = Aside::begin(path)?;
    aside
        .file()
        .write_all(bytes)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    aside.finish()
}

/// Writes a file by `fill`, which appears under its name once it is whole. Gives what `fill` gives.
pub fn written<T>(
    path: &Path,
    fill: impl FnOnce(&mut dyn std::io::Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut aside = Aside::begin(path)?;
    let given = fill(aside.file())?;
    aside.finish()?;
    Ok(given)
}

/// Writes a secret into a file that its owner alone may read.
pub fn write_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    let mut aside = Aside::with_mode(path, 0o600)?;
    aside
        .file()
        .write_all(secret.as_bytes())
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    aside.finish()
}

#[cfg(test)]
mod tests;
