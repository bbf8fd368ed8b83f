//! A domain of its own for each test: the real program over a directory that goes away with it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use yunei_tests::{BUREAU, Client, Server, Story};

/// Longest wait for a run to come to its end, on a busy machine.
pub const RUN_WAIT_MAX: Duration = Duration::from_secs(120);

pub struct World {
    pub story: Story,
    pub server: Server,
    _directory: tempfile::TempDir,
}

impl World {
    /// A server with the organisations, people, resources and scenarios of the examples.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self::over(&directory.path().join("data"), directory)
    }

    /// The same over a data directory that lies elsewhere.
    pub fn start_at(data: &Path) -> Self {
        Self::over(data, tempfile::tempdir().expect("a temporary directory"))
    }

    fn over(data: &Path, directory: tempfile::TempDir) -> Self {
        let none: [&str; 0] = [];
        let server = Server::start(&program(), data, none).expect("a server");
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
