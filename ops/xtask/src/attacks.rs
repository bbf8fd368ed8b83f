//! `cargo xtask attacks`: builds what attacks and what is attacked, carries the attacks out, and writes the score into the documentation.

use std::path::Path;

use clap::Args;

use crate::guests;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Where the score stands.
const SCORE: &str = "host/disclosure/ATTACKS.md";

/// Which attacks, and what becomes of their score.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these profiles; the documentation is left as it is then.
    #[arg(long)]
    profile: Vec<String>,
    /// Only these kinds of attacks; the documentation is left as it is then. An unknown one lists those that there are.
    #[arg(long)]
    attack: Vec<String>,
}

/// Builds and attacks.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || {
        setup::ensure(workspace, &[Need::GuestTarget], Consent::Given)
    })?;
    steps.need("build", || {
        Call::cargo()
            // The whole workspace, so that dependencies have the features that they have everywhere.
            .args(["build", "--workspace", "--bins"])
            .within(&workspace.root)
            .run()
    })?;
    let folder = workspace.target.join("debug");
    let program = folder.join("yunei");
    guests::build_some(workspace, &program, &mut steps, |module| {
        module.starts_with(Path::new("attacks"))
    })?;
    steps.need("attacks", || {
        let mut call = Call::new(folder.join("yunei-attacks"))
            .args(["--program"])
            .args([&program])
            .args(["--guests"])
            .args([&workspace.guests()])
            .args(["--repository"])
            .args([&workspace.root]);
        for profile in &arguments.profile {
            call = call.args(["--profile", profile]);
        }
        for attack in &arguments.attack {
            call = call.args(["--attack", attack]);
        }
        if arguments.profile.is_empty() && arguments.attack.is_empty() {
            call = call.args(["--out"]).args([&workspace.root.join(SCORE)]);
        }
        call.run()
    })?;
    steps.finish()
}
