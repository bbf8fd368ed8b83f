//! `cargo xtask guests`: builds every module that examples and tests run.
//!
//! `examples/<question>/module` becomes `guests/examples/<question>.wasm` in the target directory,
//! `tests/guests/hostile/<attack>` becomes `guests/hostile/<attack>.wasm`, and `tests/guests/bench/<work>` becomes
//! `guests/bench/<work>.wasm`. All share one target directory, so that the standard library is built for the guest target once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::demo;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// A guest crate and where its module goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Guest {
    /// Directory of the crate.
    pub source: PathBuf,
    /// The module, relative to the directory of built guests.
    pub module: PathBuf,
}

/// Builds every guest; whatever is missing for it must have been installed.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || {
        setup::ensure(workspace, &[Need::GuestTarget], Consent::Ask)
    })?;
    steps.need("build", || demo::build(workspace))?;
    build_all(workspace, &mut steps)?;
    steps.finish()
}

/// Builds every guest with the program that has been built, one step each; goes on when one fails.
pub fn build_all(workspace: &Workspace, steps: &mut Steps) -> anyhow::Result<()> {
    build_some(workspace, &workspace.program(), steps, |_| true)
}

/// Builds the guests whose modules are `wanted`, with `program`.
pub fn build_some(
    workspace: &Workspace,
    program: &Path,
    steps: &mut Steps,
    wanted: impl Fn(&Path) -> bool,
) -> anyhow::Result<()> {
    let mut guests = find(&workspace.root)?;
    guests.retain(|guest| wanted(&guest.module));
    for guest in &guests {
        let out = workspace.guests().join(&guest.module);
        let name = guest.module.with_extension("");
        steps.step(&format!("guest {}", name.display()), || {
            if let Some(directory) = out.parent() {
                fs::create_dir_all(directory)?;
            }
            Call::new(program)
                .args(["module", "build"])
                .args([&guest.source])
                .args(["--out"])
                .args([&out])
                .args(["--target-dir"])
                .args([workspace.guests().join("target")])
                .within(&workspace.root)
                .run_quietly()
        });
    }
    Ok(())
}

/// The guest crates below `root`, in the order of their names.
pub fn find(root: &Path) -> anyhow::Result<Vec<Guest>> {
    let mut guests = Vec::new();
    for (kind, place, inner) in [
        ("examples", "examples", Some("module")),
        ("hostile", "tests/guests/hostile", None),
        ("attacks", "tests/guests/attacks", None),
        ("bench", "tests/guests/bench", None),
    ] {
        for directory in directories(&root.join(place))? {
            let source = inner.map_or_else(|| directory.clone(), |inner| directory.join(inner));
            let name = directory.file_name().context("a directory has a name")?;
            if source.join("Cargo.toml").is_file() {
                let module = Path::new(kind).join(name).with_extension("wasm");
                guests.push(Guest { source, module });
            }
        }
    }
    Ok(guests)
}

fn directories(place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !place.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in
        fs::read_dir(place).with_context(|| format!("cannot read `{}`", place.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
