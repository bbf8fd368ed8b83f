//! Compilers for WebAssembly: rustup's target, or Debian's compiler with the standard library built from source.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::BuildError;

/// The target that modules are built for.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// What installs the target where rustup can.
pub const RUSTUP_COMMAND: [&str; 4] = ["rustup", "target", "add", TARGET];
/// The packages that do instead on Debian and Ubuntu.
pub const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "rust-web-src", "rust-web-llvm", "lld-22"];

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A way to compile for [`TARGET`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// The compiler that cargo uses anyway has the target.
    Installed,
    /// This compiler has the standard library's source, and builds it.
    FromSource {
        /// The compiler.
        rustc: PathBuf,
    },
}

impl Toolchain {
    /// Finds a way to compile the crates in `directory`, whose `rust-toolchain.toml` counts.
    ///
    /// # Errors
    /// [`BuildError::NoToolchain`] when there is none; its message says how to get one.
    pub fn detect(directory: &Path) -> Result<Self, BuildError> {
        let target_of = |sysroot: PathBuf| sysroot.join("lib/rustlib").join(TARGET).join("lib");
        if sysroot(Path::new("rustc"), directory).is_some_and(|s| target_of(s).is_dir()) {
            return Ok(Self::Installed);
        }
        let rustc = PathBuf::from(DEBIAN_RUSTC);
        let source = |sysroot: PathBuf| sysroot.join("lib/rustlib/src/rust/library/std");
        if sysroot(&rustc, directory).is_some_and(|s| source(s).is_dir()) {
            return Ok(Self::FromSource { rustc });
        }
        Err(BuildError::NoToolchain)
    }

    /// The directory of the compiler's own libraries and their sources, as the crates in `directory` have it.
    pub(crate) fn rustlib(&self, directory: &Path) -> Option<PathBuf> {
        let sysroot = match self {
            Self::Installed => sysroot(Path::new("rustc"), directory),
            Self::FromSource { rustc } => sysroot(rustc, directory),
        };
        sysroot.map(|sysroot| sysroot.join("lib/rustlib"))
    }

    /// Makes `cargo build …` build for [`TARGET`].
    pub(crate) fn apply(&self, cargo: &mut Command) {
        cargo.args(["--target", TARGET]);
        if let Self::FromSource { rustc } = self {
            cargo.arg("-Zbuild-std=std,panic_abort");
            cargo.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        }
    }
}

fn sysroot(rustc: &Path, directory: &Path) -> Option<PathBuf> {
    let output = Command::new(rustc)
        .args(["--print", "sysroot"])
        .current_dir(directory)
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(path.trim_end()))
}
