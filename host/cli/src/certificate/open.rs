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
            return caller.printer().say(&answer, &text(&leaves(&said)));
        };
        files::write(&file, answer.to_string().as_bytes())?;
        let told = json!({ "release": self.release, "file": file, "leaves": count });
        let words = format!("{count} leaves opened into `{}`", file.display());
        caller.printer().say(&told, &words)
    }
}
