//! The stage: the server, the story, the progress bar.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use yunei_tests::{Client, Server, Story, Witness};

use super::acts::ACTS;
use super::{show, watch};
use crate::process::Call;
use crate::setup::log_tools;
use crate::workspace::Workspace;

/// Time between two frames of the bar.
const FRAME: Duration = Duration::from_millis(100);
/// Longest wait for a run, and for what the operating unit sees of it, which changes only now and then.
pub const RUN_WAIT_MAX: Duration = Duration::from_secs(75);

/// Where the story is played.
pub struct Stage {
    /// What is played.
    pub story: Story,
    /// The first cast: later acts come back to its grant.
    pub first: Option<Cast>,
    /// The first run that was released: the last act comes back to one of its calls.
    pub released: Option<String>,
    server: Server,
    witnesses: Vec<Witness>,
    program: PathBuf,
    others: Call,
    guests: PathBuf,
    bar: ProgressBar,
    start: Instant,
    acts: u64,
}

/// A module, a grant and the operating unit that has both.
#[derive(Clone)]
pub struct Cast {
    /// Directory of the question.
    pub directory: PathBuf,
    /// Someone of the operating unit.
    pub operator: Client,
    /// Id of the module.
    pub module: String,
    /// Id of the grant.
    pub grant: String,
}

impl Stage {
    /// Starts the server over `data`.
    pub fn open(workspace: &Workspace, data: &Path) -> anyhow::Result<Self> {
        let bar = ProgressBar::new(ACTS.len() as u64);
        bar.set_style(ProgressStyle::with_template(
            "{spinner} [{bar:30}] {pos}/{len} {elapsed} {msg}",
        )?);
        bar.enable_steady_tick(FRAME);
        bar.set_message("starting the server");
        let none: [&str; 0] = [];
        let mut server = Server::start(&workspace.program(), data, none)?;
        bar.set_message("starting the witnesses");
        let witnesses = watch::start(&workspace.program(), &mut server)?;
        Ok(Self {
            story: Story::begin(&workspace.root, &server)?,
            first: None,
            released: None,
            server,
            witnesses,
            program: workspace.program(),
            others: Call::new(log_tools::python(workspace))
                .args([workspace.root.join("tests/interop/log.py")]),
            guests: workspace.guests(),
            bar,
            start: Instant::now(),
            acts: 0,
        })
    }

    /// Ends the play, and leaves server and witnesses running.
    pub fn close(self) -> (Server, Vec<Witness>) {
        let took = self.start.elapsed().as_secs_f64();
        self.bar.finish_and_clear();
        println!("\nThe story took {took:.1} s.");
        (self.server, self.witnesses)
    }

    /// The first cast, which the third act brings.
    pub fn first(&self) -> anyhow::Result<Cast> {
        self.first.clone().context("no grant is in force yet")
    }

    /// The next act.
    pub fn act(&mut self, title: &str) {
        self.bar.set_position(self.acts);
        self.acts += 1;
        self.say(&format!("\n━━ {}. {title}", self.acts));
        self.doing(title);
    }

    /// What is being done now.
    pub fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Prints, above the bar.
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The built module of an example.
    pub fn example_module(&self, name: &str) -> PathBuf {
        self.guests
            .join("examples")
            .join(name)
            .with_extension("wasm")
    }

    /// A built hostile module.
    pub fn hostile_module(&self, name: &str) -> PathBuf {
        self.guests
            .join("hostile")
            .join(name)
            .with_extension("wasm")
    }

    /// Uploads the module of an example and brings its grant into force.
    pub fn cast(&self, name: &str) -> anyhow::Result<Cast> {
        self.doing(&format!("{name}: grant and module"));
        let directory = self.story.example(name);
        let module = self.example_module(name);
        self.cast_of(directory, &module)
    }

    /// The same for any directory with a grant, and any module.
    pub fn cast_of(&self, directory: PathBuf, module: &Path) -> anyhow::Result<Cast> {
        let operator = self.story.operator_of(&directory)?.clone();
        let grant = text(&self.story.grant(&directory)?, "/id")?;
        let uploaded = self.story.upload(&operator, module)?;
        if !uploaded.is_success() {
            let answer = show::refusal(uploaded.status, &uploaded.json());
            bail!("`{}` was not admitted: {answer}", module.display());
        }
        let module = text(&uploaded.json(), "/id")?;
        Ok(Cast {
            directory,
            operator,
            module,
            grant,
        })
    }

    /// Submits the example's request, and gives the run.
    pub fn run(&mut self, cast: &Cast) -> anyhow::Result<String> {
        let Cast {
            directory,
            operator,
            module,
            grant,
        } = cast;
        let accepted = self
            .story
            .submit(operator, directory, module, grant)?
            .served()?;
        text(&accepted, "/id")
    }

    /// Waits for what the operating unit sees of a run at its end.
    pub fn seen(&self, cast: &Cast, run: &str) -> anyhow::Result<Value> {
        self.doing("the operating unit looks, until its coarse status changes");
        Ok(self.story.wait_coarse(&cast.operator, run, RUN_WAIT_MAX)?)
    }

    /// Waits for the end of a run that is to be released, and prints table and both views.
    pub fn show_release(&self, cast: &Cast, run: &str, rows_max: usize) -> anyhow::Result<()> {
        let seen = self.seen(cast, run)?;
        if seen.pointer("/status").and_then(Value::as_str) != Some("released") {
            bail!("not released: {}", self.story.detail(run)?);
        }
        self.doing("fetching the table");
        let release = text(&seen, "/releases/0")?;
        let table = self.story.table(&cast.operator, &release)?;
        self.say("\n   THE RELEASED TABLE (· is a cell that must not be seen)");
        self.say(&show::indent(&show::table(&table, rows_max), 3));
        self.show_views(&seen, run)
    }

    /// Prints what the operating unit sees of a run, and what an authority sees.
    pub fn show_views(&self, seen: &Value, run: &str) -> anyhow::Result<()> {
        let detail = self.story.detail(run)?;
        let left = show::coarse(seen);
        let mut right = show::detail(&detail);
        right.extend(show::layers(&self.story.entries(run)?));
        self.say(&show::beside(
            ("what the operating unit sees", &left),
            ("what an authority sees", &right),
        ));
        Ok(())
    }

    /// Waits until the server has no room left.
    pub fn rooms_gone(&self) -> anyhow::Result<()> {
        let start = Instant::now();
        while !self.server.children()?.is_empty() {
            if start.elapsed() > RUN_WAIT_MAX {
                bail!("rooms are left");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Processes of rooms that are at work.
    pub fn rooms(&self) -> anyhow::Result<usize> {
        Ok(self.server.children()?.len())
    }

    /// The server.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The verifier keys of the witnesses.
    pub fn witness_keys(&self) -> impl Iterator<Item = &str> {
        self.witnesses.iter().map(Witness::key)
    }

    /// A call of our own program.
    pub fn ours(&self) -> Call {
        Call::new(&self.program)
    }

    /// A call of the verifier that others wrote.
    pub fn others(&self) -> Call {
        self.others.clone()
    }

    /// Verifies the record offline, with the program and the data directory alone.
    pub fn verify_offline(&self) -> anyhow::Result<String> {
        self.ours()
            .args(["ledger", "verify", "--data"])
            .args([self.server.data()])
            .args(["--policy"])
            .args([watch::policy(&self.server)])
            .read()
    }
}

/// The text at `pointer`.
pub fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .with_context(|| format!("no text at `{pointer}` in {value}"))
}
