//! A witness as a child process, and the quorum policy that names it.

use std::fmt::Write as _;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::server::first_line;
use crate::waiting::until;
use crate::{Port, StoryError, Told};

/// Longest wait for a witness to stop in order.
const STOP_WAIT_MAX: Duration = Duration::from_secs(120);

/// A running witness; ends when this is dropped.
#[derive(Debug)]
pub struct Witness {
    child: Child,
    announced: Announced,
    program: PathBuf,
    data: PathBuf,
    name: String,
    log_key: PathBuf,
    port: Port,
}

/// What a witness says when it is up.
#[derive(Debug, Clone, Deserialize)]
struct Announced {
    url: String,
    key: String,
}

impl Witness {
    /// Starts a witness of that name over the directory `data` on a free port of loopback, for the log whose public key is in the
    /// file `log_key`, and waits until it listens. It logs to a file beside the directory.
    ///
    /// # Errors
    /// It does not start, or does not say in time where it listens.
    pub fn start(program: &Path, data: &Path, name: &str, log_key: &Path) -> Told<Self> {
        let port = Port::keep()?;
        let (child, announced) = spawn(program, data, name, log_key, port.address())?;
        Ok(Self {
            child,
            announced,
            program: program.to_owned(),
            data: data.to_owned(),
            name: name.to_owned(),
            log_key: log_key.to_owned(),
            port,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.announced.url
    }

    /// Its verifier key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.announced.key
    }

    /// Its directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Stands still, with its connections open, until [`Self::go_on`].
    ///
    /// # Errors
    /// The process is not there.
    pub fn pause(&self) -> Told<()> {
        self.signal(Signal::STOP)
    }

    /// Goes on.
    ///
    /// # Errors
    /// The process is not there.
    pub fn go_on(&self) -> Told<()> {
        self.signal(Signal::CONT)
    }

    /// SIGKILL: it has no time to do anything.
    ///
    /// # Errors
    /// The process cannot be killed or waited for.
    pub fn kill_hard(&mut self) -> Told<()> {
        self.child
            .kill()
            .and_then(|()| self.child.wait().map(drop))
            .map_err(|error| StoryError::new("cannot kill the witness", error))
    }

    /// SIGTERM, and waits until it has stopped in order.
    ///
    /// # Errors
    /// It does not stop in time.
    pub fn stop(&mut self) -> Told<()> {
        self.signal(Signal::TERM)?;
        let child = &mut self.child;
        until("the witness to stop", STOP_WAIT_MAX, || {
            child
                .try_wait()
                .map_err(|error| StoryError::new("cannot wait for the witness", error))
        })
        .map(drop)
    }

    /// Starts another one over the same directory at the same address, once this one has ended.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart(&mut self) -> Told<()> {
        let (child, announced) = spawn(
            &self.program,
            &self.data,
            &self.name,
            &self.log_key,
            self.port.address(),
        )?;
        self.child = child;
        self.announced = announced;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Told<()> {
        kill_process(Pid::from_child(&self.child), signal)
            .map_err(|error| StoryError::new("cannot signal the witness", error))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may stand still, or have ended already: there is nobody left to tell.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn spawn(
    program: &Path,
    data: &Path,
    name: &str,
    log_key: &Path,
    address: SocketAddr,
) -> Told<(Child, Announced)> {
    let file = data.with_extension("log");
    let errors = File::options().create(true).append(true).open(&file);
    let errors = errors.map_err(|error| StoryError::new(file.display(), error))?;
    let address = address.to_string();
    let mut child = Command::new(program)
        .args(["--json", "witness", "--listen", &address, "--name", name])
        .arg("--data")
        .arg(data)
        .arg("--log-key")
        .arg(log_key)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .map_err(|error| StoryError::new(program.display(), error))?;
    let announced = first_line(child.stdout.take())
        .and_then(|line| serde_json::from_str(&line).map_err(|error| StoryError::new(line, error)));
    match announced {
        Ok(announced) => Ok((child, announced)),
        Err(error) => {
            let _ended = child.kill();
            let _reaped = child.wait();
            let said = std::fs::read_to_string(&file).unwrap_or_default();
            Err(StoryError::new(error, said))
        }
    }
}

/// One witness of a quorum policy.
#[derive(Debug, Clone)]
pub struct Named {
    /// Name in the policy.
    pub name: String,
    /// Verifier key.
    pub key: String,
    /// Where it is asked.
    pub address: String,
    /// Run by neither the bureau nor the operator of the host.
    pub outside: bool,
}

impl Named {
    /// The policy's line about a running witness.
    #[must_use]
    pub fn of(name: &str, witness: &Witness, outside: bool) -> Self {
        Self {
            name: name.to_owned(),
            key: witness.key().to_owned(),
            address: witness.url().to_owned(),
            outside,
        }
    }
}

/// The text of a quorum policy: `threshold` of these witnesses; `head` are further lines in front, such as `grade_from = "g3"`.
#[must_use]
pub fn quorum_policy(witnesses: &[Named], threshold: usize, head: &str) -> String {
    let mut text = format!("quorum = \"all\"\n{head}\n");
    for Named {
        name,
        key,
        address,
        outside,
    } in witnesses
    {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n[[witness]]\nname = \"{name}\"\nkey = \"{key}\"\naddress = \"{address}\"\noutside = {outside}\n"
        );
    }
    let members: Vec<String> = witnesses
        .iter()
        .map(|w| format!("\"{}\"", w.name))
        .collect();
    let members = members.join(", ");
    text + &format!("\n[[group]]\nname = \"all\"\nthreshold = {threshold}\nmembers = [{members}]\n")
}
