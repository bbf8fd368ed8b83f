//! How far runs were when the server was killed: read off the record, and the log's checkpoint as it lay on disk then.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::Value;

/// Runs by how far they are, and kills by what they met.
#[derive(Debug, Default)]
pub struct Stages {
    /// Runs that are not at their end: stage, and position of the entry that says so.
    open: HashMap<String, (Stage, u64)>,
    /// Entries under the checkpoint that was published when the server was killed.
    covered: u64,
    met: BTreeMap<&'static str, u64>,
    /// Stages that this kill has met so far.
    now: Vec<&'static str>,
    /// From a kill until the start after it.
    counting: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Running,
    Sealed,
}

impl Stages {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The server is dead, and the next one not started yet.
    pub fn killed(&mut self, data: &Path) {
        self.now.clear();
        self.counting = true;
        // A log without checkpoint covers nothing. The size stands in the second line (tlog-checkpoint).
        self.covered = std::fs::read_to_string(data.join("log").join("checkpoint"))
            .ok()
            .and_then(|note| note.lines().nth(1)?.parse().ok())
            .unwrap_or_default();
    }

    /// The next entry of the record. The first `system-started` after a kill tells of what that kill met.
    pub fn read(&mut self, position: u64, placed: &Value) {
        let text = |path| placed.pointer(path).and_then(Value::as_str);
        let kind = text("/entry/kind").unwrap_or_default();
        if kind == "system-started" {
            if self.open.values().any(|(stage, _)| *stage == Stage::Queued) {
                self.meet("a run queued");
            }
            self.counting = false;
            return;
        }
        let Some(run) = text("/entry/facts/run").map(str::to_owned) else {
            return;
        };
        let stage = match kind {
            "run-submitted" => Stage::Queued,
            "run-claimed" => Stage::Running,
            "run-sealed" => Stage::Sealed,
            "run-aborted" => {
                match self.open.remove(&run) {
                    Some((Stage::Running, _)) => self.meet("a run running"),
                    Some((Stage::Sealed, at)) if at > self.covered => {
                        self.meet("a run sealed, its trace under no published checkpoint yet");
                    }
                    Some((Stage::Sealed, _)) => {
                        self.meet("a run sealed, its trace under a checkpoint, not released yet");
                    }
                    _ => {}
                }
                return;
            }
            "run-released" => {
                self.open.remove(&run);
                if position > self.covered {
                    self.meet("a run released, its release under no published checkpoint yet");
                }
                return;
            }
            "run-withheld" | "run-failed" | "run-stopped" => {
                self.open.remove(&run);
                return;
            }
            _ => return,
        };
        self.open.insert(run, (stage, position));
    }

    /// Counts each kill once for each stage.
    fn meet(&mut self, what: &'static str) {
        if self.counting && !self.now.contains(&what) {
            self.now.push(what);
            *self.met.entry(what).or_default() += 1;
        }
    }

    /// In how many kills each stage was met.
    pub const fn met(&self) -> &BTreeMap<&'static str, u64> {
        &self.met
    }
}
