//! Why a module could not be built.

use std::path::PathBuf;

use thiserror::Error;
use yunei_model::ManifestError;

/// Why a module could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// No compiler here makes WebAssembly.
    #[error(
        "no compiler for `wasm32-unknown-unknown` was found: run `rustup target add wasm32-unknown-unknown`, \
         or on Debian `apt-get install rustc-web rust-web-src rust-web-llvm lld-22`"
    )]
    NoToolchain,
    /// A program could not be started.
    #[error("`{program}` cannot be started")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Cargo said no.
    #[error("cargo could not build `{workspace}`:\n{diagnostics}")]
    Cargo {
        /// The crate or workspace.
        workspace: PathBuf,
        /// The last lines that it wrote.
        diagnostics: String,
    },
    /// Cargo made no WebAssembly module.
    #[error("`{workspace}` has no `cdylib` crate, so there is no module to build")]
    NoModule {
        /// The crate or workspace.
        workspace: PathBuf,
    },
    /// No manifest beside the crate.
    #[error("there is no `module.toml` in `{crate_dir}` or above it")]
    NoManifest {
        /// The crate.
        crate_dir: PathBuf,
    },
    /// The manifest does not stand.
    #[error("manifest `{path}`")]
    Manifest {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// A file is larger than a component may be.
    #[error("`{path}` is larger than {bytes_max} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        bytes_max: u64,
    },
    /// A file could not be read or written.
    #[error("`{path}` cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No component can be made of the core module.
    #[error("the core module makes no component: {reason}")]
    Component {
        /// What the encoder said.
        reason: String,
    },
}

impl BuildError {
    pub(crate) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
