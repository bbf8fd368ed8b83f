//! Opening a file below a directory, through no link and no `..`.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use cap_std::fs::Dir;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use yunei_model::LimitExceeded;

use super::{IMPORT_BYTES_MAX, ImportError};

/// Names in one path at most.
const DEPTH_MAX: usize = 32;
/// Characters of a path in a message at most.
const SHOWN_MAX: usize = 120;

/// Opens a regular file for reading.
pub(super) fn open(source: &Dir, path: &str) -> Result<File, ImportError> {
    let refuse = |reason| ImportError::Path {
        path: path.chars().take(SHOWN_MAX).collect(),
        reason,
    };
    let names: Vec<&str> = path.split('/').collect();
    if path.is_empty() || path.contains('\0') {
        return Err(refuse("is empty or has a character that no path has"));
    }
    if names.len() > DEPTH_MAX {
        return Err(refuse("is too deep"));
    }
    // An empty name is a leading, trailing or doubled slash.
    if names.iter().any(|n| matches!(*n, "" | "." | "..")) {
        return Err(refuse("is not a plain relative path"));
    }
    let explain = |errno: Errno| match errno {
        Errno::NOENT => refuse("does not exist"),
        Errno::LOOP | Errno::NOTDIR => {
            refuse("leads through a link or something that is no directory")
        }
        Errno::NAMETOOLONG => refuse("has a name that is too long"),
        Errno::NXIO | Errno::ISDIR => refuse("is no regular file"),
        other => ImportError::Io(io::Error::from(other)),
    };
    let (last, directories) = names.split_last().ok_or_else(|| refuse("is empty"))?;
    let mut inside: Option<OwnedFd> = None;
    for name in directories {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let parent = inside.as_ref().map_or_else(|| source.as_fd(), AsFd::as_fd);
        let next = openat(parent, *name, flags, Mode::empty()).map_err(explain)?;
        inside = Some(next);
    }
    // Not blocking, so that a pipe of that name holds nobody up.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let parent = inside.as_ref().map_or_else(|| source.as_fd(), AsFd::as_fd);
    let file = File::from(openat(parent, *last, flags, Mode::empty()).map_err(explain)?);
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(refuse("is no regular file"));
    }
    LimitExceeded::check("import_bytes_max", IMPORT_BYTES_MAX, 0, found.len())?;
    Ok(file)
}
