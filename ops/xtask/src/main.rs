//! Developer commands: `cargo xtask COMMAND`.
//!
//! Duty: set a machine up, build everything, and run every check, test, benchmark and the demo, with one command each.
//!
//! Invariants: every step prints its name and how long it took; a step that fails makes the exit status non-zero and is named last.
//!
//! Never: depend on a crate of Yunei (it must compile in seconds on a bare machine), or do anything that a user could not type.

mod attacks;
mod bench;
mod check;
mod data;
mod demo;
mod faults;
mod guests;
mod process;
mod setup;
mod steps;
mod suite;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::environment;
use crate::setup::{Consent, Need};
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of Yunei")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing: prints the commands and asks once.
    Setup {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Run every static check.
    Check,
    /// Build every example module and hostile guest.
    Guests,
    /// Run every test, installing what the tests need.
    Test {
        /// Do not ask before installing.
        #[arg(long)]
        yes: bool,
    },
    /// Build everything and play the story.
    Demo {
        /// Exit at the end instead of staying up.
        #[arg(long)]
        once: bool,
        /// Do not ask before installing.
        #[arg(long)]
        yes: bool,
    },
    /// Carry out every attack on the release gate, and write the score into the documentation.
    Attacks(attacks::Arguments),
    /// Measure one of the figures in `ops/benchmarks/`.
    Bench(bench::Arguments),
    /// Kill the server again and again while people work with it, and look for what it acknowledged.
    Faults(faults::Faults),
    /// Rebuild the example data from the public packages that it came from.
    Data {
        /// Only this data set.
        name: Option<String>,
        /// Do not ask before installing.
        #[arg(long)]
        yes: bool,
    },
    /// Record the version of the guest interface and its digest in `guest-sdk/wit/VERSION.toml`.
    Wit,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match command {
        Command::Setup { yes } => setup::run(&workspace, &Need::ALL, consent(yes)),
        Command::Check => check::run(&workspace),
        Command::Guests => guests::run(&workspace),
        Command::Test { yes } => suite::run(&workspace, consent(yes)),
        Command::Demo { once, yes } => demo::run(&workspace, once, consent(yes)),
        Command::Faults(faults) => faults::run(&workspace, &faults),
        Command::Attacks(arguments) => attacks::run(&workspace, &arguments),
        Command::Bench(arguments) => bench::run(&workspace, &arguments),
        Command::Data { name, yes } => data::run(&workspace, name.as_deref(), consent(yes)),
        Command::Wit => check::wit::record(&workspace.root),
    }
}

/// `--yes`, or a machine that says it is building unattended.
fn consent(yes: bool) -> Consent {
    if yes || environment("CI").is_some_and(|value| value == "true" || value == "1") {
        Consent::Given
    } else {
        Consent::Ask
    }
}
