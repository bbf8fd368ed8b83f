//! Offline: whether a checkpoint, of a record, a copy or a receipt, carries the quorum that a policy asks for.

use std::path::Path;

use serde_json::{Value, json};
use yunei_ledger::{Checkpoint, POLICY_BYTES_MAX, Quorum, VerifierKey};

use crate::failure::Input;
use crate::files;

/// A quorum policy from a file.
pub fn policy(path: &Path) -> anyhow::Result<Quorum> {
    let wrong = || Input::new(format!("`{}` is no quorum policy", path.display()));
    let bytes = files::read(path, POLICY_BYTES_MAX as u64)?;
    let text = String::from_utf8(bytes).map_err(|error| wrong().because(error))?;
    Ok(Quorum::parse(&text).map_err(|error| wrong().because(error))?)
}

/// Looks for the first of `notes` that the log signed and that carries the quorum: `reached`, and of that note, or else of the first one,
/// how many cosignatures hold. A line that claims to be of a witness and does not hold is told, too.
fn check(quorum: &Quorum, key: &VerifierKey, notes: &[Vec<u8>]) -> Value {
    let mut told =
        json!({ "reached": false, "valid": 0, "known": quorum.known(), "needed": quorum.needed() });
    for (index, note) in notes.iter().enumerate() {
        let Ok(checkpoint) = Checkpoint::open(note, key) else {
            continue;
        };
        let status = quorum.status(note);
        if status.reached || index == 0 {
            let mut found = json!(status);
            if let Some(found) = found.as_object_mut() {
                found.insert("size".to_owned(), json!(checkpoint.size));
            }
            told = found;
        }
        if status.reached {
            break;
        }
    }
    told
}

/// Adds what [`check`] tells to a report, which does not hold without the quorum.
pub fn add(report: &mut Value, quorum: &Quorum, key: &VerifierKey, notes: &[Vec<u8>]) {
    let told = check(quorum, key, notes);
    let reached = told.get("reached") == Some(&Value::Bool(true));
    if let Some(report) = report.as_object_mut() {
        if !reached {
            report.insert("holds".to_owned(), json!(false));
        }
        report.insert("quorum".to_owned(), told);
    }
}

/// The same in words.
pub fn words(told: &Value) -> String {
    let of = |key: &str| told.get(key).map(ToString::to_string).unwrap_or_default();
    let reached = told.get("reached") == Some(&Value::Bool(true));
    let cosigned = format!(
        "{} of {} witnesses cosigned, {} needed",
        of("valid"),
        of("known"),
        of("needed")
    );
    if reached {
        format!(
            "Witnessed up to {} entries: {cosigned}, one of them outside.",
            of("size")
        )
    } else {
        format!("NOT WITNESSED as the policy asks: {cosigned}, one of them outside.")
    }
}
