//! The vault: immutable parts of snapshots, each a file named by its digest.

use std::fs::File;
use std::io::{self, Read, Write};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use yunei_model::{Code, Digest, IdSource, Part, Snapshot};

/// Bytes of one part at most.
pub const PART_BYTES_MAX: u64 = 16 << 30;
/// Files that one sweep of unfinished parts removes at most.
const SWEEP_MAX: usize = 10_000;
const UNFINISHED: &str = "unfinished-";
const READ_BYTES: usize = 1 << 20;

/// A directory of immutable parts.
#[derive(Debug)]
pub struct Vault {
    dir: Dir,
}

/// Why a part could not be kept or read.
#[derive(Debug, Error)]
pub enum VaultError {
    /// A part is not there.
    #[error("part `{part}` is not in the vault")]
    Missing {
        /// Its digest.
        part: Digest,
    },
    /// A part is not what its name says.
    #[error("part `{part}` does not match its digest, size or rows")]
    Corrupt {
        /// Its digest.
        part: Digest,
    },
    /// A part grew past [`PART_BYTES_MAX`].
    #[error("a part has at most {PART_BYTES_MAX} bytes")]
    TooLarge,
    /// The file system failed.
    #[error("the vault cannot be read or written")]
    Io(#[from] io::Error),
}

impl VaultError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing { .. } | Self::Corrupt { .. } => Code::SnapshotCorrupt,
            Self::TooLarge => Code::TooLarge,
            Self::Io(_) => Code::Internal,
        }
    }
}

impl Vault {
    /// A vault in `dir`; the directory holds nothing else.
    #[must_use]
    pub const fn new(dir: Dir) -> Self {
        Self { dir }
    }

    /// Opens a part for reading. What is returned is a descriptor: reading it needs no path any more.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::Corrupt`] when the size is wrong, [`VaultError::Io`].
    pub fn open_part(&self, part: &Part) -> Result<File, VaultError> {
        let missing = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => VaultError::Missing { part: part.digest },
            _ => VaultError::Io(error),
        };
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(no_follow());
        let file = self
            .dir
            .open_with(part_name(part.digest), &options)
            .map_err(missing)?
            .into_std();
        let found = file.metadata()?;
        if found.is_file() && found.len() == part.bytes {
            Ok(file)
        } else {
            Err(VaultError::Corrupt { part: part.digest })
        }
    }

    /// Reads every part of a snapshot and compares it with its digest, size and rows.
    ///
    /// # Errors
    /// [`VaultError`] for the first part that is missing or not what it should be.
    pub fn verify(&self, snapshot: &Snapshot) -> Result<(), VaultError> {
        let mut buffer = vec![0; READ_BYTES];
        for part in &snapshot.parts {
            let mut file = self.open_part(part)?;
            let mut hash = Sha256::new();
            loop {
                let read = file.read(&mut buffer)?;
                let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                    break;
                };
                hash.update(bytes);
            }
            let whole = Digest::from_bytes(hash.finalize().into()) == part.digest;
            if !whole || rows_of(&file) != Some(part.rows) {
                return Err(VaultError::Corrupt { part: part.digest });
            }
        }
        Ok(())
    }

    /// Removes what interrupted imports left behind, and says how many files that were.
    /// Call it while no import is under way.
    ///
    /// # Errors
    /// [`VaultError::Io`].
    pub fn discard_unfinished(&self) -> Result<usize, VaultError> {
        let mut removed = 0;
        for entry in self.dir.entries()?.take(SWEEP_MAX) {
            let name = entry?.file_name();
            if name.to_str().is_some_and(|n| n.starts_with(UNFINISHED)) {
                self.dir.remove_file(&name)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Starts a part.
    pub(crate) fn begin(&self, ids: &dyn IdSource) -> Result<Unfinished<'_>, VaultError> {
        let name = format!("{UNFINISHED}{}", ids.next());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o400);
        let file = self.dir.open_with(&name, &options)?.into_std();
        Ok(Unfinished {
            vault: self,
            name: Some(name),
            sink: Sink {
                file,
                hash: Sha256::new(),
                bytes: 0,
            },
        })
    }

    fn sync(&self) -> io::Result<()> {
        // The handle of the directory may be one that only names it; syncing needs one that reads it.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let readable = rustix::fs::openat(&self.dir, ".", flags, Mode::empty())?;
        Ok(rustix::fs::fsync(readable)?)
    }
}

/// A part in the making; removed again unless finished.
#[derive(Debug)]
pub(crate) struct Unfinished<'a> {
    vault: &'a Vault,
    name: Option<String>,
    sink: Sink,
}

impl Unfinished<'_> {
    /// Where the part's bytes go.
    pub(crate) const fn sink(&mut self) -> &mut Sink {
        &mut self.sink
    }

    /// Makes the part durable under the name of its digest.
    pub(crate) fn finish(mut self, rows: u64) -> Result<Part, VaultError> {
        self.sink.file.sync_all()?;
        let digest = Digest::from_bytes(self.sink.hash.clone().finalize().into());
        if let Some(name) = self.name.take() {
            let renamed = self
                .vault
                .dir
                .rename(&name, &self.vault.dir, part_name(digest));
            if let Err(error) = renamed {
                self.name = Some(name);
                return Err(error.into());
            }
        }
        self.vault.sync()?;
        Ok(Part {
            digest,
            rows,
            bytes: self.sink.bytes,
        })
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            // What stays behind is removed by the next sweep.
            let _ = self.vault.dir.remove_file(name);
        }
    }
}

/// A file that hashes what is written to it.
#[derive(Debug)]
pub(crate) struct Sink {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.saturating_add(bytes.len() as u64) > PART_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn part_name(digest: Digest) -> String {
    format!("{}.parquet", digest.to_hex())
}

fn no_follow() -> i32 {
    // The bits are the operating system's own; the conversion only changes the sign of their type.
    OFlags::NOFOLLOW.bits().cast_signed()
}

fn rows_of(file: &File) -> Option<u64> {
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(file)
        .ok()?;
    u64::try_from(metadata.file_metadata().num_rows()).ok()
}

#[cfg(test)]
mod tests;
