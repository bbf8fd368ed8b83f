//! `cargo xtask setup`: installs what is missing.
//!
//! Looking what is missing needs no network; nothing is done when nothing is missing.

pub mod log_tools;
mod telemetry_tools;

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::bail;

use crate::process::{Call, on_path};
use crate::steps::Steps;
use crate::workspace::Workspace;

/// The target that guests are built for.
const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's packages that build the guest target's standard library from source.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "rust-web-src", "rust-web-llvm", "lld-22"];

/// Something that a command needs on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A way to build guests.
    GuestTarget,
    /// The test runner.
    Nextest,
    /// Python with virtual environments, to rebuild the example data and for tools of others.
    Python,
    /// An implementation of the transparency log's formats by others.
    LogTools,
    /// A receiver of OpenTelemetry that we did not write.
    Rotel,
    /// Prometheus' checker of rules.
    Promtool,
    /// A browser and its driver, to look at the live page.
    Browser,
}

/// Debian's packages of the browser.
const BROWSER_PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

impl Need {
    /// What building and testing need.
    pub const ALL: [Self; 7] = [
        Self::GuestTarget,
        Self::Nextest,
        Self::Python,
        Self::LogTools,
        Self::Rotel,
        Self::Promtool,
        Self::Browser,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::GuestTarget => "a way to build for wasm32-unknown-unknown",
            Self::Nextest => "cargo-nextest",
            Self::Python => "python3 with venv",
            Self::LogTools => "aics-tlog, others' verifier of transparency logs",
            Self::Rotel => "rotel, a receiver of OpenTelemetry",
            Self::Promtool => "promtool, of Debian's prometheus",
            Self::Browser => "chromium with chromedriver",
        }
    }
}

/// Whether to ask before installing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Ask.
    Ask,
    /// Do not ask.
    Given,
}

/// What the machine offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Machine {
    administrator: bool,
    sudo: bool,
    apt: bool,
    rustup: bool,
}

/// A way to get what is needed: the first line of calls that works.
struct Way {
    first: Vec<Call>,
    otherwise: Vec<Call>,
}

/// Installs what is missing, as a command of its own.
pub fn run(workspace: &Workspace, needs: &[Need], consent: Consent) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.need("set-up", || ensure(workspace, needs, consent))?;
    steps.finish()
}

/// Makes sure that `needs` are there.
pub fn ensure(workspace: &Workspace, needs: &[Need], consent: Consent) -> anyhow::Result<()> {
    let missing: Vec<Need> = missing(workspace, needs);
    if missing.is_empty() {
        println!("nothing is missing");
        return Ok(());
    }
    let machine = Machine::look();
    let mut ways = Vec::new();
    for need in &missing {
        ways.push(machine.way(workspace, *need)?);
    }
    let names: Vec<_> = missing.iter().map(|need| need.name()).collect();
    println!("missing: {}", names.join(", "));
    println!("{}", announce(&ways));
    if consent == Consent::Ask {
        ask()?;
    }
    for way in &ways {
        way.take(workspace)?;
    }
    let still = self::missing(workspace, needs);
    if !still.is_empty() {
        let names: Vec<_> = still.iter().map(|need| need.name()).collect();
        bail!("still missing: {}", names.join(", "));
    }
    Ok(())
}

fn missing(workspace: &Workspace, needs: &[Need]) -> Vec<Need> {
    let absent = |need: &&Need| match need {
        Need::GuestTarget => !has_target(workspace) && !has_debian_packages(),
        Need::Nextest => !Call::cargo().args(["nextest", "--version"]).succeeds(),
        // `ensurepip` is what Debian leaves out of its plain python3.
        Need::Python => !Call::new("python3")
            .args(["-c", "import ensurepip, venv"])
            .succeeds(),
        Need::LogTools => !log_tools::are_there(workspace),
        Need::Rotel => !telemetry_tools::has_rotel(workspace),
        Need::Promtool => !telemetry_tools::has_promtool(workspace),
        Need::Browser => !on_path("chromedriver"),
    };
    needs.iter().filter(absent).copied().collect()
}

/// Whether the tool chain itself has the guest target's standard library.
fn has_target(workspace: &Workspace) -> bool {
    Call::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .within(&workspace.root)
        .read()
        .is_ok_and(|directory| std::path::Path::new(directory.trim()).is_dir())
}

fn has_debian_packages() -> bool {
    Call::new("dpkg-query")
        .args(["--show", "--showformat", "${db:Status-Status}\\n"])
        .args(DEBIAN_PACKAGES)
        .read()
        .is_ok_and(|states| all_installed(&states))
}

fn all_installed(states: &str) -> bool {
    let installed = states.lines().filter(|state| *state == "installed").count();
    installed == DEBIAN_PACKAGES.len()
}

impl Machine {
    fn look() -> Self {
        Self {
            administrator: Call::new("id")
                .args(["-u"])
                .read()
                .is_ok_and(|id| id.trim() == "0"),
            sudo: on_path("sudo"),
            apt: on_path("apt-get"),
            rustup: on_path("rustup"),
        }
    }

    /// How to get `need` here.
    fn way(self, workspace: &Workspace, need: Need) -> anyhow::Result<Way> {
        Ok(match need {
            Need::GuestTarget if self.rustup => Way {
                first: vec![Call::new("rustup").args(["target", "add", TARGET])],
                otherwise: self.packages(&DEBIAN_PACKAGES).unwrap_or_default(),
            },
            Need::GuestTarget => Way::only(self.packages(&DEBIAN_PACKAGES)?),
            Need::Nextest => Way::only(vec![Call::cargo().args([
                "install",
                "--locked",
                "cargo-nextest",
            ])]),
            Need::Python => Way::only(self.packages(&["python3", "python3-venv"])?),
            Need::LogTools => Way::only(log_tools::installation(workspace)),
            Need::Rotel => Way::only(telemetry_tools::rotel(workspace)),
            Need::Promtool => Way::only(telemetry_tools::promtool(workspace, self.refresh()?)),
            Need::Browser => Way::only(self.packages(&BROWSER_PACKAGES)?),
        })
    }

    /// The calls that install Debian packages.
    fn packages(self, names: &[&str]) -> anyhow::Result<Vec<Call>> {
        let what = names.join(" ");
        Ok(vec![
            self.administer(&what)?.args(["update"]),
            self.administer(&what)?
                .args(["install", "--yes", "--no-install-recommends"])
                .args(names),
        ])
    }

    /// The call that has Debian's lists of packages renewed.
    fn refresh(self) -> anyhow::Result<Call> {
        Ok(self
            .administer("Debian's lists of packages")?
            .args(["update"]))
    }

    /// `apt-get` as root, for `what`.
    fn administer(self, what: &str) -> anyhow::Result<Call> {
        if !self.apt {
            bail!("install {what} by hand: there is no apt-get here");
        }
        let call = match (self.administrator, self.sudo) {
            (true, _) => Call::new("env"),
            (false, true) => Call::new("sudo").args(["env"]),
            (false, false) => bail!("install {what} as root: there is no sudo here"),
        };
        Ok(call.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]))
    }
}

impl Way {
    const fn only(first: Vec<Call>) -> Self {
        Self {
            first,
            otherwise: Vec::new(),
        }
    }

    fn take(&self, workspace: &Workspace) -> anyhow::Result<()> {
        match run_all(&self.first, workspace) {
            Err(error) if !self.otherwise.is_empty() => {
                println!("{error:#}; trying the other way");
                run_all(&self.otherwise, workspace)
            }
            outcome => outcome,
        }
    }
}

fn run_all(calls: &[Call], workspace: &Workspace) -> anyhow::Result<()> {
    for call in calls {
        println!("+ {call}");
        // In the workspace, so that rustup takes its tool chain.
        call.clone().within(&workspace.root).run()?;
    }
    Ok(())
}

/// What will be run, as one would type it.
fn announce(ways: &[Way]) -> String {
    let mut lines = vec!["these commands install it:".to_owned()];
    for way in ways {
        lines.extend(way.first.iter().map(|call| format!("    {call}")));
        if !way.otherwise.is_empty() {
            lines.push("  and where that fails:".to_owned());
            lines.extend(way.otherwise.iter().map(|call| format!("    {call}")));
        }
    }
    lines.join("\n")
}

fn ask() -> anyhow::Result<()> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("nobody is there to ask: run again with `--yes` (or with CI=true)");
    }
    print!("run them? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    if agrees(&answer) {
        Ok(())
    } else {
        bail!("nothing was installed")
    }
}

/// An empty line agrees; the end of input does not.
fn agrees(answer: &str) -> bool {
    answer.ends_with('\n') && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

#[cfg(test)]
mod tests;
