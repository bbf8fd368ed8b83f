//! `aics-tlog` in a Python environment of its own: verifies logs in the C2SP formats, and was not written by us.

use std::path::PathBuf;

use crate::process::Call;
use crate::workspace::Workspace;

/// What it is, and the version that the tests were written against.
const PACKAGE: &str = "aics-tlog==0.2.1";
/// What it needs.
const NEEDS: &str = "cryptography>=50.0.2";

/// Whether it is there.
pub fn are_there(workspace: &Workspace) -> bool {
    Call::new(python(workspace))
        .args(["-c", "import aics_tlog"])
        .succeeds()
}

/// The calls that install it.
pub fn installation(workspace: &Workspace) -> Vec<Call> {
    let environment = environment(workspace);
    let pip = || {
        Call::new(python(workspace)).args(["-m", "pip", "--retries", "10", "install", "--quiet"])
    };
    vec![
        Call::new("python3")
            .args(["-m", "venv"])
            .args([&environment]),
        pip().args([NEEDS]),
        // It declares Python 3.12 and runs with Debian's 3.11, which the tests show.
        pip().args(["--no-deps", "--ignore-requires-python", PACKAGE]),
    ]
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools").join("aics-tlog")
}

/// The Python that has it.
pub fn python(workspace: &Workspace) -> PathBuf {
    environment(workspace).join("bin").join("python")
}
