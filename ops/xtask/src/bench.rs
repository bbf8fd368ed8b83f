//! `cargo xtask bench NAME`.

use crate::process::Call;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Runs the benchmark `name` in an optimised build.
pub fn run(workspace: &Workspace, name: &str) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.step(&format!("bench {name}"), || {
        Call::cargo()
            .args(["run", "--release", "--package", "yunei-cli", "--"])
            .args(["bench", name])
            .within(&workspace.root)
            .run()
    });
    steps.finish()
}
