//! `yunei ledger receipt`: proofs of single entries and calls, that need nobody's word afterwards.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use yunei_ledger::{Proven, RECEIPT_BYTES_MAX, Receipt};
use yunei_model::{EntryId, RunId};

use super::key::Key;
use super::quorum;
use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::sheet::{Sheet, time, visible};

/// Receipts.
#[derive(Debug, Subcommand)]
pub enum Receipts {
    /// Fetches the receipt of an entry, or of one host call of a run
    Fetch(Fetch),
    /// Verifies a receipt, without any server
    Verify(Verify),
}

/// The receipt of what, and where to.
#[derive(Debug, Args)]
pub struct Fetch {
    /// The entry
    #[arg(long, value_name = "ID", required_unless_present = "run")]
    entry: Option<EntryId>,
    /// The run of a call
    #[arg(long, value_name = "ID", requires = "call", conflicts_with = "entry")]
    run: Option<RunId>,
    /// Number of the call in the run, from 0
    #[arg(long, value_name = "N", requires = "run")]
    call: Option<u64>,
    /// File to write, such as entry.tlog-proof
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Which receipt, and against which key.
#[derive(Debug, Args)]
pub struct Verify {
    /// The receipt
    file: PathBuf,
    #[command(flatten)]
    key: Key,
    /// Quorum policy: the receipt's checkpoint must carry its quorum of valid cosignatures
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Receipts {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::Fetch(fetch) => fetch.run(caller),
            Self::Verify(verify) => verify.run(caller),
        }
    }
}

impl Fetch {
    fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let path = match (self.entry, self.run, self.call) {
            (Some(entry), _, _) => format!("/api/v1/record/{entry}/receipt"),
            (_, Some(run), Some(call)) => format!("/api/v1/runs/{run}/calls/{call}/receipt"),
            _ => return Err(Input::new("name an entry, or a run and a call").into()),
        };
        let receipt = caller.client()?.file(&path, RECEIPT_BYTES_MAX as u64)?;
        let receipt = receipt.ok_or_else(|| {
            Input::new("there is no such entry or call, or it is not yours to see")
        })?;
        files::write(&self.to, &receipt)?;
        let told = json!({ "file": self.to, "bytes": receipt.len() });
        let words = format!("receipt in `{}`", self.to.display());
        caller.printer().say(&told, &words)?;
        Ok(Exit::Done)
    }
}

impl Verify {
    fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let key = self.key.given()?;
        let quorum = self.policy.as_deref().map(quorum::policy).transpose()?;
        let text = files::text(&self.file)?;
        let verified = Receipt::parse(&text).and_then(|receipt| {
            let proven = receipt.verify(&key)?;
            Ok((proven, receipt.checkpoint.into_bytes()))
        });
        let printer = caller.printer();
        let (proven, note) = match verified {
            Ok(verified) => verified,
            Err(error) => {
                let told = json!({ "holds": false, "reason": error.to_string() });
                let words = format!("THE RECEIPT DOES NOT HOLD: {error}");
                printer.say(&told, &words)?;
                return Ok(Exit::Failed);
            }
        };
        let entry: Value = serde_json::from_slice(proven.entry.canonical())?;
        let call = proven.call.as_ref();
        let call = call.map(|(index, facts)| json!({ "index": index, "facts": facts }));
        let mut told = json!({
            "holds": true,
            "origin": proven.checkpoint.origin,
            "size": proven.checkpoint.size,
            "index": proven.index,
            "entry": entry,
            "call": call,
        });
        if let Some(quorum) = quorum {
            quorum::add(&mut told, &quorum, &key, &[note]);
        }
        let holds = told.get("holds") == Some(&Value::Bool(true));
        printer.say(&told, &words(&proven, told.get("quorum"), holds))?;
        Ok(if holds { Exit::Done } else { Exit::Failed })
    }
}

/// What a receipt proves, and how its checkpoint is witnessed where that was asked.
fn words(proven: &Proven, quorum: Option<&Value>, holds: bool) -> String {
    let mut sheet = Sheet::new(["what", "value"]);
    let checkpoint = &proven.checkpoint;
    let mut row = |what: &str, value: String| {
        sheet.row([what.to_owned(), value]);
    };
    row(
        "log",
        format!(
            "{}, {} entries",
            visible(&checkpoint.origin),
            checkpoint.size
        ),
    );
    row(
        "entry",
        format!("{} at index {}", proven.entry.kind(), proven.index),
    );
    row("id", proven.entry.id().to_string());
    row("made", time(proven.entry.at()));
    if let Some(run) = proven.entry.run() {
        row("run", run.to_string());
    }
    if let Some((index, facts)) = &proven.call {
        row(
            "call",
            format!("{index}: {}", visible(&json!(facts).to_string())),
        );
    }
    let mut lines = vec![crate::printer::text(&sheet)];
    lines.extend(quorum.map(quorum::words));
    let verdict = if holds {
        "The receipt holds."
    } else {
        "THE RECEIPT DOES NOT HOLD."
    };
    lines.push(verdict.to_owned());
    lines.join("\n")
}
