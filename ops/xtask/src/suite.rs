//! `cargo xtask test`: every test.

use crate::process::{Call, Stream};
use crate::setup::{self, Consent, Need};
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{demo, guests};

/// Sets up, builds the guests, runs every test and doctest, and ends with the test runner's summary.
pub fn run(workspace: &Workspace, consent: Consent) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || setup::ensure(workspace, &Need::ALL, consent))?;
    steps.need("build", || demo::build(workspace))?;
    guests::build_all(workspace, &mut steps)?;

    let mut summary = None;
    steps.step("tests", || {
        Call::cargo()
            .args(["nextest", "run", "--workspace", "--no-fail-fast"])
            .within(&workspace.root)
            .watch(Stream::Error, |line| {
                if is_summary(line) {
                    summary = Some(line.to_owned());
                }
            })
    });
    let mut doctests = Doctests::default();
    steps.step("doctests", || {
        Call::cargo()
            .args(["test", "--doc", "--workspace", "--no-fail-fast"])
            .within(&workspace.root)
            .watch(Stream::Output, |line| doctests.see(line))
    });
    println!(
        "doctests: {} passed, {} failed",
        doctests.passed, doctests.failed
    );
    if let Some(summary) = summary {
        println!("{summary}");
    }
    steps.finish()
}

/// Whether `line` is the one with which nextest sums up.
fn is_summary(line: &str) -> bool {
    line.trim_start().starts_with("Summary [") && line.contains("run:")
}

/// Counts of `cargo test`, summed over crates.
#[derive(Debug, Default, PartialEq, Eq)]
struct Doctests {
    passed: u64,
    failed: u64,
}

impl Doctests {
    /// Takes in a line such as `test result: ok. 3 passed; 0 failed; …`.
    fn see(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
