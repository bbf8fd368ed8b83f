//! A domain of its own for each test: the real program over a directory that goes away with it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod stage;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Pid;
use serde_json::{Value, json};
use yunei_tests::{BUREAU, Client, Named, Server, Story, Witness, quorum_policy};

/// Longest wait for a run to come to its end, and for its unit to see that: on a busy machine a run may take more than a minute, and
/// the next bucket ends with the fifth.
pub const RUN_WAIT_MAX: Duration = Duration::from_secs(330);
/// Rooms of a run whose module is at work: feed, cell, and the gate beside them.
pub const ROOMS: usize = 3;

/// Longest wait for rooms to come up or go away.
pub const ROOMS_WAIT_MAX: Duration = Duration::from_secs(120);

pub struct World {
    pub story: Story,
    pub server: Server,
    _directory: tempfile::TempDir,
}

impl World {
    /// A server with the organisations, people, resources and scenarios of the examples.
    pub fn start() -> Self {
        Self::configured("", &[])
    }

    /// The same with a `yunei.toml` and more arguments.
    pub fn configured(configuration: &str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        configure(&data, configuration);
        Self::over(&data, directory, arguments)
    }

    /// The same over a data directory that lies elsewhere.
    pub fn start_at(data: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self::over(data, directory, &[])
    }

    fn over(data: &Path, directory: tempfile::TempDir, arguments: &[&str]) -> Self {
        let server = Server::start(&program(), data, arguments).expect("a server");
        let mut story = Story::begin(&repository(), &server).expect("a first start");
        story.set_up().expect("set up");
        Self {
            story,
            server,
            _directory: directory,
        }
    }

    /// Uploads a guest as the operating unit of `terms`, under a fresh grant with those terms. Gives unit, module and grant.
    pub fn admitted(&self, guest: &Path, terms: &Path) -> (Client, String, String) {
        let unit = self.story.operator_of(terms).expect("an operator").clone();
        let module = self
            .story
            .upload(&unit, guest)
            .expect("an answer")
            .served()
            .expect("admitted");
        let grant = self.story.grant(terms).expect("a grant in force");
        (unit, text(&module, "id"), text(&grant, "id"))
    }

    /// The record, verified by the server: it must hold.
    pub fn assert_record_holds(&self) {
        let report = self.story.verify_record().expect("a report");
        assert_eq!(report["holds"], json!(true), "{report}");
    }

    pub fn bureau(&self) -> &Client {
        self.story.person(BUREAU).expect("the bureau's officer")
    }

    /// The process ids of rooms below the server.
    pub fn rooms(&self) -> Vec<u32> {
        let parent = self.server.pid();
        let children = format!("/proc/{parent}/task");
        let mut rooms = Vec::new();
        for task in std::fs::read_dir(children).expect("tasks").flatten() {
            let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            rooms.extend(
                listed
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        rooms
    }

    /// Waits until the server has `count` children.
    pub fn await_rooms(&self, count: usize) {
        await_that(&format!("{count} rooms"), || {
            (self.rooms().len() == count).then_some(())
        });
    }

    /// Waits for a child of the server whose command line ends with `words`.
    pub fn await_child(&self, words: &[&str]) -> Pid {
        await_that(&words.join(" "), || self.child(words))
    }

    /// A child of the server whose command line ends with `words`, if there is one now.
    pub fn child(&self, words: &[&str]) -> Option<Pid> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut rooms = self.rooms().into_iter();
        let pid = rooms.find(|pid| arguments(*pid).ends_with(&words))?;
        Pid::from_raw(i32::try_from(pid).ok()?)
    }

    /// Waits until the children of the server have used the processor for a while: something is at work in them.
    pub fn await_work(&self) {
        /// Of the clock that processor time is counted with; 100 are a second.
        const TICKS_MIN: u64 = 20;
        await_that("work", || {
            let ticks: u64 = self.rooms().into_iter().map(ticks).sum();
            (ticks >= TICKS_MIN).then_some(())
        });
    }
}

/// Looks until `look` gives something.
///
/// # Panics
/// It does not in [`ROOMS_WAIT_MAX`].
pub fn await_that<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < ROOMS_WAIT_MAX, "waited for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The command line of a process; empty for one that is gone.
fn arguments(pid: u32) -> Vec<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty());
    words
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// Processor time of a process in user and kernel.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The fields after the name, which stands in parentheses: the state is the first, user time the twelfth.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// Makes a data directory for its owner alone, with a configuration in it.
pub fn configure(data: &Path, configuration: &str) {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut directory = std::fs::DirBuilder::new();
    directory
        .mode(0o700)
        .create(data)
        .expect("a data directory");
    if !configuration.is_empty() {
        std::fs::write(data.join("yunei.toml"), configuration).expect("a configuration");
    }
}

/// Puts a domain under the quorum of one witness, which keeps what it knows below `directory`.
pub fn under_quorum(server: &mut Server, story: &mut Story, directory: &Path) -> Witness {
    server.stop().expect("stopped");
    let data = server.data().to_owned();
    let (place, key) = (directory.join("w1"), data.join("log.pub"));
    let witness = Witness::start(&program(), &place, "witness.example/w1", &key);
    let witness = witness.expect("a witness");
    let named = [Named::of("w1", &witness, true)];
    let policy = quorum_policy(&named, 1, "grade_from = \"g2\"");
    std::fs::write(data.join("witnesses.toml"), policy).expect("a policy");
    server.restart().expect("restarted");
    story.move_to(server);
    witness
}

/// A program of others that `cargo xtask setup` put below the target directory.
pub fn tool(path: &str) -> PathBuf {
    let target = target();
    let tool = target
        .parent()
        .expect("a target directory")
        .join("tools")
        .join(path);
    assert!(
        tool.exists(),
        "`cargo xtask setup` installs {}",
        tool.display()
    );
    tool
}

/// The program under test, beside the tests.
pub fn program() -> PathBuf {
    target().join("yunei")
}

/// A guest that `cargo xtask guests` built: `examples` or `hostile`.
pub fn guest(kind: &str, name: &str) -> PathBuf {
    let target = target();
    let file = target
        .parent()
        .expect("a target directory")
        .join("guests")
        .join(kind)
        .join(format!("{name}.wasm"));
    assert!(
        file.exists(),
        "`cargo xtask guests` builds {}",
        file.display()
    );
    file
}

/// A Python environment with a tool of others, that `cargo xtask setup` made.
pub fn environment(name: &str) -> PathBuf {
    let target = target();
    target
        .parent()
        .expect("a target directory")
        .join("tools")
        .join(name)
}

fn target() -> PathBuf {
    let this = std::env::current_exe().expect("this program");
    this.ancestors()
        .nth(2)
        .expect("the directory of the profile")
        .to_owned()
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository")
        .to_owned()
}

/// A field that must be text.
pub fn text(value: &Value, field: &str) -> String {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("`{field}` of {value}"))
        .to_owned()
}
