//! `cargo xtask check`: the whole of the static checks.

mod links;
mod lints;
mod names;
mod readme;
mod sizes;
mod tiers;
mod tree;
pub mod wit;
mod words;

use anyhow::bail;

use crate::guests;
use crate::process::Call;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Runs every check, and names all that failed.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let root = &workspace.root;
    let mut steps = Steps::default();
    steps.step("format", || format(workspace));
    steps.step("file sizes", || none(sizes::check(root)?));
    steps.step("dependency tiers", || {
        none(tiers::check(&workspace.packages))
    });
    steps.step("lint tables", || none(lints::check(workspace)?));
    steps.step("span and event names", || none(names::check(root)?));
    steps.step("guest interface version", || none(wit::check(root)?));
    steps.step("forbidden words", || none(words::check(root)?));
    steps.step("readme commands", || none(readme::check(root)?));
    steps.step("links", || none(links::check(root)?));
    steps.step("clippy", || {
        Call::cargo()
            .args(["clippy", "--workspace", "--all-targets", "--"])
            .args(["--deny", "warnings"])
            .within(root)
            .run()
    });
    steps.step("documentation", || {
        Call::cargo()
            .args(["doc", "--workspace", "--no-deps"])
            .variable("RUSTDOCFLAGS", "-D warnings")
            .within(root)
            .run()
    });
    steps.finish()
}

/// The workspace, and every guest, which is a workspace of its own.
fn format(workspace: &Workspace) -> anyhow::Result<()> {
    let fmt = || Call::cargo().args(["fmt", "--check"]);
    let mut outcome = fmt().args(["--all"]).within(&workspace.root).run();
    for guest in guests::find(&workspace.root)? {
        outcome = outcome.and(fmt().within(&guest.source).run());
    }
    outcome
}

/// An error that lists the findings, if there are any.
fn none(findings: Vec<String>) -> anyhow::Result<()> {
    if findings.is_empty() {
        Ok(())
    } else {
        bail!("{}", findings.join("\n"))
    }
}
