//! `cargo xtask data [NAME]`: rebuilds the example data from the public packages that it came from.

use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Rebuilds every data set, or the one called `name`, in a Python environment of its own.
pub fn run(workspace: &Workspace, name: Option<&str>, consent: Consent) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || {
        setup::ensure(workspace, &[Need::Python], consent)
    })?;
    let environment = workspace.target.join("data-python");
    let python = environment.join("bin").join("python");
    steps.need("python environment", || {
        if !python.is_file() {
            Call::new("python3")
                .args(["-m", "venv"])
                .args([&environment])
                .run()?;
        }
        let wanted = workspace.root.join("examples/data/requirements.txt");
        if wanted.is_file() {
            Call::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .args([&wanted])
                .run()?;
        }
        Ok(())
    })?;
    steps.step("data", || {
        Call::new(&python)
            .args(["examples/data/rebuild.py"])
            .args(name)
            .within(&workspace.root)
            .run()
    });
    steps.finish()
}
