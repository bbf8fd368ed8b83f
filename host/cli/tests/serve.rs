//! `yunei serve` as a process of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests say at once what is wrong"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test, with nothing of our environment that it would read.
fn yunei() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yunei"));
    for variable in ["YUNEI_URL", "YUNEI_TOKEN", "YUNEI_LANGUAGE", "YUNEI_LOG"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// A server in a directory of its own.
struct Server {
    above: TempDir,
    child: Child,
    _output: BufReader<ChildStdout>,
    announced: Value,
}

impl Server {
    fn start() -> Self {
        let above = tempfile::tempdir().unwrap();
        Self::over(above)
    }

    fn over(above: TempDir) -> Self {
        let mut child = yunei()
            .args([
                "serve", "--json", "--listen", "0", "--log", "error", "--data",
            ])
            .arg(above.path().join("data"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let announced =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("the server said {line:?}"));
        Self {
            above,
            child,
            _output: output,
            announced,
        }
    }

    fn data(&self) -> PathBuf {
        self.above.path().join("data")
    }

    /// Asks this server, as the owner of that token.
    fn ask(&self, token: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = yunei();
        command
            .args(["--json", "--url", self.announced["url"].as_str().unwrap()])
            .args(arguments);
        if let Some(token) = token {
            command.arg("--token-file").arg(self.data().join(token));
        }
        command.output().unwrap()
    }

    /// Stops it as whoever supervises it would. Gives its exit code.
    fn stop(&mut self) -> Option<i32> {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn told(output: &Output) -> Value {
    let text = String::from_utf8_lossy(if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    });
    serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("no JSON: {output:?}"))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_two_tokens_that_work_and_nobody_else_can_read() {
    let mut server = Server::start();
    let files = server.announced["token_files"].as_array().unwrap();
    assert_eq!(files.len(), 2, "{}", server.announced);
    assert_eq!(mode(&server.data()), 0o700);
    for file in files {
        assert_eq!(mode(Path::new(file.as_str().unwrap())), 0o600, "{file}");
    }
    let me = told(&server.ask(Some("system-administrator.token"), &["user", "me"]));
    assert_eq!(me["name"], "system-administrator");
    let stranger = server.ask(None, &["user", "me"]);
    assert_eq!(stranger.status.code(), Some(2));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_second_server_on_one_data_directory_refuses() {
    let server = Server::start();
    let second = yunei()
        .args(["serve", "--listen", "0", "--log", "error", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2), "{second:?}");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("in use by another server"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let health = server.ask(Some("system-administrator.token"), &["user", "me"]);
    assert!(
        health.status.success(),
        "the first one serves on: {health:?}"
    );
}

#[test]
fn a_server_that_was_stopped_starts_again_over_what_it_left() {
    let mut server = Server::start();
    let key = server.announced["log_key"].clone();
    assert_eq!(server.stop(), Some(0));
    let above = std::mem::replace(&mut server.above, tempfile::tempdir().unwrap());
    let again = Server::over(above);
    assert_eq!(
        again.announced["token_files"],
        serde_json::json!([]),
        "tokens are made once"
    );
    assert_eq!(again.announced["log_key"], key, "a log keeps its key");
    assert!(
        again
            .ask(Some("system-administrator.token"), &["user", "me"])
            .status
            .success()
    );
}

#[test]
fn a_server_that_was_killed_leaves_a_record_that_verifies_offline() {
    let mut server = Server::start();
    let refused = server.ask(
        Some("system-administrator.token"),
        &["emergency", "stop", "--reason", "not mine to do"],
    );
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(told(&refused)["clause"].is_string(), "{refused:?}");
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let above = std::mem::replace(&mut server.above, tempfile::tempdir().unwrap());
    // The next start takes what was committed and not yet sequenced into the log.
    let mut again = Server::over(above);
    assert_eq!(again.stop(), Some(0));
    let verified = yunei()
        .args(["ledger", "verify", "--json", "--data"])
        .arg(again.data())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(report["holds"], true);
    assert_eq!(report["pending"], 0, "{report}");
    assert!(report["entries"].as_u64().unwrap() >= 5, "{report}");
    let other = "yunei.local/log+00000000+AAAA";
    let wrong = yunei()
        .args(["ledger", "verify", "--key", other, "--data"])
        .arg(again.data())
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}

#[test]
fn a_directory_without_a_store_cannot_be_verified() {
    let directory = tempfile::tempdir().unwrap();
    let verified = yunei()
        .args(["ledger", "verify", "--data"])
        .arg(directory.path())
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(2), "{verified:?}");
}

#[test]
fn a_room_without_a_supervisor_ends() {
    for room in ["feed", "cell", "gate"] {
        let mut child = yunei()
            .args(["room", room])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(!child.wait().unwrap().success(), "{room} said {said}");
    }
}

#[test]
fn a_wrong_argument_leaves_nothing_behind() {
    let above = tempfile::tempdir().unwrap();
    let data = above.path().join("data");
    for wrong in [
        ["--profile", "lenient"],
        ["--policies", "/no/such/directory"],
        ["--log", "=="],
    ] {
        let served = yunei()
            .args(["serve", "--listen", "0"])
            .args(wrong)
            .arg("--data")
            .arg(&data)
            .output()
            .unwrap();
        assert_eq!(served.status.code(), Some(2), "{served:?}");
        assert!(!data.exists(), "{wrong:?}");
    }
}
