//! What people decide about: set aside under seal, opened for a reviewer's eyes alone, handed over after two of them said yes.
//!
//! What reviewers see is what leaves, by digest: the gate's own tables where it computed them, the module's where it could not.

use std::fs::File;
use std::io::Write;

use age::armor::{ArmoredWriter, Format};
use serde::{Deserialize, Serialize};
use yunei_model::{
    Decision, Digest, Figures, Name, OpenedOutput, OpenedTable, OwnKind, Recipient, Table, Verdict,
};

use super::{Judged, opened, read_all};
use crate::seal::Sealer;
use crate::{GatePlan, KeptPlan, RoomError};

/// What waits for people.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Candidate {
    /// Tables of the gate's own.
    tables: Vec<(Name, Figures, Table)>,
    /// Outputs that leave as the module wrote them.
    modules_own: Vec<Name>,
}

/// Keeps every table out of what is told, unless all leave now; seals those that wait for people behind the cell's output. With a
/// `salt` all wait for people: they were asked before, and are asked anew whatever the gate decides now.
///
/// A noisy table is sealed there too although it leaves: its noise is drawn once, and should the run have to wait for witnesses it
/// must outlast this process.
pub fn set_aside(
    plan: &GatePlan,
    outputs: Judged,
    salt: Option<&Digest>,
    file: &mut File,
) -> Result<(Judged, Option<Digest>), RoomError> {
    let all = |decision: &[Decision]| {
        !outputs.is_empty() && outputs.iter().all(|(v, _)| decision.contains(&v.decision))
    };
    if salt.is_none() && all(&[Decision::Release]) {
        let drawn = plan.private.as_ref().is_some_and(|private| private.draws);
        let candidate = drawn.then(|| noisy(plan, &outputs, file)).transpose()?;
        return Ok((outputs, candidate));
    }
    let waits = all(&[Decision::Release, Decision::Review]);
    let mut candidate = Candidate {
        tables: Vec::new(),
        modules_own: Vec::new(),
    };
    let mut told: Vec<(Verdict, Option<Table>)> = Vec::new();
    for (verdict, table) in outputs {
        match table {
            Some(table) => {
                let figures = figures(plan, &verdict.output);
                candidate
                    .tables
                    .push((verdict.output.clone(), figures, table));
            }
            // INVARIANT: what the gate could compute and has no table for leaves in no other shape.
            None if is_modules_own(plan, &verdict.output) => {
                candidate.modules_own.push(verdict.output.clone());
            }
            None => {}
        }
        told.push((verdict, None));
    }
    if !waits {
        return Ok((told, None));
    }
    Ok((told, Some(seal(plan, &candidate, salt, file)?)))
}

/// Seals the tables that a gate drew noise for.
fn noisy(plan: &GatePlan, outputs: &Judged, file: &mut File) -> Result<Digest, RoomError> {
    let tables = outputs.iter().filter_map(|(verdict, table)| {
        let figures = figures(plan, &verdict.output);
        Some((verdict.output.clone(), figures, table.clone()?))
    });
    let candidate = Candidate {
        tables: tables.collect(),
        modules_own: Vec::new(),
    };
    seal(plan, &candidate, None, file)
}

/// Writes a candidate behind the cell's output; gives its digest.
fn seal(
    plan: &GatePlan,
    candidate: &Candidate,
    salt: Option<&Digest>,
    file: &mut File,
) -> Result<Digest, RoomError> {
    let plaintext = serde_json::to_vec(candidate).map_err(RoomError::protocol)?;
    let key = Sealer::new(&plan.key, &plan.digest_key).candidate_key(salt)?;
    let sealer = Sealer::new(&key, &plan.digest_key);
    file.write_all(&sealer.seal(&plaintext)?)
        .map_err(RoomError::system("to write what waits for people"))?;
    sealer.digest(&plaintext)
}

/// Whether an output is the module's own altogether.
fn is_modules_own(plan: &GatePlan, output: &Name) -> bool {
    plan.outputs
        .iter()
        .any(|o| &o.name == output && (o.look || o.view.is_none()))
}

/// Whose figures the table of an output has that the gate made.
fn figures(plan: &GatePlan, output: &Name) -> Figures {
    let custom = plan
        .outputs
        .iter()
        .filter(|o| &o.name == output)
        .flat_map(|o| &o.own)
        .any(|m| m.kind == OwnKind::Custom);
    if custom {
        Figures::Checked
    } else {
        Figures::Gate
    }
}

/// Opens what was sealed: exactly what leaves after two reviewers' yes, and the notes, which never do.
pub fn open(plan: &GatePlan, kept: &KeptPlan, file: File) -> Result<OpenedOutput, RoomError> {
    let bytes = read_all(file, plan.limits.file_bytes_max)?;
    let length = usize::try_from(Sealer::sealed_bytes(kept.bytes)).map_err(RoomError::protocol)?;
    let (output, candidate) = bytes
        .split_at_checked(length)
        .ok_or_else(|| RoomError::protocol("a sealed output that is cut short"))?;
    let sealer = Sealer::new(&plan.key, &plan.digest_key);
    let output = sealer.open(output, &kept.digest)?;
    let candidate = match &kept.candidate {
        Some(digest) => {
            let key = sealer.candidate_key(kept.salt.as_ref())?;
            let candidate = Sealer::new(&key, &plan.digest_key).open(candidate, digest)?;
            serde_json::from_slice(&candidate).map_err(RoomError::protocol)?
        }
        None if candidate.is_empty() => Candidate::default(),
        None => return Err(RoomError::protocol("something behind a sealed message")),
    };
    let (written, notes) = opened::tables(&output, plan.rows_max)?;
    // INVARIANT: what the gate computed leaves as the gate computed it, whatever the module wrote under that name.
    let written = written
        .into_iter()
        .filter(|(name, _)| candidate.modules_own.contains(name))
        .map(|(name, table)| (name, Figures::Module, table));
    let tables = candidate.tables.into_iter();
    Ok(OpenedOutput {
        tables: tables
            .chain(written)
            .map(|(output, figures, table)| OpenedTable {
                output,
                figures,
                table,
            })
            .collect(),
        notes,
    })
}

/// An armoured age file that the recipient alone can read.
pub fn encrypt(opened: &OpenedOutput, recipient: &Recipient) -> Result<String, RoomError> {
    let plaintext = serde_json::to_vec(opened).map_err(RoomError::protocol)?;
    let recipient: age::x25519::Recipient =
        recipient.as_str().parse().map_err(RoomError::protocol)?;
    let recipient: &dyn age::Recipient = &recipient;
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient))
        .map_err(|_| RoomError::protocol("a recipient that nothing can be encrypted to"))?;
    let write = || -> std::io::Result<Vec<u8>> {
        let armoured = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armoured)?;
        writer.write_all(&plaintext)?;
        writer.finish()?.finish()
    };
    let bytes = write().map_err(RoomError::system("to encrypt for a reviewer"))?;
    String::from_utf8(bytes).map_err(RoomError::protocol)
}

#[cfg(test)]
mod tests;
