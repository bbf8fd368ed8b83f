//! `cargo xtask faults`: kills the server hundreds of times while people work with it, and compares what it acknowledged
//! with what is on the record afterwards.
//!
//! Each round starts the server over what the last one left, lets people submit runs, issue tokens, propose scenarios, upload
//! modules and read checkpoints, and ends it with SIGKILL: at a random moment, or when a run has just reached a given state.

mod account;
mod load;
mod moment;
mod report;
mod stages;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use yunei_tests::{Server, Story};

use crate::bench::{Profile, machine};
use crate::guests;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;
use account::Account;
use load::{Load, Setting};
use moment::{Chance, Moment};
use report::Report;

/// Rounds between two verifications of the whole record, offline, against every checkpoint that was seen.
const ROUNDS_PER_VERIFICATION: u64 = 25;
/// Longest wait at the end for runs that were queued.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(600);

/// How often, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct Faults {
    /// Kills.
    #[arg(long, default_value_t = 300)]
    rounds: u64,
    /// What chance begins with; a seed is printed, so that a play can be repeated.
    #[arg(long, default_value_t = 20)]
    seed: u64,
    /// Which build is killed.
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    profile: Profile,
    /// Where the report goes, in Markdown; it is printed in any case.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Builds, plays all rounds, reports.
pub fn run(workspace: &Workspace, faults: &Faults) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || {
        setup::ensure(workspace, &[Need::GuestTarget], Consent::Given)
    })?;
    steps.need("build", || {
        let mut call = Call::cargo().args(["build", "--workspace", "--lib", "--bins"]);
        if faults.profile == Profile::Release {
            call = call.args(["--release"]);
        }
        call.within(&workspace.root).run()
    })?;
    guests::build_all(workspace, &mut steps)?;
    let report = steps.need("kills", || play(workspace, faults))?;
    let text = report.markdown(&machine()?);
    println!("{text}");
    if let Some(file) = &faults.report {
        std::fs::write(file, text).with_context(|| file.display().to_string())?;
    }
    report.judge()?;
    steps.finish()
}

fn play(workspace: &Workspace, faults: &Faults) -> anyhow::Result<Report> {
    let folder = match faults.profile {
        Profile::Release => "release",
        Profile::Dev => "debug",
    };
    let place = tempfile::tempdir()?;
    // A copy: a build beside this would put another program in its place.
    let program = place.path().join("yunei");
    std::fs::copy(workspace.target.join(folder).join("yunei"), &program)?;
    let data = place.path().join("data");
    let mut chance = Chance::new(faults.seed);
    let mut report = Report::new(faults.seed, folder);
    let none: [&str; 0] = [];
    let mut server = Server::start(&program, &data, none)?;
    let mut story = Story::begin(&workspace.root, &server)?;
    story.set_up()?;
    let setting = Setting::prepare(workspace, &story)?;
    let mut account = Account::begin(place.path())?;
    account.compare(&story, &mut report)?;
    let bar = ProgressBar::new(faults.rounds).with_style(ProgressStyle::with_template(
        "{spinner} [{bar:30}] {pos}/{len} kills {elapsed} {msg}",
    )?);
    for round in 0..faults.rounds {
        let moment = Moment::of_round(round, &mut chance);
        let grant = setting.grant(&story)?;
        let load = Load::start(&setting, &story, &grant, round)?;
        let reached = moment.wait(&story, &load, &mut chance)?;
        server.kill_hard()?;
        let began = Instant::now();
        let acknowledged = load.end(&grant);
        report.killed(moment, reached);
        account.killed(&data);
        server.restart()?;
        report.restarted(began.elapsed(), server.aborted_runs());
        story.move_to(&server);
        account.note(acknowledged);
        account.compare(&story, &mut report)?;
        if (round + 1) % ROUNDS_PER_VERIFICATION == 0 {
            verify(&program, &data, &account, &mut report)?;
        }
        bar.set_message(report.line());
        bar.inc(1);
    }
    bar.finish_and_clear();
    account.drain(&story, DRAIN_WAIT_MAX, &mut report)?;
    account.compare_all(&story, &mut report)?;
    server.stop()?;
    verify(&program, &data, &account, &mut report)?;
    Ok(report)
}

/// The record as it lies on disk, against every checkpoint that anybody saw.
fn verify(
    program: &Path,
    data: &Path,
    account: &Account,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut command = std::process::Command::new(program);
    command.args(["ledger", "verify", "--data"]).arg(data);
    for note in account.checkpoints() {
        command.arg("--witnessed").arg(note);
    }
    let output = command.output()?;
    if !output.status.success() {
        bail!(
            "the record does not hold: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    report.verified(account.checkpoints().len());
    Ok(())
}
