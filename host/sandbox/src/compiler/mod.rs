//! Compiling uploads in a jailed child: the only place where Cranelift meets bytes from outside.
//!
//! The child reads one memory file and writes another; it has no third way out but a short report. It gets no key:
//! whoever called seals what comes back.

mod child;

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::{LimitExceeded, Limits};

use crate::artefact::CODE_BYTES_MAX;
use crate::end::escaped;
use crate::jail::Layer;
use crate::sealed::{memory_file, sealed_file};

pub use child::main;

/// The argument that makes the program be the child.
pub const SUBCOMMAND: &str = "compile";
/// Bytes of the child's report that are read.
const REPORT_BYTES_MAX: u64 = 16 << 10;
/// Bytes of the child's own words that are kept.
const REASON_BYTES_MAX: usize = 1024;
/// Seconds of wall time for each second of processor time, on a busy machine.
const WALL_PER_CPU: u64 = 8;

/// What the child is told before the component's bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    limits: Limits,
}

/// One line of the child's report.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// The layers in force, before a byte was read.
    Locked(Vec<Layer>),
    /// It could not be locked in, or not be told what to do.
    Failed(String),
    /// The component cannot be compiled.
    Refused(String),
    /// Memory is used up.
    Memory,
}

/// Machine code as the child returned it: to be sealed by the caller, and loaded by nobody before that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// Machine code.
    pub code: Vec<u8>,
    /// The layers that the child was locked in with.
    pub layers: Vec<Layer>,
}

/// Starts compiling children.
#[derive(Debug, Clone)]
pub struct Compiler {
    program: PathBuf,
}

impl Compiler {
    /// A compiler whose children are `program compile`.
    #[must_use]
    pub const fn new(program: PathBuf) -> Self {
        Self { program }
    }

    /// Compiles an inspected component. Blocks until the child ends or its time is over.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn compile(&self, bytes: &[u8], limits: &Limits) -> Result<Compiled, CompileError> {
        let io = |source| CompileError::Start { source };
        let input = input(bytes, limits).map_err(io)?;
        let mut code = memory_file("yunei-code").map_err(io)?;
        let mut report = memory_file("yunei-report").map_err(io)?;
        // Before it runs: it may be at work for a while before anybody here is.
        let began = Instant::now();
        let child = Command::new(&self.program)
            .arg(SUBCOMMAND)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(code.try_clone().map_err(io)?))
            .stderr(Stdio::from(report.try_clone().map_err(io)?))
            .spawn()
            .map_err(io)?;
        let seconds = limits.compile_cpu_seconds_max;
        let status = wait(child, seconds.saturating_mul(WALL_PER_CPU)).map_err(io)?;
        // It has one thread: in less time than that it cannot have used its processor time up.
        if status.signal() == Some(libc::SIGKILL) && began.elapsed().as_secs() < seconds {
            return Err(CompileError::Killed);
        }
        let lines = read_report(&mut report).map_err(io)?;
        judge(status, &lines, limits)?;
        let layers = match lines.into_iter().next() {
            Some(Line::Locked(layers)) => layers,
            _ => {
                return Err(CompileError::Jail {
                    reason: "it did not say how it was locked in".to_owned(),
                });
            }
        };
        let code = read_from_start(&mut code, CODE_BYTES_MAX).map_err(io)?;
        if code.is_empty() {
            return Err(CompileError::Ended { status });
        }
        Ok(Compiled { code, layers })
    }
}

/// Why there is no machine code.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The child cannot be started, or its descriptors not be made.
    #[error("the compiler cannot be started")]
    Start {
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The child could not be locked in, and did nothing.
    #[error("the compiler's jail failed: {reason}")]
    Jail {
        /// What the child said.
        reason: String,
    },
    /// The component cannot be compiled.
    #[error("the component cannot be compiled: {reason}")]
    Refused {
        /// What the compiler said, escaped and cut.
        reason: String,
    },
    /// Time or memory used up.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// Somebody else killed the child, such as a kernel without memory: that says nothing of the component.
    #[error("the compiler was killed from outside")]
    Killed,
    /// The child ended in a way that nothing explains, such as by a forbidden system call.
    #[error("the compiler ended with {status}")]
    Ended {
        /// How.
        status: ExitStatus,
    },
}

/// The order and the component's bytes, sealed.
fn input(bytes: &[u8], limits: &Limits) -> std::io::Result<File> {
    let order = serde_json::to_vec(&Order {
        limits: limits.clone(),
    })?;
    let length = u32::try_from(order.len()).map_err(std::io::Error::other)?;
    sealed_file("yunei-component", &[&length.to_le_bytes(), &order, bytes])
}

/// Waits for the child's end, and makes it end after `seconds`.
fn wait(mut child: Child, seconds: u64) -> std::io::Result<ExitStatus> {
    let ended = poll_end(&child, seconds);
    if !matches!(ended, Ok(true)) {
        child.kill()?;
    }
    let status = child.wait()?;
    ended.map(|_| status)
}

fn poll_end(child: &Child, seconds: u64) -> std::io::Result<bool> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| std::io::Error::other("the child has no id"))?;
    let descriptor = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    let mut watched = [PollFd::new(&descriptor, PollFlags::IN)];
    let time_out = Timespec {
        tv_sec: i64::try_from(seconds).unwrap_or(i64::MAX),
        tv_nsec: 0,
    };
    loop {
        match rustix::event::poll(&mut watched, Some(&time_out)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn read_from_start(file: &mut File, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// INVARIANT: only the first line was written before the child read anything, so only that one is the child's own;
/// whatever a captured compiler adds is a reason that people read, and no more.
fn read_report(file: &mut File) -> std::io::Result<Vec<Line>> {
    let bytes = read_from_start(file, REPORT_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

fn judge(status: ExitStatus, lines: &[Line], limits: &Limits) -> Result<(), CompileError> {
    let used_up = |name: &str, limit| {
        Err(CompileError::Limit(LimitExceeded {
            name: name.to_owned(),
            limit,
            current: limit,
            requested: 1,
        }))
    };
    let memory = || used_up("compile_memory_bytes_max", limits.compile_memory_bytes_max);
    for line in lines {
        match line {
            Line::Memory => return memory(),
            Line::Failed(reason) => {
                return Err(CompileError::Jail {
                    reason: escaped(reason, REASON_BYTES_MAX),
                });
            }
            Line::Refused(reason) => {
                return Err(CompileError::Refused {
                    reason: escaped(reason, REASON_BYTES_MAX),
                });
            }
            Line::Locked(_) => {}
        }
    }
    if status.success() {
        return Ok(());
    }
    match status.signal() {
        // The kernel's word for processor time, and ours for wall time.
        Some(libc::SIGXCPU | libc::SIGKILL) => {
            used_up("compile_cpu_seconds_max", limits.compile_cpu_seconds_max)
        }
        // Rust aborts when it gets no memory.
        Some(libc::SIGABRT) => memory(),
        Some(libc::SIGXFSZ) => used_up("code_bytes_max", CODE_BYTES_MAX),
        _ => Err(CompileError::Ended { status }),
    }
}
