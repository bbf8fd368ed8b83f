//! `yunei ledger verify`: over HTTP, or over a data directory, for whoever trusts the server less than the log's key.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_ledger::VerifierKey;
use yunei_store::Store;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::serve::LOG_KEY_FILE;
use crate::sheet::{number, visible};

use super::quorum;

/// Seconds that the server may take.
const VERIFY_SECONDS_MAX: u64 = 1900;
/// Bytes of a checkpoint that someone kept.
const NOTE_BYTES_MAX: u64 = 64 << 10;

/// What to verify, and against what.
#[derive(Debug, Args)]
pub struct Verify {
    /// Data directory: verifies offline and reads only, beside a server or without one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The log's public key, `name+id+key`; by default the one in the data directory
    #[arg(
        long,
        value_name = "KEY",
        requires = "data",
        conflicts_with = "key_file"
    )]
    key: Option<String>,
    /// File that holds the log's public key
    #[arg(long, value_name = "FILE", requires = "data")]
    key_file: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere, as a signed note; the record must agree with it. Several are possible
    #[arg(long = "witnessed", value_name = "FILE", requires = "data")]
    witnessed: Vec<PathBuf>,
    /// Quorum policy: a checkpoint of the record must carry its quorum of valid cosignatures
    #[arg(long, value_name = "FILE", requires = "data")]
    policy: Option<PathBuf>,
}

/// What a verification found. Operating units learn whether the record holds, and no figure.
#[derive(Debug, Deserialize)]
struct Found {
    holds: bool,
    #[serde(default)]
    quorum: Option<Value>,
    #[serde(flatten)]
    figures: Option<Figures>,
}

#[derive(Debug, Deserialize)]
struct Figures {
    entries: u64,
    pending: u64,
    covered: u64,
    checkpoints: u64,
    runs: u64,
    open_runs: u64,
    calls: u64,
    findings: Vec<Value>,
    findings_total: u64,
}

impl Verify {
    /// Verifies it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let printer = caller.printer();
        let found = match &self.data {
            Some(directory) => self.offline(directory, caller)?,
            None => caller
                .client()?
                .get("/record/verify")
                .waiting(VERIFY_SECONDS_MAX)
                .send()?,
        };
        let holds = found.get("holds").and_then(Value::as_bool).unwrap_or(false);
        printer.show(&found, |found: Found| words(&found))?;
        Ok(if holds { Exit::Done } else { Exit::Failed })
    }

    fn offline(&self, directory: &Path, caller: &Caller) -> anyhow::Result<Value> {
        let key = self.key(directory, caller)?;
        let key = VerifierKey::parse(&key)
            .map_err(|error| Input::new("this is no public key of a log").because(error))?;
        let notes: Result<Vec<Vec<u8>>, Input> = self
            .witnessed
            .iter()
            .map(|path| files::read(path, NOTE_BYTES_MAX))
            .collect();
        let notes = notes?;
        let quorum = self.policy.as_deref().map(quorum::policy).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start")?;
        let (report, newest) = runtime.block_on(async {
            let store = Store::open_read_only(directory)
                .await
                .map_err(|error| match error {
                    error @ (yunei_store::StoreError::NoStore { .. }
                    | yunei_store::StoreError::Schema { .. }) => anyhow::Error::from(
                        Input::new(format!("cannot verify `{}`", directory.display()))
                            .because(error),
                    ),
                    error => error.into(),
                })?;
            let report = store.verify(&key, &notes).await;
            let newest = [
                store.newest_checkpoint().await,
                store.newest_witnessed().await,
            ];
            store.close().await;
            anyhow::Ok((report?, newest))
        })?;
        let mut holds = report.holds();
        let mut found = json!(report);
        let witnessed = match quorum {
            Some(quorum) => {
                let mut carried = Vec::new();
                for checkpoint in newest {
                    carried.extend(checkpoint?.map(|checkpoint| checkpoint.note.into_bytes()));
                }
                Some(quorum::check(&quorum, &key, &carried))
            }
            None => None,
        };
        if let Some(witnessed) = &witnessed {
            holds &= witnessed.get("reached") == Some(&Value::Bool(true));
        }
        if let Some(found) = found.as_object_mut() {
            found.insert("holds".to_owned(), json!(holds));
            found.extend(witnessed.map(|witnessed| ("quorum".to_owned(), witnessed)));
        }
        Ok(found)
    }

    fn key(&self, directory: &Path, caller: &Caller) -> anyhow::Result<String> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        if let Some(path) = &self.key_file {
            return Ok(files::text(path)?);
        }
        let key = files::text(&directory.join(LOG_KEY_FILE))?;
        caller.printer().aside(
            "note: the log's key was taken from the data directory; whoever can write there could have put another in its \
             place, so compare it with one that you kept, or give that with --key",
        );
        Ok(key)
    }
}

fn words(found: &Found) -> String {
    let verdict = if found.holds {
        "The record holds."
    } else {
        "THE RECORD DOES NOT HOLD."
    };
    let Some(figures) = &found.figures else {
        return verdict.to_owned();
    };
    let mut lines = vec![format!(
        "{} entries, {} of them under {} signed checkpoints, {} waiting; {} runs with {} calls, {} runs open",
        number(figures.entries),
        number(figures.covered),
        number(figures.checkpoints),
        number(figures.pending),
        number(figures.runs),
        number(figures.calls),
        number(figures.open_runs),
    )];
    lines.extend(figures.findings.iter().map(finding));
    let untold = figures
        .findings_total
        .saturating_sub(figures.findings.len() as u64);
    if untold > 0 {
        lines.push(format!("  and {} more", number(untold)));
    }
    lines.extend(found.quorum.as_ref().map(quorum::words));
    lines.push(verdict.to_owned());
    lines.join("\n")
}

/// A finding: what it is, and where.
fn finding(finding: &Value) -> String {
    let what = finding
        .get("what")
        .and_then(Value::as_str)
        .unwrap_or("unknown");
    let places = finding
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "what" && !value.is_null());
    let mut places: Vec<String> = places
        .map(|(name, value)| format!("{name} {}", visible(&value.to_string())))
        .collect();
    places.sort();
    format!("  {what}: {}", places.join(", "))
}

#[cfg(test)]
mod tests;
