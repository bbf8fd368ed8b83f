//! The server as a child process.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::waiting::until;
use crate::{Client, StoryError, Told};

/// Longest wait for a server to say where it listens.
const START_WAIT_MAX: Duration = Duration::from_secs(180);
/// Longest wait for a server to stop in order.
const STOP_WAIT_MAX: Duration = Duration::from_secs(120);

/// A running server; ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    announced: Announced,
    program: PathBuf,
    data: PathBuf,
    arguments: Vec<OsString>,
}

/// What a server says when it is up.
#[derive(Debug, Clone, Deserialize)]
struct Announced {
    url: String,
    #[serde(default)]
    metrics_url: Option<String>,
    token_files: Vec<PathBuf>,
    aborted_runs: u64,
    waiting_runs: u64,
    log_key: String,
}

impl Server {
    /// Starts `program` over the data directory `data` on a free port of loopback, and waits until it listens. It logs to a file
    /// beside the data directory, see [`Self::log`].
    ///
    /// # Errors
    /// It does not start, or does not say in time where it listens.
    pub fn start<A: AsRef<OsStr>>(
        program: &Path,
        data: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Told<Self> {
        let arguments = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned());
        let arguments: Vec<OsString> = arguments.collect();
        let (child, announced) = spawn(program, data, &arguments)?;
        Ok(Self {
            child,
            announced,
            program: program.to_owned(),
            data: data.to_owned(),
            arguments,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.announced.url
    }

    /// Where it serves metrics, if it was told to.
    #[must_use]
    pub fn metrics_url(&self) -> Option<&str> {
        self.announced.metrics_url.as_deref()
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The file that it logs to.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        log(&self.data)
    }

    /// Files that hold the first tokens; none unless this was the first start.
    #[must_use]
    pub fn token_files(&self) -> &[PathBuf] {
        &self.announced.token_files
    }

    /// Runs that an earlier server left and that ended as aborted.
    #[must_use]
    pub const fn aborted_runs(&self) -> u64 {
        self.announced.aborted_runs
    }

    /// Sealed runs that an earlier server left waiting for witnesses, and that wait on.
    #[must_use]
    pub const fn waiting_runs(&self) -> u64 {
        self.announced.waiting_runs
    }

    /// Public key of the log.
    #[must_use]
    pub fn log_key(&self) -> &str {
        &self.announced.log_key
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes that it has started and that have not ended: rooms, and compilers of modules.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn children(&self) -> Told<Vec<u32>> {
        let own = self.pid().to_string();
        let processes = std::fs::read_dir("/proc");
        let processes = processes.map_err(|error| StoryError::new("/proc", error))?;
        let pids = processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        Ok(pids
            .filter(|pid| parent(*pid).is_some_and(|parent| parent == own))
            .collect())
    }

    /// Someone who has not signed in.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// SIGKILL: it has no time to do anything.
    ///
    /// # Errors
    /// The process cannot be killed or waited for.
    pub fn kill_hard(&mut self) -> Told<()> {
        self.child
            .kill()
            .map_err(|error| StoryError::new("cannot kill the server", error))?;
        self.wait().map(|_| ())
    }

    /// SIGTERM, and waits until it has stopped in order.
    ///
    /// # Errors
    /// It does not stop in time.
    pub fn stop(&mut self) -> Told<ExitStatus> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)
            .map_err(|error| StoryError::new("cannot stop the server", error))?;
        let child = &mut self.child;
        until("the server to stop", STOP_WAIT_MAX, || {
            child
                .try_wait()
                .map_err(|error| StoryError::new("cannot wait for the server", error))
        })
    }

    /// Waits, without an end, until it has ended by itself.
    ///
    /// # Errors
    /// The process cannot be waited for.
    pub fn wait(&mut self) -> Told<ExitStatus> {
        self.child
            .wait()
            .map_err(|error| StoryError::new("cannot wait for the server", error))
    }

    /// As [`Self::restart`], with further arguments from now on.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart_with<A: AsRef<OsStr>>(
        &mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Told<()> {
        let more = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned());
        self.arguments.extend(more);
        self.restart()
    }

    /// Starts another server over the same data directory, once this one has ended. It listens elsewhere.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart(&mut self) -> Told<()> {
        let (child, announced) = spawn(&self.program, &self.data, &self.arguments)?;
        self.child = child;
        self.announced = announced;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stop().is_err() {
            // It has ended already, or does not listen: there is nobody left to tell.
            let _ended = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

/// The parent of a process; none of one that has ended meanwhile.
fn parent(pid: u32) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Some(parent.trim().to_owned())
}

fn log(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn spawn(program: &Path, data: &Path, arguments: &[OsString]) -> Told<(Child, Announced)> {
    let file = log(data);
    let errors = File::options().create(true).append(true).open(&file);
    let errors = errors.map_err(|error| StoryError::new(file.display(), error))?;
    let mut child = Command::new(program)
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .map_err(|error| StoryError::new(program.display(), error))?;
    match announced(child.stdout.take()) {
        Ok(announced) => Ok((child, announced)),
        Err(error) => {
            let _ended = child.kill();
            let _reaped = child.wait();
            let said = std::fs::read_to_string(&file).unwrap_or_default();
            Err(StoryError::new(error, said))
        }
    }
}

fn announced(output: Option<ChildStdout>) -> Told<Announced> {
    let line = first_line(output)?;
    serde_json::from_str(&line).map_err(|error| StoryError::new(line, error))
}

/// The line in which a process says where it listens.
pub(crate) fn first_line(output: Option<ChildStdout>) -> Told<String> {
    let output = output.ok_or_else(|| StoryError("the process has no output".to_owned()))?;
    lines(output)
        .recv_timeout(START_WAIT_MAX)
        .map_err(|error| StoryError::new("it did not say where it listens", error))
}

/// The lines of `output`; a thread reads on to the end, so that the server never waits for a reader.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens after the first line.
            let _unheard = sender.send(line);
        }
    });
    receiver
}
