//! Builds that do not tell where they were made: the same source gives the same bytes in every directory.
//!
//! Three things would tell. Panics name source files: the directories of crates, of cargo and of the compiler get fixed names
//! in their place. The order of functions follows from hashes of crates' names, and those of crates from a path have the
//! path in them: a wrapper around the compiler gives such a crate its name and version instead. Debug information is left out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{BuildError, Toolchain};

/// Name of the wrapper in the directory of guests.
const WRAPPER: &str = "placeless-rustc";
const WRAPPER_TEXT: &str = include_str!("placeless.sh");
/// Stands for the compiler's directory, in which is the source of the standard library.
const RUST: &str = "/rust";

/// Makes a call of cargo build without a trace of directories.
pub(crate) fn apply(
    cargo: &mut Command,
    toolchain: &Toolchain,
    directory: &Path,
    target_dir: &Path,
) -> Result<(), BuildError> {
    let rustlib = toolchain.rustlib(directory);
    // A flag of cargo's own and not of the wrapper, so that cargo tells what was built with it from what was not.
    let flags = rustlib
        .as_ref()
        .map(|place| format!("--remap-path-prefix={}={RUST}", place.display()));
    cargo
        .args(["--config", "profile.release.strip=true"])
        .env("CARGO_ENCODED_RUSTFLAGS", flags.unwrap_or_default())
        .env("RUSTC_WRAPPER", wrapper(target_dir)?)
        .env("YUNEI_RUSTLIB", rustlib.unwrap_or_default());
    Ok(())
}

/// The wrapper, written where it is not there yet as it should be: cargo looks at its age.
fn wrapper(target_dir: &Path) -> Result<PathBuf, BuildError> {
    let path = target_dir.join(WRAPPER);
    let failed = |error| BuildError::file(&path, error);
    if fs::read(&path).is_ok_and(|text| text == WRAPPER_TEXT.as_bytes()) {
        return Ok(path);
    }
    let aside = target_dir.join(format!("{WRAPPER}.{}", std::process::id()));
    fs::write(&aside, WRAPPER_TEXT).map_err(failed)?;
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    fs::rename(&aside, &path).map_err(failed)?;
    Ok(path)
}
