//! What an authority takes along from the server, and what verifiers say of it that ask nobody: our own, and one that others wrote.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::REGULATOR;

use super::stage::Stage;
use super::watch;
use crate::process::Call;

/// Files in the hands of an authority.
pub struct Taken {
    /// The receipt of one host call.
    pub receipt: PathBuf,
    /// A copy of the whole log.
    pub log: PathBuf,
    /// The quorum policy.
    pub policy: PathBuf,
    /// The log's public key.
    pub key: String,
    directory: PathBuf,
}

/// Fetches the receipt of a call and a copy of the log, as the regulator, each once all witnesses have cosigned.
pub fn take(stage: &Stage, run: &str, call: &str) -> anyhow::Result<Taken> {
    let server = stage.server();
    let place = server.data().parent().context("a place beside the data")?;
    let directory = place.join("authority");
    fs::create_dir(&directory)?;
    let taken = Taken {
        receipt: directory.join("call.tlog-proof"),
        log: directory.join("log"),
        policy: directory.join("witnesses.toml"),
        key: server.log_key().to_owned(),
        directory,
    };
    fs::copy(watch::policy(server), &taken.policy)?;
    let token = taken.directory.join("token");
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&token)?;
    let regulator = stage.story.person(REGULATOR)?;
    file.write_all(regulator.token().unwrap_or_default().as_bytes())?;
    let asks = || {
        let call = stage.ours().args(["--json", "--url", stage.url()]);
        call.args(["--token-file"]).args([&token]).args(["ledger"])
    };
    stage.doing("fetching the receipt, once the call is under a cosigned checkpoint");
    watch::cosigned(stage)?;
    asks()
        .args(["receipt", "fetch", "--run", run, "--call", call, "--to"])
        .args([&taken.receipt])
        .read()?;
    stage.doing("copying the log, once what is published is cosigned");
    watch::published(stage)?;
    asks()
        .args(["export", "--key", &taken.key, "--to"])
        .args([&taken.log])
        .read()?;
    Ok(taken)
}

impl Taken {
    /// The checkpoint in the receipt: a signed note, with the cosignatures on it.
    pub fn checkpoint(&self) -> anyhow::Result<String> {
        let receipt = fs::read_to_string(&self.receipt)?;
        let (_proof, note) = receipt.split_once("\n\n").context("a receipt")?;
        Ok(note.to_owned())
    }

    /// Bytes of the receipt, and how many files the copy of the log has.
    pub fn sizes(&self) -> anyhow::Result<(u64, u64)> {
        let bytes = fs::metadata(&self.receipt)?.len();
        let mut files = 0;
        let mut waiting = vec![self.log.clone()];
        while let Some(next) = waiting.pop() {
            for entry in fs::read_dir(next)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    waiting.push(entry.path());
                } else {
                    files += 1;
                }
            }
        }
        Ok((bytes, files))
    }

    /// The receipt with one byte changed in the middle of what it proves.
    pub fn forged(&self) -> anyhow::Result<PathBuf> {
        let mut receipt = fs::read(&self.receipt)?;
        let line = |number| {
            let ends = receipt
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n');
            ends.map(|(at, _)| at).nth(number)
        };
        // The second line is what is proven.
        let (start, end) = line(0).zip(line(1)).context("a receipt")?;
        let byte = receipt.get_mut(usize::midpoint(start, end));
        let byte = byte.context("a receipt")?;
        *byte = if *byte == b'A' { b'B' } else { b'A' };
        let forged = self.directory.join("forged.tlog-proof");
        fs::write(&forged, receipt)?;
        Ok(forged)
    }

    /// What our own verifier says of a receipt.
    pub fn ours_on(&self, stage: &Stage, receipt: &Path) -> anyhow::Result<Value> {
        let call = stage.ours().args(["--json", "ledger", "receipt", "verify"]);
        said(&self.told(call.args([receipt])))
    }

    /// What our own verifier says of the copy of the log.
    pub fn ours_on_log(&self, stage: &Stage) -> anyhow::Result<Value> {
        let call = stage.ours().args(["--json", "ledger", "verify", "--from"]);
        said(&self.told(call.args([&self.log])))
    }

    /// The same under our key and policy.
    fn told(&self, call: Call) -> Call {
        let call = call.args(["--key", &self.key]).args(["--policy"]);
        call.args([&self.policy])
    }

    /// What the verifier of others says: `audit` of the log, or `receipt`, under the same key and the keys of the witnesses.
    pub fn others_on(&self, stage: &Stage, what: &str, path: &Path) -> anyhow::Result<Value> {
        let call = stage.others().args([what]).args([path]).args([&self.key]);
        let call = call.args([format!("--needed={}", watch::THRESHOLD)]);
        said(&call.args(stage.witness_keys()))
    }
}

/// The report of a verifier that holds.
pub fn holds(report: Value) -> anyhow::Result<Value> {
    if report.get("holds") == Some(&Value::Bool(true)) {
        Ok(report)
    } else {
        bail!("it does not hold: {report}")
    }
}

/// Why a verifier refuses what must not hold.
pub fn refused(report: &Value) -> anyhow::Result<String> {
    let why = report.get("reason").or_else(|| report.get("error"));
    match (report.get("holds"), why.and_then(Value::as_str)) {
        (Some(Value::Bool(false)), Some(why)) => Ok(why.to_owned()),
        _ => bail!("what was changed holds: {report}"),
    }
}

/// One line of JSON, whether the verifier is content or not.
fn said(call: &Call) -> anyhow::Result<Value> {
    let (_content, said) = call.answer()?;
    serde_json::from_str(said.trim()).with_context(|| format!("`{call}` said `{said}`"))
}
