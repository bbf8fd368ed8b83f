//! Where things are, and which packages there are.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::process::{Call, environment};

/// The workspace as `cargo metadata` describes it.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// Its root directory.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    /// Where builds go.
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
    /// Its members.
    pub packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Name of the package.
    pub name: String,
    /// Its `Cargo.toml`.
    #[serde(rename = "manifest_path")]
    pub manifest: PathBuf,
    /// What it declares to depend on, of all kinds.
    pub dependencies: Vec<Dependency>,
}

/// A declared dependency.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// Name of the package depended on.
    pub name: String,
    /// What for: `dev`, `build`, or none of these.
    pub kind: Option<String>,
}

impl Dependency {
    /// Whether tests, examples and benchmarks alone have it.
    pub fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Workspace {
    /// The workspace that this program was built from, or that the working directory is in.
    pub fn find() -> anyhow::Result<Self> {
        let mut cargo = Call::cargo().args(["metadata", "--format-version", "1", "--no-deps"]);
        if let Some(here) = environment("CARGO_MANIFEST_DIR") {
            cargo = cargo.within(Path::new(&here));
        }
        serde_json::from_str(&cargo.read()?).context("`cargo metadata` answered something unknown")
    }

    /// Where built guests are put, and their own target directory.
    pub fn guests(&self) -> PathBuf {
        self.target.join("guests")
    }

    /// The built program `yunei`.
    pub fn program(&self) -> PathBuf {
        self.target.join("debug").join("yunei")
    }
}
