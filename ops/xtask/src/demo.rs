//! `cargo xtask demo`: sets up, builds everything, and plays the story.

use crate::guests;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Sets up, builds and plays.
pub fn run(workspace: &Workspace, once: bool, consent: Consent) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || {
        setup::ensure(workspace, &[Need::GuestTarget], consent)
    })?;
    steps.need("build", || build(workspace))?;
    guests::build_all(workspace, &mut steps)?;
    steps.need("story", || play(workspace, once))?;
    steps.finish()
}

/// Builds the program, with every process that it starts.
pub fn build(workspace: &Workspace) -> anyhow::Result<()> {
    Call::cargo()
        .args(["build", "--package", "yunei-cli"])
        .within(&workspace.root)
        .run()
}

/// Plays the story with what has been built; stays up unless it is to be played `_once`. So far nothing is started.
fn play(workspace: &Workspace, _once: bool) -> anyhow::Result<()> {
    println!(
        "built {} and the modules in {}; nothing is started yet",
        workspace.program().display(),
        workspace.guests().display()
    );
    Ok(())
}
