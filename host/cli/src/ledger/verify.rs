//! `yunei ledger verify`: by the server, or by oneself over a data directory, a copy of the log, or what a server publishes, for
//! whoever trusts the server less than the log's key.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_ledger::{Published, Quorum, Report, Scope, VerifierKey};
use yunei_store::{DATABASE_FILE, Store};

use super::key::Key;
use super::place::{Copied, Served, server};
use crate::caller::Caller;
use crate::client::Client;
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
/// Looks at files that a server may be changing, before what is missing counts as missing.
const LOOKS_MAX: u32 = 3;
/// Directory of the published log in a data directory.
const LOG: &str = "log";

/// What to verify, and against what.
#[derive(Debug, Args)]
pub struct Verify {
    /// Data directory: verifies offline and reads only, beside a server or without one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A copy of the log, a data directory, or the address of a server or of any log in the format tlog-tiles
    #[arg(long, value_name = "DIR|URL", conflicts_with = "data")]
    from: Option<String>,
    /// The entries are those of another system, and mean nothing here
    #[arg(long, requires = "from")]
    foreign: bool,
    /// The calls of runs are not there, or not to be looked at
    #[arg(long, requires = "from")]
    without_calls: bool,
    #[command(flatten)]
    key: Key,
    /// A checkpoint that was kept elsewhere, as a signed note; the record must agree with it. Several are possible
    #[arg(long = "witnessed", value_name = "FILE")]
    witnessed: Vec<PathBuf>,
    /// Quorum policy: a checkpoint of the record must carry its quorum of valid cosignatures, in a copy the one that is there
    #[arg(long, value_name = "FILE")]
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
        let found = match (&self.data, &self.from) {
            (Some(directory), _) => self.offline(directory, caller)?,
            (None, Some(from)) if from.contains("://") => self.served(from, caller)?,
            (None, Some(from)) => self.copied(Path::new(from), caller)?,
            (None, None)
                if self.key.is_given() || !self.witnessed.is_empty() || self.policy.is_some() =>
            {
                let what = "say with --from or --data what to verify against the key or the policy";
                return Err(Input::new(what).into());
            }
            (None, None) => caller
                .client()?
                .get("/record/verify")
                .waiting(VERIFY_SECONDS_MAX)
                .send()?,
        };
        tell(&found, caller)
    }

    /// A copy of a log, or a whole data directory.
    fn copied(&self, directory: &Path, caller: &Caller) -> anyhow::Result<Value> {
        if directory.join(DATABASE_FILE).is_file() {
            return self.offline(directory, caller);
        }
        let scope = Scope {
            traces: !self.without_calls,
            foreign: self.foreign,
            ..Scope::COPY
        };
        self.whole(scope, |published| {
            Copied(directory).hand_in(published, scope)
        })
    }

    /// Verifies what `hand_in` hands in, and the quorum on its checkpoint where a policy is given.
    fn whole(
        &self,
        scope: Scope,
        hand_in: impl FnOnce(&mut Published<'_>) -> anyhow::Result<Vec<u8>>,
    ) -> anyhow::Result<Value> {
        let (key, notes, quorum) = (self.key.given()?, self.notes()?, self.quorum()?);
        let (report, note) = published(&key, scope, &notes, hand_in)?;
        let mut found = found(&report);
        if let Some(quorum) = quorum {
            quorum::add(&mut found, &quorum, &key, &[note]);
        }
        Ok(found)
    }

    fn served(&self, url: &str, caller: &Caller) -> anyhow::Result<Value> {
        let (base, prefix) = server(url);
        let (client, entitled) = caller.visitor(base)?;
        if !entitled && !self.foreign {
            caller.printer().aside(
                "note: without a token the checkpoint and the tiles are verified, and no entry; strangers see them as of the last full hour",
            );
        }
        let scope = Scope {
            entries: entitled || self.foreign,
            traces: !self.without_calls,
            foreign: self.foreign,
            growing: true,
        };
        let served = Served {
            client: &client,
            prefix,
            to: None,
        };
        self.whole(scope, |published| served.hand_in(published, scope))
    }

    fn quorum(&self) -> anyhow::Result<Option<Quorum>> {
        self.policy.as_deref().map(quorum::policy).transpose()
    }

    fn notes(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let notes: Result<Vec<Vec<u8>>, Input> = self
            .witnessed
            .iter()
            .map(|path| files::read(path, NOTE_BYTES_MAX))
            .collect();
        Ok(notes?)
    }

    fn offline(&self, directory: &Path, caller: &Caller) -> anyhow::Result<Value> {
        let key = self.key.given_or(|| kept_key(directory, caller))?;
        let notes = self.notes()?;
        let quorum = self.quorum()?;
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
        let mut report = report;
        let log = directory.join(LOG);
        if log.is_dir() {
            let scope = Scope {
                traces: false,
                growing: true,
                ..Scope::COPY
            };
            let look = || {
                let looked = published(&key, scope, &notes, |published| {
                    Copied(&log).hand_in(published, scope)
                });
                looked.map(|(report, _)| report)
            };
            let mut files = look()?;
            // A server beside it puts wider tiles into the place of narrower ones meanwhile.
            for _ in 1..LOOKS_MAX {
                if files.holds() {
                    break;
                }
                files = look()?;
            }
            report.add_findings_of(files);
        }
        let mut found = found(&report);
        if let Some(quorum) = quorum {
            let mut carried = Vec::new();
            for checkpoint in newest {
                carried.extend(checkpoint?.map(|checkpoint| checkpoint.note.into_bytes()));
            }
            quorum::add(&mut found, &quorum, &key, &carried);
        }
        Ok(found)
    }
}

/// The key in a data directory, if it must be that one.
fn kept_key(directory: &Path, caller: &Caller) -> anyhow::Result<String> {
    let key = files::text(&directory.join(LOG_KEY_FILE))?;
    caller.printer().aside(
        "note: the log's key was taken from the data directory; whoever can write there could have put another in its \
         place, so compare it with one that you kept, or give that with --key",
    );
    Ok(key)
}

/// The key that the server tells, if it must be that one.
pub fn served_key(client: &Client, caller: &Caller) -> anyhow::Result<String> {
    let told = client.get("/log/key").send()?;
    caller.printer().aside(
        "note: the log's key was taken from the server; compare it with one that you got elsewhere, or give that with --key",
    );
    let key = told.get("key").and_then(Value::as_str);
    Ok(key.unwrap_or_default().to_owned())
}

/// Verifies a published log that `hand_in` hands in, giving its checkpoint's note, which comes back with the report.
pub fn published(
    key: &VerifierKey,
    scope: Scope,
    notes: &[Vec<u8>],
    hand_in: impl FnOnce(&mut Published<'_>) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<(Report, Vec<u8>)> {
    let mut published = Published::new(key, scope);
    let note = hand_in(&mut published)?;
    for note in notes {
        published.checkpoint(note);
    }
    Ok((published.finish(), note))
}

/// Shows a report.
pub fn show(report: &Report, caller: &Caller) -> anyhow::Result<Exit> {
    tell(&found(report), caller)
}

fn tell(found: &Value, caller: &Caller) -> anyhow::Result<Exit> {
    let holds = found.get("holds").and_then(Value::as_bool).unwrap_or(false);
    caller.printer().show(found, |found: Found| words(&found))?;
    Ok(if holds { Exit::Done } else { Exit::Failed })
}

fn found(report: &Report) -> Value {
    let mut found = json!(report);
    if let Some(found) = found.as_object_mut() {
        found.insert("holds".to_owned(), json!(report.holds()));
    }
    found
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
