//! `cargo xtask demo`: sets up, builds everything, and plays the story.

mod acts;
mod offline;
mod show;
mod stage;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use crate::guests;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;
use stage::Stage;

/// What the demo needs on the machine: a way to build modules, and a verifier of the record that others wrote.
const NEEDS: [Need; 3] = [Need::GuestTarget, Need::Python, Need::LogTools];
/// Hostile modules that play in the story.
const HOSTILE: [&str; 2] = ["hostile/spin", "hostile/wasi-import"];

/// Sets up, builds and plays.
pub fn run(workspace: &Workspace, once: bool, consent: Consent) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || setup::ensure(workspace, &NEEDS, consent))?;
    steps.need("build", || build(workspace))?;
    guests::build_some(workspace, &workspace.program(), &mut steps, |module| {
        let module = module.with_extension("");
        module.starts_with("examples") || HOSTILE.iter().any(|played| module.ends_with(played))
    })?;
    steps.need("story", || play(workspace, once))?;
    steps.finish()
}

/// Builds the program, with every process that it starts.
pub fn build(workspace: &Workspace) -> anyhow::Result<()> {
    Call::cargo()
        // The whole workspace, so that its tests find every dependency built with the same features.
        .args(["build", "--workspace", "--lib", "--bins"])
        .within(&workspace.root)
        .run()
}

/// Plays the story with what has been built; stays up until it is interrupted unless it is to be played `once`.
pub fn play(workspace: &Workspace, once: bool) -> anyhow::Result<()> {
    // Kept where the demo stays up, for whoever wants to look at the record afterwards.
    let place = tempfile::Builder::new().prefix("yunei-demo-").tempdir()?;
    let data = place.path().join("data");
    let mut stage = Stage::open(workspace, &data)?;
    acts::play(&mut stage)?;
    let (mut server, _witnesses) = stage.close();
    if once {
        return Ok(());
    }
    let kept = place.keep();
    println!("\nThe server stays up at {}", server.url());
    println!("Interface: {}/api/v1/openapi.json", server.url());
    println!("Tokens, readable by you alone:");
    for file in files_ending(&data, "token")? {
        println!("    {}", file.display());
    }
    println!("Data directory, kept after the end: {}", kept.display());
    println!("Ctrl-C ends it.");
    server.wait()?;
    Ok(())
}

/// The files of `directory` whose names end with `.extension`, in the order of their names.
fn files_ending(directory: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
