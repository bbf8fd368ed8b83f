//! `yunei ledger export-entries`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use yunei_model::Timestamp;

use super::filter::Filter;
use crate::caller::Caller;
use crate::files;

/// Seconds that an export may take.
const EXPORT_SECONDS_MAX: u64 = 6 * 3600;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A JSON object per line
    Jsonl,
    /// Comma-separated values
    Csv,
}

/// Which entries, and where to.
#[derive(Debug, Args)]
pub struct ExportEntries {
    /// File to write; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the file is written
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// With the inclusion proof of each entry under the newest checkpoint
    #[arg(long)]
    receipts: bool,
    #[command(flatten)]
    filter: Filter,
    /// Made at or after this time
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

impl ExportEntries {
    /// Writes them.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let format = match self.format {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        };
        let ask = self
            .filter
            .narrow(client.get("/record/export"))
            .query("format", Some(format))
            .query("receipts", self.receipts.then_some(true))
            .query("since", self.since)
            .query("until", self.until)
            .waiting(EXPORT_SECONDS_MAX)
            .large();
        let Some(path) = self.out else {
            ask.copy_to(&mut std::io::stdout().lock())?;
            return Ok(());
        };
        let bytes = files::written(&path, |file| ask.copy_to(file))?;
        let told = json!({ "file": path, "bytes": bytes });
        let words = format!(
            "{bytes} bytes in `{}`; its last line says whether it is complete",
            path.display()
        );
        caller.printer().say(&told, &words)
    }
}
