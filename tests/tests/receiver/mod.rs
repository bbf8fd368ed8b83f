//! A receiver of OpenTelemetry that we did not write (rotel), as a process of its own that tells in a file what it got.

pub mod arrival;
pub mod line;
pub mod metric;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use yunei_tests::Port;

use crate::common::tool;

/// Longest wait for the receiver to listen.
const START_WAIT_MAX: Duration = Duration::from_secs(60);

/// A receiver that tells nothing for so long has ended its line.
const QUIET: Duration = Duration::from_millis(50);
/// Longest wait for that.
const QUIET_WAIT_MAX: Duration = Duration::from_secs(180);

/// The receiver; ends when this is dropped.
pub struct Receiver {
    child: Child,
    port: Port,
    log: PathBuf,
}

/// A span as the receiver got it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub start: u128,
    pub end: u128,
    /// Values with their types, such as `Int(5)`.
    pub attributes: BTreeMap<String, String>,
    pub events: Vec<String>,
}

impl Span {
    /// An attribute that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes
            .get(name)?
            .strip_prefix("Str(")?
            .strip_suffix(')')
    }

    /// An attribute that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        let number = self
            .attributes
            .get(name)?
            .strip_prefix("Int(")?
            .strip_suffix(')')?;
        number.parse().ok()
    }
}

impl Receiver {
    /// Starts one on a free port; what it gets is told in `log`.
    pub fn start(log: &Path) -> Self {
        let port = Port::keep().expect("a free port");
        let child = spawn(port.address().port(), log);
        let child = child.unwrap_or_else(|| panic!("the receiver does not start: {}", read(log)));
        Self {
            child,
            port,
            log: log.to_owned(),
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    pub const fn port(&self) -> u16 {
        self.port.address().port()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// The same again, on the same port, telling in the same file.
    pub fn restart(&mut self) {
        self.child = spawn(self.port(), &self.log).expect("the receiver starts again");
    }

    /// All that it ever told.
    pub fn told(&self) -> String {
        read(&self.log)
    }

    /// All that it told, once it has ended what it is telling.
    fn told_so_far(&self) -> String {
        let began = Instant::now();
        let mut before = self.told();
        loop {
            std::thread::sleep(QUIET);
            let now = self.told();
            if now == before {
                return now;
            }
            assert!(began.elapsed() < QUIET_WAIT_MAX, "it tells on and on");
            before = now;
        }
    }

    /// The spans in the order in which they first came, and how many came in all, repeats among them.
    pub fn spans(&self) -> (Vec<Span>, usize) {
        let all = parsed(&self.told_so_far());
        let count = all.len();
        let mut seen = BTreeSet::new();
        let mut first = all.clone();
        first.retain(|span| seen.insert(span.id.clone()));
        for span in &all {
            let known = first
                .iter()
                .find(|known| known.id == span.id)
                .expect("seen");
            assert_eq!(known, span, "a repeat says the same");
        }
        (first, count)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn read(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

/// The program inside the Python package.
fn program() -> PathBuf {
    let library = tool("rotel/lib");
    let python = std::fs::read_dir(&library)
        .expect("a library")
        .flatten()
        .next()
        .expect("a Python");
    python.path().join("site-packages/rotel/rotel-agent")
}

fn spawn(port: u16, log: &Path) -> Option<Child> {
    let output = File::options()
        .create(true)
        .append(true)
        .open(log)
        .expect("a log");
    let errors = File::create(log.with_extension("errors")).expect("a log");
    let mut child = Command::new(program())
        .args(["start", "--exporter", "blackhole", "--debug-log", "traces"])
        .args(["--debug-log-verbosity", "detailed", "--disable-batching"])
        .args(["--otlp-grpc-endpoint", "127.0.0.1:0"])
        .args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}")])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .expect("the receiver's program");
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().expect("a child").is_some();
        if ended || began.elapsed() > START_WAIT_MAX {
            let _ended = child.kill();
            let _reaped = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(child)
}

/// Whole spans of the receiver's log. The last one may still be on its way.
fn parsed(log: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut in_events = false;
    let mut in_span = false;
    for line in log.lines() {
        if line.starts_with("Span #") {
            spans.push(Span::default());
            (in_span, in_events) = (true, false);
            continue;
        }
        if line.starts_with("ResourceSpans #") || line.starts_with("ScopeSpans #") {
            in_span = false;
        }
        let Some(span) = spans.last_mut().filter(|_| in_span) else {
            continue;
        };
        if line.starts_with("Events:") {
            in_events = true;
        }
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim().to_owned());
        match key {
            "Trace ID" => span.trace = value,
            "Parent ID" => span.parent = value,
            "ID" => span.id = value,
            "Name" => span.name = value,
            "Start time" => span.start = value.parse().expect("a time"),
            "End time" => span.end = value.parse().expect("a time"),
            "-> Name" if in_events => span.events.push(value),
            _ => {
                if let Some(name) = key.strip_prefix("-> ").filter(|_| !in_events) {
                    span.attributes.insert(name.to_owned(), value);
                }
            }
        }
    }
    spans
}
