//! The synthetic takings on a server, with a module and a grant over them: what several benchmarks measure runs of. Each size has a stand
//! of its own: a table over a later snapshot of the same riders would wait for people.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use serde_json::Value;
use yunei_tests::{Client, Server, Story};

use crate::process::Call;
use crate::workspace::Workspace;

use super::Built;
use super::start::{LOG, Moments, id};

/// The resource.
const RESOURCE: &str = "synthetic-takings";
/// Longest wait for one run; its own limit is shorter.
const RUN_WAIT_MAX: Duration = Duration::from_secs(600);

/// Who runs what, over one size.
pub struct Stand {
    server: Server,
    story: Story,
    unit: Client,
    /// The benchmark's grant and request.
    directory: PathBuf,
    module: String,
    grant: String,
    /// The program that makes rows.
    maker: PathBuf,
    /// The rows as they were made.
    file: PathBuf,
    _place: tempfile::TempDir,
}

impl Stand {
    /// Starts a server on which `module` may be run as `ops/benchmarks/QUESTION` asks; there are no rows yet.
    pub fn set_up(
        workspace: &Workspace,
        built: &Built,
        question: &str,
        module: &str,
    ) -> anyhow::Result<Self> {
        let place = tempfile::tempdir()?;
        let server = Server::start(&built.program("yunei"), &place.path().join("data"), LOG)?;
        let mut story = Story::begin(&workspace.root, &server)?;
        story.set_up_people()?;
        let benchmarks = workspace.root.join("ops").join("benchmarks");
        story.catalogue(&benchmarks.join("scan").join("resource.toml"))?;
        let directory = benchmarks.join(question);
        let unit = story.operator_of(&directory)?.clone();
        let module = id(&story.upload(&unit, &built.module(module))?.served()?)?;
        let grant = id(&story.grant(&directory)?)?;
        Ok(Self {
            server,
            story,
            unit,
            directory,
            module,
            grant,
            maker: built.program("yunei-bench-scan"),
            file: place.path().join("rows.parquet"),
            _place: place,
        })
    }

    /// The server; its log has the laps of every run.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What was done on it, to ask the record.
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// Where the parts of snapshots are.
    pub fn parts(&self) -> PathBuf {
        self.server.data().join("parts")
    }

    /// Makes so many rows and imports them. Gives the snapshot.
    pub fn import(&mut self, rows: u64) -> anyhow::Result<Value> {
        let file: &Path = &self.file;
        Call::new(&self.maker)
            .args(["make", &rows.to_string()])
            .args([file])
            .read()?;
        let query = "format=parquet&data_as_of=2026-02-01T00:00:00Z";
        Ok(self.story.import_file(RESOURCE, file, query)?)
    }

    /// One run of the module, to its release; it has to have been fed so many rows.
    pub fn run(&mut self, rows: u64) -> anyhow::Result<Moments> {
        let answer = self
            .story
            .submit(&self.unit, &self.directory, &self.module, &self.grant)?;
        let run = id(&answer.served()?)?;
        let detail = self.story.wait_state(&run, &["released"], RUN_WAIT_MAX)?;
        let fed = detail.pointer("/run/rows_fed").and_then(Value::as_u64);
        if fed != Some(rows) {
            bail!("the module was fed {fed:?} rows of {rows}");
        }
        Moments::of(&detail)
    }
}
