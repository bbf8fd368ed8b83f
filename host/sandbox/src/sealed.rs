//! Sealed memory files: bytes handed to another process, which nobody can change any more.

use std::fs::File;
use std::io::{Result, Seek as _, Write as _};

use rustix::fs::{MemfdFlags, SealFlags};

/// The seals of a file that can never change again.
pub(crate) const SEALS: SealFlags = SealFlags::WRITE
    .union(SealFlags::GROW)
    .union(SealFlags::SHRINK)
    .union(SealFlags::SEAL);

/// An empty memory file.
pub(crate) fn memory_file(name: &str) -> Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    Ok(File::from(rustix::fs::memfd_create(name, flags)?))
}

/// A sealed memory file with `parts`, one after another, to be read from its start.
pub(crate) fn sealed_file(name: &str, parts: &[&[u8]]) -> Result<File> {
    let mut file = memory_file(name)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.rewind()?;
    rustix::fs::fcntl_add_seals(&file, SEALS)?;
    Ok(file)
}

/// Whether a descriptor is a memory file with all [`SEALS`].
pub(crate) fn is_sealed(file: &File) -> bool {
    rustix::fs::fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS))
}
