//! Where a published log is: in a directory, or at a server.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use yunei_ledger::{
    BUNDLE_BYTES_MAX, CHECKPOINT_BYTES_MAX, ENTRY_BYTES_MAX, Published, Scope, Tile, TileKind,
    call_facts,
};
use yunei_model::{Call, RunId};

use crate::client::Client;
use crate::failure::Input;
use crate::files;
use crate::printer::read;

/// Name of the checkpoint in a published log.
pub const CHECKPOINT: &str = "checkpoint";
/// Directory of traces in a copy: of each run a file with the facts of one call in each line.
const TRACES: &str = "traces";
/// How the name of a trace ends.
const TRACE_ENDING: &str = ".jsonl";
/// Where a server of ours publishes its log.
const PREFIX: &str = "/log";
/// Calls of one page.
const CALLS_PAGE: usize = 1000;
/// Looks for what replaced a tile at most: a server replaces it a few times a second.
const WIDER_LOOKS_MAX: usize = 20;
/// Files that a copy has at most.
const FILES_MAX: usize = 16 << 20;

/// The log in a directory, as it was copied.
pub struct Copied<'p>(pub &'p Path);

impl Copied<'_> {
    /// Hands all of it in. Gives the checkpoint's note, empty where there is none.
    pub fn hand_in(&self, published: &mut Published<'_>, scope: Scope) -> anyhow::Result<Vec<u8>> {
        let mut note = Vec::new();
        let path = self.0.join(CHECKPOINT);
        if path.is_file() {
            note = files::read(&path, CHECKPOINT_BYTES_MAX as u64)?;
            published.checkpoint(&note);
        }
        let mut tiles = BTreeMap::new();
        for path in self.all()? {
            if path == CHECKPOINT {
                continue;
            }
            match path.parse::<Tile>() {
                // Wider ones before narrower ones in the same place.
                Ok(tile) => {
                    let turn = (tile.kind(), tile.index(), Reverse(tile.width()));
                    let _earlier = tiles.insert(turn, tile);
                }
                Err(_) => self.other(published, &path, scope)?,
            }
        }
        for tile in tiles.values() {
            let path = self.0.join(tile.to_string());
            let read = files::read(&path, bytes_max(*tile));
            match read {
                Ok(bytes) => drop(published.tile(*tile, &bytes)),
                Err(_) if scope.growing && !path.exists() => {
                    if let Some((wider, bytes)) = self.wider(*tile) {
                        let _runs = published.tile(wider, &bytes);
                    }
                }
                Err(error) => published.stray(&tile.to_string(), &error.to_string()),
            }
        }
        Ok(note)
    }

    /// What has taken the place of a tile since its name was read: the full one, or a wider one, which may itself be replaced while it
    /// is looked for.
    fn wider(&self, tile: Tile) -> Option<(Tile, Vec<u8>)> {
        let read = |tile: Tile| {
            let bytes = files::read(&self.0.join(tile.to_string()), bytes_max(tile)).ok()?;
            Some((tile, bytes))
        };
        let narrower = format!("{}.p", tile.full());
        for _ in 0..WIDER_LOOKS_MAX {
            if let Some(full) = read(tile.full()) {
                return Some(full);
            }
            let names = std::fs::read_dir(self.0.join(&narrower))
                .into_iter()
                .flatten();
            let widths = names
                .flatten()
                .filter_map(|name| name.file_name().into_string().ok());
            let tiles =
                widths.filter_map(|width| format!("{narrower}/{width}").parse::<Tile>().ok());
            if let Some(widest) = tiles.max_by_key(|tile| tile.width()).and_then(read) {
                return Some(widest);
            }
        }
        None
    }

    /// What is neither checkpoint nor tile: a trace, or nothing that belongs here.
    fn other(&self, published: &mut Published<'_>, path: &str, scope: Scope) -> anyhow::Result<()> {
        let run = path
            .strip_prefix(TRACES)
            .and_then(|name| name.strip_prefix('/')?.strip_suffix(TRACE_ENDING))
            .and_then(|name| {
                name.parse::<RunId>()
                    .ok()
                    .filter(|run| run.to_string() == name)
            });
        let Some(run) = run else {
            published.stray(path, "is no part of a log");
            return Ok(());
        };
        if !scope.traces {
            return Ok(());
        }
        let file =
            File::open(self.0.join(path)).with_context(|| format!("cannot read `{path}`"))?;
        let mut lines = BufReader::new(file);
        for index in 0.. {
            let mut line = Vec::new();
            let mut part = lines.by_ref().take(ENTRY_BYTES_MAX as u64 + 1);
            part.read_until(b'\n', &mut line)
                .with_context(|| format!("cannot read `{path}`"))?;
            match line.strip_suffix(b"\n") {
                Some(facts) => published.trace_leaf(run, index, facts),
                None if line.is_empty() => break,
                None => {
                    published.stray(path, "ends within a line, or has one that is too long");
                    break;
                }
            }
        }
        Ok(())
    }

    /// Paths of all files, from the directory on.
    fn all(&self) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut waiting = vec![PathBuf::new()];
        while let Some(directory) = waiting.pop() {
            let whole = self.0.join(&directory);
            let failed =
                |error| Input::new(format!("cannot read `{}`", whole.display())).because(error);
            for entry in std::fs::read_dir(&whole).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let path = directory.join(entry.file_name());
                // A link is a file here, and no tile: nothing outside of the directory is followed into.
                if entry.file_type().map_err(failed)?.is_dir() {
                    waiting.push(path);
                } else {
                    found.push(path.to_string_lossy().into_owned());
                }
                if found.len() > FILES_MAX {
                    return Err(Input::new(format!("there are more than {FILES_MAX} files")).into());
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The log at a server, and a directory to copy it to, if it is wanted.
pub struct Served<'c> {
    /// Asks the server.
    pub client: &'c Client,
    /// Path that the log is below.
    pub prefix: String,
    /// Where to put what came.
    pub to: Option<&'c Path>,
}

impl Served<'_> {
    /// Hands all of it in, up to the checkpoint that is there now. Gives that checkpoint's note.
    pub fn hand_in(&self, published: &mut Published<'_>, scope: Scope) -> anyhow::Result<Vec<u8>> {
        let note = self.file(CHECKPOINT, CHECKPOINT_BYTES_MAX)?;
        let note = note.ok_or_else(|| {
            Input::new("there is no checkpoint; strangers see one after the first full hour, others at once: give a token")
        })?;
        published.checkpoint(&note);
        for tile in Tile::of_tree(published.size().unwrap_or(0)) {
            if tile.kind() == TileKind::Entries && !scope.entries {
                continue;
            }
            for run in self.tile(published, tile)? {
                if scope.traces {
                    self.trace(published, run)?;
                }
            }
        }
        // Last, so that what it covers is there before it.
        self.keep(CHECKPOINT, &note)?;
        Ok(note)
    }

    fn tile(&self, published: &mut Published<'_>, tile: Tile) -> anyhow::Result<Vec<RunId>> {
        for tile in [tile, tile.full()] {
            if let Some(bytes) = self.file(&tile.to_string(), BUNDLE_BYTES_MAX)? {
                self.keep(&tile.to_string(), &bytes)?;
                return Ok(published.tile(tile, &bytes));
            }
        }
        // That it is not there is found in the end.
        Ok(Vec::new())
    }

    fn trace(&self, published: &mut Published<'_>, run: RunId) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        let mut index = 0_u64;
        loop {
            let page = self.client.get(format!("/runs/{run}/calls"));
            let page = page
                .query("from", Some(index))
                .query("limit", Some(CALLS_PAGE));
            let Calls { items } = read(&page.send()?)?;
            for call in &items {
                let facts = call_facts(call).context("a call that is none")?;
                published.trace_leaf(run, call.index, &facts);
                lines.extend_from_slice(&facts);
                lines.push(b'\n');
            }
            index += items.len() as u64;
            if items.is_empty() {
                break;
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.keep(&format!("{TRACES}/{run}{TRACE_ENDING}"), &lines)
    }

    fn file(&self, path: &str, bytes_max: usize) -> anyhow::Result<Option<Vec<u8>>> {
        self.client
            .file(&format!("{}/{path}", self.prefix), bytes_max as u64)
    }

    fn keep(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let Some(to) = self.to else {
            return Ok(());
        };
        let path = to.join(path);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot make `{}`", directory.display()))?;
        }
        files::write(&path, bytes)
    }
}

/// Address of the server in `url`, and the path that the log is below: that of a server of ours unless the URL has one.
pub fn server(url: &str) -> (&str, String) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let (_, rest) = url.split_at(host);
    let path = rest.find('/').map_or(url.len(), |at| host + at);
    let (base, path) = url.split_at(path);
    match path.trim_end_matches('/') {
        "" => (base, PREFIX.to_owned()),
        path => (base, path.to_owned()),
    }
}

fn bytes_max(tile: Tile) -> u64 {
    let bytes = match tile.kind() {
        TileKind::Hashes(_) => usize::from(tile.width()) * 32,
        TileKind::Entries => BUNDLE_BYTES_MAX,
    };
    bytes as u64
}

#[derive(Debug, Deserialize)]
struct Calls {
    items: Vec<Call>,
}

#[cfg(test)]
mod tests;
