//! `cargo xtask bench NAME`.

mod live;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::{Client, Server, Story};

use crate::guests;
use crate::process::Call;
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Counted runs of `start`, after one that warms up.
const START_RUNS: usize = 30;
/// Longest wait for one run.
const RUN_WAIT_MAX: Duration = Duration::from_secs(60);
/// The small job: one day of bus rides, counted by district and hour.
const START_QUESTION: &str = "bus-rides";

/// Which build is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Optimised: the figure to quote.
    Release,
    /// As the tests run it.
    Dev,
}

/// Runs the benchmark `name` in a build of that profile.
pub fn run(workspace: &Workspace, name: &str, profile: Profile) -> anyhow::Result<()> {
    if !["start", "live"].contains(&name) {
        bail!("there is no benchmark `{name}` yet; there are: start, live");
    }
    let mut steps = Steps::default();
    steps.need("set-up", || {
        setup::ensure(workspace, &[Need::GuestTarget], Consent::Given)
    })?;
    steps.need("build", || {
        let mut call = Call::cargo().args(["build", "--workspace", "--lib", "--bins"]);
        if profile == Profile::Release {
            call = call.args(["--release"]);
        }
        call.within(&workspace.root).run()
    })?;
    guests::build_all(workspace, &mut steps)?;
    if name == "live" {
        let build = match profile {
            Profile::Release => "release",
            Profile::Dev => "debug",
        };
        let program = workspace.target.join(build).join("yunei");
        steps.need("bench live", || {
            live::measure(&workspace.root, &workspace.guests(), &program, build)
        })?;
        return steps.finish();
    }
    steps.need("bench start", || start(workspace, profile))?;
    steps.finish()
}

/// Submit → released of a small job with a warm module, as the record tells it: outsiders see buckets.
fn start(workspace: &Workspace, profile: Profile) -> anyhow::Result<()> {
    let folder = match profile {
        Profile::Release => "release",
        Profile::Dev => "debug",
    };
    let program = workspace.target.join(folder).join("yunei");
    let place = tempfile::tempdir()?;
    let none: [&str; 0] = [];
    let server = Server::start(&program, &place.path().join("data"), none)?;
    let mut story = Story::begin(&workspace.root, &server)?;
    story.set_up()?;
    let directory = story.example(START_QUESTION);
    let module = workspace.guests().join("examples").join(START_QUESTION);
    let unit = story.operator_of(&directory)?.clone();
    let module = story
        .upload(&unit, &module.with_extension("wasm"))?
        .served()?;
    let grant = story.grant(&directory)?;
    let (module, grant) = (id(&module)?, id(&grant)?);
    measure(&mut story, &unit, &directory, &module, &grant)?;
    let mut millis = Vec::with_capacity(START_RUNS);
    for _ in 0..START_RUNS {
        millis.push(measure(&mut story, &unit, &directory, &module, &grant)?);
    }
    millis.sort_by(f64::total_cmp);
    let at = |share: f64| quantile(&millis, share);
    println!(
        "bench start: {START_QUESTION}, {START_RUNS} runs after 1, {folder} build, full record and lock-down"
    );
    println!(
        "submit → released: p50 {:.1} ms, p95 {:.1} ms, min {:.1} ms, max {:.1} ms",
        at(0.5),
        at(0.95),
        at(0.0),
        at(1.0)
    );
    println!("asked for: p50 ≤ 30 ms");
    Ok(())
}

/// Milliseconds from acceptance to release of one run.
fn measure(
    story: &mut Story,
    unit: &Client,
    directory: &Path,
    module: &str,
    grant: &str,
) -> anyhow::Result<f64> {
    let run = id(&story.submit(unit, directory, module, grant)?.served()?)?;
    let detail = story.wait_state(&run, &["released"], RUN_WAIT_MAX)?;
    let micros = |field: &str| {
        let value = detail
            .get("run")
            .and_then(|run| run.get(field))
            .and_then(Value::as_f64);
        value.with_context(|| format!("a run without `{field}`"))
    };
    Ok((micros("ended_at")? - micros("submitted_at")?) / 1000.0)
}

fn id(made: &Value) -> anyhow::Result<String> {
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned).context("an answer without id")
}

/// The value at a share of a sorted list, nearest rank.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank within a short list"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_values_of_the_list() {
        let sorted = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert!((quantile(&sorted, 0.5) - 3.0).abs() < f64::EPSILON);
        assert!((quantile(&sorted, 1.0) - 5.0).abs() < f64::EPSILON);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
