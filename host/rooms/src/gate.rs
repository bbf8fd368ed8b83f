//! The gate: seals what the cell wrote, computes its own figures from the snapshot, and decides.

mod alternatives;
mod beside;
mod coding;
mod compute;
mod copied;
mod decoys;
mod derived;
mod earlier;
mod joint;
mod judging;
mod model;
mod opened;
mod own;
mod parts;
mod private;
mod review;
mod reviewed;
mod revision;
mod rows;
mod sizes;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::net::UnixStream;

use yunei_disclosure::{AccumulateError, Profile};
use yunei_model::{Decision, Digest, Hint, Overlaps, Route, Table, Verdict};

use crate::feed::{next_descriptor, single_threaded};
use crate::lockdown::{self, Threads};
use crate::protocol::GateSays;
use crate::seal::Sealer;
use crate::{GateMode, GatePlan, OutputPlan, RoomError, wire};
use judging::Judging;

/// Runs the gate in this process; returns when it has decided.
///
/// # Errors
/// [`RoomError`], after the supervisor was told.
pub fn main() -> Result<(), RoomError> {
    let control = wire::own_socket()?;
    serve(&control).or_else(|error| {
        wire::send(
            &control,
            &GateSays::Failed {
                detail: error.to_string(),
            },
        )?;
        Err(error)
    })
}

fn serve(control: &UnixStream) -> Result<(), RoomError> {
    let descriptors = wire::take_descriptors(control)?;
    let plan: GatePlan = wire::receive(control)?.ok_or(RoomError::Gone { room: "supervisor" })?;
    let runtime = single_threaded()?;
    yunei_catalog::prepare().map_err(|e| failed(&e))?;
    let layers = lockdown::lock(&plan.limits, Threads::Startable)?;
    wire::send(control, &GateSays::Locked { layers })?;
    let mut descriptors = descriptors.into_iter();
    match &plan.mode {
        GateMode::Open { kept, recipient } => {
            let file = File::from(next_descriptor(&mut descriptors)?);
            let opened = review::open(&plan, kept, file)?;
            let ciphertext = review::encrypt(&opened, recipient)?;
            wire::send(control, &GateSays::Opened { ciphertext })
        }
        GateMode::Release { kept } => {
            let file = File::from(next_descriptor(&mut descriptors)?);
            let tables = review::open(&plan, kept, file)?.tables;
            let tables = tables.into_iter().map(|t| (t.output, t.table)).collect();
            wire::send(control, &GateSays::ToRelease { tables })
        }
        GateMode::Judge => {
            let (judged, mut ciphertext) =
                beside::judge(&plan, &mut descriptors, control, &runtime)?;
            let (outputs, decoys) = judged;
            let (outputs, candidate) = review::set_aside(&plan, outputs, None, &mut ciphertext)?;
            wire::send(
                control,
                &GateSays::Judged {
                    outputs,
                    decoys,
                    candidate,
                },
            )
        }
        GateMode::JudgeAgain {
            digest,
            bytes,
            waits,
        } => {
            // INVARIANT: noise is drawn once for a run; private tables are held against no earlier release, so nothing overtakes them.
            if plan.private.is_some() {
                return Err(RoomError::protocol("noise is drawn once for a run"));
            }
            let mut file = File::from(next_descriptor(&mut descriptors)?);
            let sealer = Sealer::new(&plan.key, &plan.digest_key);
            let plaintext = unseal(&plan, &sealer, &mut file, digest, *bytes)?;
            let judging = Judging::begin(&plan, &mut descriptors)?;
            let (outputs, decoys) = judging.finish(&plaintext, &mut descriptors, &runtime)?;
            // INVARIANT: the file stands behind the sealed output, and nothing follows: what would have left has no candidate yet, and
            // what waits for people comes in a file of its own.
            let (outputs, candidate) =
                review::set_aside(&plan, outputs, waits.as_ref(), &mut file)?;
            wire::send(
                control,
                &GateSays::Judged {
                    outputs,
                    decoys,
                    candidate,
                },
            )
        }
    }
}

/// Reads what a gate sealed before: the beginning of the file, as long as its plaintext says.
fn unseal(
    plan: &GatePlan,
    sealer: &Sealer<'_>,
    file: &mut File,
    digest: &Digest,
    bytes: u64,
) -> Result<Vec<u8>, RoomError> {
    let length = Sealer::sealed_bytes(bytes);
    if length > plan.limits.file_bytes_max {
        return Err(RoomError::protocol("a sealed output that is too long"));
    }
    let mut ciphertext = Vec::new();
    file.seek(SeekFrom::Start(0))
        .map_err(RoomError::system("to read a sealed output"))?;
    Read::by_ref(file)
        .take(length)
        .read_to_end(&mut ciphertext)
        .map_err(RoomError::system("to read a sealed output"))?;
    sealer.open(&ciphertext, digest)
}

/// Verdicts, each with its table where it may leave.
type Judged = Vec<(Verdict, Option<Table>)>;

/// What stays because it is beyond a limit of the gate's.
fn beyond(output: &OutputPlan, profile: &Profile, detail: String) -> Verdict {
    let recomputed = output.model.is_none() && output.own.is_empty();
    Verdict {
        route: if recomputed {
            compute::route(output)
        } else {
            Route::Reviewed
        },
        decision: Decision::Withhold,
        hints: vec![Hint::CoarserBanding, Hint::FewerDimensions],
        reasons: vec![detail],
        ..undecided(output, profile)
    }
}

/// What people must decide, because the gate cannot compute it.
fn undecided(output: &OutputPlan, profile: &Profile) -> Verdict {
    Verdict {
        output: output.name.clone(),
        route: Route::Reviewed,
        profile: profile.name().clone(),
        profile_digest: profile.digest(),
        decision: Decision::Review,
        cells_total: 0,
        cells_released: 0,
        cells_failed: 0,
        cells_complementary: 0,
        cells: Vec::new(),
        hints: vec![Hint::AwaitReview, Hint::StandardAggregate],
        reasons: vec!["the manifest gives no lineage that the gate can compute".to_owned()],
        routine: false,
        overlaps: Overlaps::default(),
        checks: None,
    }
}

/// All of a file, `bytes_max` at most; a file that is asked for its size would ask the kernel for more than the lock allows.
fn read_all(mut file: File, bytes_max: u64) -> Result<Vec<u8>, RoomError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))
        .map_err(RoomError::system("to read an output"))?;
    file.take(bytes_max)
        .read_to_end(&mut bytes)
        .map_err(RoomError::system("to read an output"))?;
    Ok(bytes)
}

/// An error of an accumulator: a limit is the output's, anything else the gate's.
fn accumulated(error: &AccumulateError) -> RoomError {
    match error {
        AccumulateError::TooLarge { .. } => too_large(error),
        _ => failed(error),
    }
}

fn too_large(detail: &dyn std::fmt::Display) -> RoomError {
    RoomError::Beyond {
        detail: detail.to_string(),
    }
}

fn failed(detail: &dyn std::fmt::Display) -> RoomError {
    RoomError::Failed {
        room: "gate",
        detail: detail.to_string(),
    }
}

#[cfg(test)]
mod tests;
