//! `yunei certificate open`: figures of the checks, for authorities.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use yunei_ledger::Opening;
use yunei_model::ReleaseId;

use super::verify::leaves;
use crate::caller::Caller;
use crate::files;
use crate::printer::{read, text};
use crate::run::checks::{Words, leaf_rows};

/// Leaves before those of the table's rows: about the run, the reviewers, and the verdict as a whole.
const LEAVES_BEFORE: u64 = 3;

/// What to open.
#[derive(Debug, Args)]
pub struct Open {
    /// Id of the release
    release: ReleaseId,
    /// This row of the table, from 0; several are possible
    #[arg(long = "row", value_name = "N")]
    rows: Vec<u64>,
    /// What is committed to about the run, the reviewers and the verdict as a whole
    #[arg(long)]
    whole: bool,
    /// File to write, to be verified by anyone with `certificate verify --opening`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Open {
    /// Opens it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let whole = if self.whole { 0..LEAVES_BEFORE } else { 0..0 };
        let rows = self
            .rows
            .iter()
            .map(|row| row.saturating_add(LEAVES_BEFORE));
        let wanted: Vec<String> = whole.chain(rows).map(|index| index.to_string()).collect();
        let wanted = (!wanted.is_empty()).then(|| wanted.join(","));
        let path = format!("/releases/{}/certificate/opening", self.release);
        let answer = caller.client()?.get(path).query("leaves", wanted).send()?;
        let opening: Opening = read(&answer)?;
        let count = opening.leaves.len();
        let Some(file) = self.out else {
            let said = opening.leaves.iter();
            let said = said.filter_map(|leaf| serde_json::from_str(&leaf.content).ok());
            let said: Vec<Map<String, Value>> = said.collect();
            let words = told(&said, Words(caller.language));
            return caller.printer().say(&answer, &words);
        };
        files::write(&file, answer.to_string().as_bytes())?;
        let told = json!({ "release": self.release, "file": file, "leaves": count });
        let words = format!("{count} leaves opened into `{}`", file.display());
        caller.printer().say(&told, &words)
    }
}

/// What was opened: first what is about the whole, then the rows with the figures of their rules.
fn told(leaves_opened: &[Map<String, Value>], words: Words) -> String {
    let is_row = |leaf: &&Map<String, Value>| leaf.contains_key("rules");
    let whole: Vec<Map<String, Value>> = leaves_opened
        .iter()
        .filter(|leaf| !is_row(leaf))
        .cloned()
        .collect();
    let rows: Vec<&Map<String, Value>> = leaves_opened.iter().filter(is_row).collect();
    let mut parts = Vec::new();
    if !whole.is_empty() {
        parts.push(text(&leaves(&whole)));
    }
    if !rows.is_empty() {
        parts.push(text(&leaf_rows(&rows, words)));
    }
    parts.join("\n\n")
}
