//! Programs of others that tests run: put below the target directory, so that nothing of the machine changes and no service starts.

use std::path::PathBuf;

use crate::process::Call;
use crate::workspace::Workspace;

/// The receiver's package and version on PyPI.
const ROTEL: &str = "rotel==0.0.1a15";

fn tools(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools")
}

/// Whether the receiver is there.
pub fn has_rotel(workspace: &Workspace) -> bool {
    Call::new(tools(workspace).join("rotel/bin/python"))
        .args(["-c", "import rotel"])
        .succeeds()
}

/// The calls that put it into a Python environment of its own.
pub fn rotel(workspace: &Workspace) -> Vec<Call> {
    let environment = tools(workspace).join("rotel");
    vec![
        Call::new("python3")
            .args(["-m", "venv"])
            .args([&environment]),
        Call::new(environment.join("bin/python"))
            .args(["-m", "pip", "--retries", "10"])
            .args(["install", "--quiet", ROTEL]),
    ]
}

/// Whether promtool is there.
pub fn has_promtool(workspace: &Workspace) -> bool {
    Call::new(tools(workspace).join("prometheus/usr/bin/promtool"))
        .args(["--version"])
        .succeeds()
}

/// The calls that unpack Debian's package: installing it would start a server.
pub fn promtool(workspace: &Workspace, refresh: Call) -> Vec<Call> {
    let tools = tools(workspace);
    let script = "mkdir -p \"$1/prometheus\" && cd \"$1\" && rm -f prometheus_*.deb && apt-get download prometheus -o Acquire::Retries=5 \
        && dpkg-deb --extract prometheus_*.deb prometheus && rm -f prometheus_*.deb";
    vec![
        refresh,
        Call::new("sh")
            .args(["-ec", script, "unpack"])
            .args([&tools]),
    ]
}
