//! `cargo xtask bench NAME`: builds what is measured, measures, and prints the machine, the figures with their spread, and what was asked.

mod decide;
mod figures;
mod gate;
mod isolate;
mod live;
mod record;
mod scan;
mod stand;
mod start;
mod suppress;
mod trace;

pub use figures::machine;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::guests;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// What is measured, and how.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Which one.
    #[arg(value_enum)]
    name: Name,
    /// Which build is measured.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Runs that count, of each kind and size.
    #[arg(long)]
    runs: Option<usize>,
    /// Of `scan`, `gate` and `trace`: rows of the larger size; the smaller one has a tenth.
    #[arg(long, default_value_t = scan::ROWS)]
    rows: u64,
}

/// The benchmarks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Submit to release of a small job.
    Start,
    /// A grouped sum over many rows, in the sandbox and outside it.
    Scan,
    /// A table of ten thousand cells, computed and checked by the gate, beside a scan of the same columns.
    Gate,
    /// Suppression, proofs and audit of a table of a hundred by a hundred with margins, and of linked ones.
    Suppress,
    /// One decision of the policies.
    Decide,
    /// 500 readers of the live stream while runs are going.
    Live,
    /// Call facts and entries a second, and how long an entry waits for its checkpoint.
    Record,
    /// What the record costs a run.
    Trace,
    /// Data subjects a second, each in an instance of its own.
    Isolate,
}

/// Which build is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Optimised: the figure to quote.
    Release,
    /// As the tests run it.
    Dev,
}

/// Programs and modules that were built to be measured.
#[derive(Debug)]
struct Built {
    folder: PathBuf,
    guests: PathBuf,
    profile: Profile,
}

impl Built {
    /// A program of the workspace.
    fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A module, by its place among the guests.
    fn module(&self, place: &str) -> PathBuf {
        self.guests.join(place).with_extension("wasm")
    }
}

/// Builds and measures.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    let modules: &[&str] = match arguments.name {
        Name::Start => &[start::MODULE],
        Name::Scan => &[scan::MODULE],
        Name::Gate => &[gate::MODULE],
        Name::Decide | Name::Suppress => &[],
        Name::Live => &[start::MODULE],
        Name::Record => &[record::MODULE],
        Name::Trace => &[trace::MODULE],
        Name::Isolate => &[isolate::MODULE],
    };
    let built = build(workspace, arguments.profile, modules, &mut steps)?;
    figures::print_machine(workspace, &built)?;
    steps.need("bench", || match arguments.name {
        Name::Start => start::run(workspace, &built, arguments.runs),
        Name::Scan => scan::run(workspace, &built, arguments.rows, arguments.runs),
        Name::Gate => gate::run(workspace, &built, arguments.rows, arguments.runs),
        Name::Suppress => suppress::run(&built),
        Name::Decide => decide::run(&built),
        Name::Live => live::run(workspace, &built),
        Name::Record => record::run(workspace, &built, arguments.runs),
        Name::Trace => trace::run(&built, arguments.rows, arguments.runs),
        Name::Isolate => isolate::run(&built, arguments.runs),
    })?;
    steps.finish()
}

/// Builds every program, and the modules that are wanted.
fn build(
    workspace: &Workspace,
    profile: Profile,
    modules: &[&str],
    steps: &mut Steps,
) -> anyhow::Result<Built> {
    let (folder, flag) = match profile {
        Profile::Release => ("release", Some("--release")),
        Profile::Dev => ("debug", None),
    };
    if !modules.is_empty() {
        steps.need("set-up", || {
            setup::ensure(workspace, &[Need::GuestTarget], Consent::Given)
        })?;
    }
    steps.need("build", || {
        Call::cargo()
            // The whole workspace, so that dependencies have the features that they have everywhere.
            .args(["build", "--workspace", "--bins"])
            .args(flag)
            .within(&workspace.root)
            .run()
    })?;
    let built = Built {
        folder: workspace.target.join(folder),
        guests: workspace.guests(),
        profile,
    };
    guests::build_some(workspace, &built.program("yunei"), steps, |module| {
        modules
            .iter()
            .any(|wanted| module == PathBuf::from(wanted).with_extension("wasm"))
    })?;
    Ok(built)
}
