//! What a witness keeps of each log: the newest checkpoint that it was about to cosign, in a file of its own.
//!
//! INVARIANT: a page is replaced whole (written aside, synced, renamed, directory synced), so a crash leaves the old page or the new one.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{Mode, OFlags};
use yunei_ledger::{CHECKPOINT_BYTES_MAX, Checkpoint};
use yunei_model::Digest;

use crate::WitnessError;

const LOGS: &str = "logs";
const LOCK: &str = "lock";
/// First word of a page; the time of the last cosignature follows.
const PAGE: &str = "yunei-witness/v1";
/// Ends the name of a page that is being written.
const ASIDE: &str = ".part";

/// The newest checkpoint of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Number of entries.
    pub size: u64,
    /// Root of their tree.
    pub root: Digest,
    /// The note, as the log signed it.
    pub note: String,
    /// When it was cosigned last, in seconds since 1970: a later cosignature is never older.
    pub at_seconds: u64,
}

/// The pages of all logs.
#[derive(Debug)]
pub(crate) struct Book {
    pages: Dir,
    _lock: File,
}

impl Book {
    /// Opens the book in a witness's directory, for this process alone.
    pub(crate) fn open(directory: &Dir) -> Result<Self, WitnessError> {
        let failed = WitnessError::directory("to open the book");
        let mut options = OpenOptions::new();
        options.write(true).create(true).mode(0o600);
        let lock = directory
            .open_with(LOCK, &options)
            .map_err(&failed)?
            .into_std();
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WitnessError::InUse),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        directory.create_dir_all(LOGS).map_err(&failed)?;
        sync(directory).map_err(&failed)?;
        Ok(Self {
            pages: directory.open_dir(LOGS).map_err(failed)?,
            _lock: lock,
        })
    }

    /// What is kept of a log.
    pub(crate) fn page(&self, origin: &str) -> Result<Option<Page>, WitnessError> {
        let corrupt = || WitnessError::Corrupt {
            origin: origin.to_owned(),
        };
        let text = match self.pages.read_to_string(name(origin)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WitnessError::directory("to read a page")(error)),
        };
        let (head, note) = text.split_once('\n').ok_or_else(corrupt)?;
        let at_seconds = head.strip_prefix(PAGE).map(str::trim);
        let at_seconds = at_seconds
            .and_then(|text| text.parse().ok())
            .ok_or_else(corrupt)?;
        if note.len() > CHECKPOINT_BYTES_MAX {
            return Err(corrupt());
        }
        let read = Checkpoint::unverified(note.as_bytes()).map_err(|_| corrupt())?;
        if read.origin != origin {
            return Err(corrupt());
        }
        Ok(Some(Page {
            size: read.size,
            root: read.root,
            note: note.to_owned(),
            at_seconds,
        }))
    }

    /// Replaces what is kept of a log. When this returns, it survives a crash of process and machine.
    pub(crate) fn turn(&self, origin: &str, page: &Page) -> Result<(), WitnessError> {
        let failed = WitnessError::directory("to write a page");
        let name = name(origin);
        let aside = format!("{name}{ASIDE}");
        // What an interruption left aside was never a page.
        match self.pages.remove_file(&aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = self.pages.open_with(&aside, &options).map_err(&failed)?;
        write!(file, "{PAGE} {}\n{}", page.at_seconds, page.note)
            .and_then(|()| file.sync_all())
            .and_then(|()| self.pages.rename(&aside, &self.pages, &name))
            .and_then(|()| sync(&self.pages))
            .map_err(failed)
    }
}

/// The file of a log: SHA-256 of its origin, in hexadecimal digits.
pub(crate) fn name(origin: &str) -> String {
    Digest::of(origin.as_bytes()).to_hex()
}

/// Makes the names in a directory durable.
pub(crate) fn sync(directory: &Dir) -> io::Result<()> {
    // The handle of the directory may be one that only names it; syncing needs one that reads it.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = rustix::fs::openat(directory, ".", flags, Mode::empty())?;
    Ok(rustix::fs::fsync(readable)?)
}
