//! People at work: each notes what the server acknowledged, until it is gone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context as _;
use serde_json::{Value, json};
use yunei_tests::{Client, REGULATOR, Story, request};

use crate::workspace::Workspace;

/// The small job that is submitted again and again.
const QUESTION: &str = "bus-rides";
/// A component that admission refuses: the cheapest upload.
const REFUSED: &str = "wasi-import";
/// Things that one person does in a round at most.
const DEEDS_MAX: u64 = 40;
/// Runs that one person submits in a round: few, so that those of a round come to their end in it, and the queue does not grow.
const SUBMISSIONS_MAX: u64 = 2;

/// What stays the same in every round.
pub struct Setting {
    directory: PathBuf,
    refused: Vec<u8>,
    module: String,
    operator: Client,
}

/// What a round left behind.
#[derive(Debug, Default)]
pub struct Acknowledged {
    /// Ids of what was made: each must be on the record.
    pub ids: Vec<String>,
    /// Runs that were accepted.
    pub runs: Vec<String>,
    /// Signed checkpoints that were handed out: the record must agree with each for ever.
    pub checkpoints: Vec<String>,
    /// Submissions that were answered, or not, by their idempotency keys.
    pub submissions: Vec<Submission>,
}

/// One submission under an idempotency key.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The key.
    pub key: String,
    /// The request.
    pub request: Value,
    /// The run, if the answer came.
    pub run: Option<String>,
}

impl Setting {
    /// Has the module admitted that all runs are of.
    pub fn prepare(workspace: &Workspace, story: &Story) -> anyhow::Result<Self> {
        let directory = story.example(QUESTION);
        let operator = story.operator_of(&directory)?.clone();
        let component = workspace.guests().join("examples").join(QUESTION);
        let module = story
            .upload(&operator, &component.with_extension("wasm"))?
            .served()?;
        let refused = workspace
            .guests()
            .join("hostile")
            .join(REFUSED)
            .with_extension("wasm");
        Ok(Self {
            directory,
            refused: std::fs::read(&refused).with_context(|| refused.display().to_string())?,
            module: id(&module).context("a module without id")?,
            operator,
        })
    }

    /// A fresh grant, so that no quota ends the play.
    pub fn grant(&self, story: &Story) -> anyhow::Result<String> {
        id(&story.grant(&self.directory)?).context("a grant without id")
    }
}

/// The people of one round.
pub struct Load {
    stop: Arc<AtomicBool>,
    noted: Arc<Mutex<Acknowledged>>,
    people: Vec<JoinHandle<()>>,
}

impl Load {
    /// Sends everyone to work.
    pub fn start(
        setting: &Setting,
        story: &Story,
        grant: &str,
        round: u64,
    ) -> anyhow::Result<Self> {
        let mut load = Self {
            stop: Arc::default(),
            noted: Arc::default(),
            people: Vec::new(),
        };
        let regulator = story.person(REGULATOR)?.clone();
        let operator = story
            .operator_of(&setting.directory)?
            .with_token(setting.operator.token().unwrap_or_default());
        let request = request(&setting.directory, &setting.module, grant)?;
        for lane in 0..2 {
            let (operator, request) = (operator.clone(), request.clone());
            load.send(move |noted, deed| {
                deed < SUBMISSIONS_MAX
                    && submit(
                        &operator,
                        &request,
                        &format!("faults-{round}-{lane}-{deed}"),
                        noted,
                    )
            });
        }
        let reader = regulator.clone();
        load.send(move |noted, _| read_checkpoint(&reader, noted));
        load.send(move |noted, _| {
            let made = regulator.post("/tokens", &json!({ "label": "faults" }));
            note_made(made.ok(), noted)
        });
        let refused = setting.refused.clone();
        load.send(move |noted, _| {
            let made = operator.post_raw("/modules", "application/wasm", &refused);
            note_made(made.ok(), noted)
        });
        Ok(load)
    }

    /// One person does the same thing again and again, until it gets no answer or is stopped.
    fn send(&mut self, deed: impl Fn(&Mutex<Acknowledged>, u64) -> bool + Send + 'static) {
        let (stop, noted) = (Arc::clone(&self.stop), Arc::clone(&self.noted));
        self.people.push(std::thread::spawn(move || {
            for turn in 0..DEEDS_MAX {
                if stop.load(Ordering::Relaxed) || !deed(&noted, turn) {
                    return;
                }
            }
        }));
    }

    /// Runs that were accepted so far.
    pub fn runs(&self) -> Vec<String> {
        lock(&self.noted).runs.clone()
    }

    /// Calls everyone back. Gives what was acknowledged, `grant` included.
    pub fn end(self, grant: &str) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        for person in self.people {
            // A thread that broke noted what it had until then.
            let _broke = person.join();
        }
        let mut noted = std::mem::take(&mut *lock(&self.noted));
        noted.ids.push(grant.to_owned());
        noted
    }
}

fn lock(noted: &Mutex<Acknowledged>) -> std::sync::MutexGuard<'_, Acknowledged> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

fn submit(operator: &Client, request: &Value, key: &str, noted: &Mutex<Acknowledged>) -> bool {
    let answer = operator.post_once("/runs", key, request);
    let run = match &answer {
        Ok(answer) if answer.is_success() => id(&answer.json()),
        // Refused: nothing was promised.
        Ok(_) => return true,
        Err(_) => None,
    };
    let mut noted = lock(noted);
    noted.ids.extend(run.clone());
    noted.runs.extend(run.clone());
    noted.submissions.push(Submission {
        key: key.to_owned(),
        request: request.clone(),
        run,
    });
    answer.is_ok()
}

fn read_checkpoint(reader: &Client, noted: &Mutex<Acknowledged>) -> bool {
    let Ok(answer) = reader.get("/record/checkpoint") else {
        return false;
    };
    let answer = answer.json();
    let note = answer.get("note").and_then(Value::as_str);
    lock(noted).checkpoints.extend(note.map(str::to_owned));
    true
}

fn note_made(answer: Option<yunei_tests::Answer>, noted: &Mutex<Acknowledged>) -> bool {
    let Some(answer) = answer else { return false };
    let told = answer.json();
    // A refused module is made and kept too: the refusal shows it.
    let made = id(&told).or_else(|| told.get("module").and_then(id));
    lock(noted).ids.extend(made);
    true
}

/// The `id` of what was made.
fn id(made: &Value) -> Option<String> {
    made.get("id").and_then(Value::as_str).map(str::to_owned)
}
