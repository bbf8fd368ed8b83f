//! The witnesses of the demo: three authorities, two of them outside bureau and host operator.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::{Named, Server, Witness, quorum_policy};

use super::show::{self, items, plain};
use super::stage::Stage;

/// Names in the policy, and whether they are outside.
const WITNESSES: [(&str, bool); 3] = [("bureau", false), ("cyberspace", true), ("audit", true)];
/// How the names of their keys begin.
const ORIGIN: &str = "witness.example/";
/// Witnesses that make the quorum.
pub const THRESHOLD: usize = 2;
/// Resources of this grade and above leave under the quorum alone.
const HEAD: &str = "grade_from = \"g3\"";
/// Longest wait for all cosignatures.
const COSIGN_WAIT_MAX: Duration = Duration::from_secs(30);
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts the witnesses of a server that was started for the first time, and the server anew under their quorum policy: its first start
/// made the key that witnesses must know.
pub fn start(program: &Path, server: &mut Server) -> anyhow::Result<Vec<Witness>> {
    server.stop()?;
    let place = server.data().parent().context("a place for witnesses")?;
    let log_key = server.data().join("log.pub");
    let mut witnesses = Vec::new();
    let mut named = Vec::new();
    for (name, outside) in WITNESSES {
        let data = place.join(format!("witness-{name}"));
        let witness = Witness::start(program, &data, &format!("{ORIGIN}{name}"), &log_key)?;
        named.push(Named::of(name, &witness, outside));
        witnesses.push(witness);
    }
    std::fs::write(policy(server), quorum_policy(&named, THRESHOLD, HEAD))?;
    server.restart()?;
    Ok(witnesses)
}

/// The quorum policy of a server.
pub fn policy(server: &Server) -> PathBuf {
    server.data().join("witnesses.toml")
}

/// How the log is witnessed, once every witness has cosigned what there is.
pub fn cosigned(stage: &Stage) -> anyhow::Result<Value> {
    let start = Instant::now();
    loop {
        let told = stage.story.witnesses()?;
        let whole = told.pointer("/newest/valid") == Some(&Value::from(WITNESSES.len()));
        if whole {
            return Ok(told);
        }
        if start.elapsed() > COSIGN_WAIT_MAX {
            bail!("not witnessed: {told}");
        }
        std::thread::sleep(PAUSE);
    }
}

/// Waits until the newest checkpoint is published, with the cosignature of every witness.
pub fn published(stage: &Stage) -> anyhow::Result<()> {
    let newest = cosigned(stage)?;
    let newest = newest.pointer("/newest/size").and_then(Value::as_u64);
    let file = stage.server().data().join("log").join("checkpoint");
    let start = Instant::now();
    loop {
        let note = std::fs::read_to_string(&file)?;
        // The second line tells the size.
        let size = note.lines().nth(1).and_then(|line| line.parse().ok());
        let cosigned = note.lines().filter(|line| is_cosignature(line)).count();
        if size >= newest && cosigned == WITNESSES.len() {
            return Ok(());
        }
        if start.elapsed() > COSIGN_WAIT_MAX {
            bail!("published without cosignatures: {note}");
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether a line of a checkpoint is of a witness, by the name on it alone: what it is worth is for verifiers to say.
fn is_cosignature(line: &str) -> bool {
    line.strip_prefix("— ")
        .is_some_and(|of| of.starts_with(ORIGIN))
}

/// Shows how the log is witnessed, once every witness has cosigned what there is.
pub fn show(stage: &Stage) -> anyhow::Result<()> {
    let told = cosigned(stage)?;
    let of = |pointer: &str| plain(told.pointer(pointer).unwrap_or(&Value::Null));
    stage.say(&format!(
        "   {} of {} witnesses cosigned {} entries, {} are needed, one of them outside; {} s behind",
        of("/newest/valid"),
        of("/newest/known"),
        of("/newest/size"),
        of("/newest/needed"),
        of("/lag_s"),
    ));
    let mut lines = vec![
        ["witness", "outside", "cosigned entries"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for witness in items(&told, "/witnesses") {
        let of = |key: &str| plain(witness.get(key).unwrap_or(&Value::Null));
        let outside = witness.get("outside") == Some(&Value::Bool(true));
        let outside = if outside { "yes" } else { "no" };
        lines.push(vec![of("name"), outside.to_owned(), of("size")]);
    }
    stage.say(&show::indent(
        &show::aligned(&lines, &[false, false, true]),
        3,
    ));
    Ok(())
}
