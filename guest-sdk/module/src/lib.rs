//! Builds guest crates into components with their manifest inside.
//!
//! Duty: find a tool-chain for WebAssembly, compile a crate (or a workspace of them) in a target directory shared by
//! all modules, make a component of each core module, and embed its `module.toml` as custom section
//! [`MANIFEST_SECTION`].
//!
//! Invariants: a [`Built`] component is valid, and its manifest parses; what admission would refuse about its imports
//! and exports is in [`Built::warnings`]. The same source, manifest and tool-chain give the same bytes in every directory.
//!
//! Never: installs anything, runs a component, or decides about admission (`yunei-sandbox` does).
//!
//! ```no_run
//! use std::path::Path;
//! use yunei_module::{Builder, Toolchain, guests_dir};
//!
//! let toolchain = Toolchain::detect(Path::new("examples"))?;
//! let builder = Builder::new(toolchain, &guests_dir(Path::new("target")));
//! for built in builder.workspace(Path::new("examples"), &mut |line| eprintln!("{line}"))? {
//!     println!("{}: {} bytes", built.path.display(), built.bytes);
//! }
//! # Ok::<(), yunei_module::BuildError>(())
//! ```

mod builder;
mod cargo;
mod component;
mod error;
mod placeless;
mod surface;
mod toolchain;

pub use builder::{Builder, Built, guests_dir};
pub use component::{componentize, with_manifest};
pub use error::BuildError;
pub use surface::{MANIFEST_SECTION, Surface};
pub use toolchain::{DEBIAN_PACKAGES, RUSTUP_COMMAND, TARGET, Toolchain};
