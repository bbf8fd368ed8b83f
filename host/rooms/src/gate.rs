//! The gate: seals what the cell wrote, computes its own figures from the snapshot, and decides.

mod coding;
mod compute;
mod decoys;
mod derived;
mod opened;
mod private;
mod revision;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use yunei_disclosure::Profile;
use yunei_model::{Decision, Hint, Name, Route, Table, Verdict};

use crate::feed::{next_descriptor, open_views, single_threaded};
use crate::protocol::GateSays;
use crate::seal::Sealer;
use crate::{GateMode, GatePlan, OutputPlan, RoomError, lockdown, wire};

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
    let layers = lockdown::lock(&plan.limits)?;
    wire::send(control, &GateSays::Locked { layers })?;
    let mut descriptors = descriptors.into_iter();
    match &plan.mode {
        GateMode::Open { digest } => {
            let ciphertext = read_all(
                File::from(next_descriptor(&mut descriptors)?),
                plan.limits.file_bytes_max,
            )?;
            let plaintext = Sealer::new(&plan.key, &plan.digest_key).open(&ciphertext, digest)?;
            let (tables, notes) = opened::tables(&plaintext, plan.rows_max)?;
            wire::send(control, &GateSays::Opened { tables, notes })
        }
        GateMode::Judge => {
            let plaintext = seal(&plan, &mut descriptors, control)?;
            let (outputs, decoys) = judge(&plan, &plaintext, &mut descriptors, &runtime)?;
            wire::send(control, &GateSays::Judged { outputs, decoys })
        }
    }
}

/// Writes the ciphertext, durable, and tells its digest.
fn seal(
    plan: &GatePlan,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
    control: &UnixStream,
) -> Result<Vec<u8>, RoomError> {
    let plaintext = read_all(
        File::from(next_descriptor(descriptors)?),
        plan.limits.file_bytes_max,
    )?;
    let mut ciphertext = File::from(next_descriptor(descriptors)?);
    let sealer = Sealer::new(&plan.key, &plan.digest_key);
    let write = |file: &mut File, bytes: &[u8]| -> std::io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(bytes)
    };
    write(&mut ciphertext, &sealer.seal(&plaintext)?)
        .map_err(RoomError::system("to write a sealed output"))?;
    let digest = sealer.digest(&plaintext)?;
    wire::send(
        control,
        &GateSays::Sealed {
            digest,
            bytes: plaintext.len() as u64,
        },
    )?;
    Ok(plaintext)
}

/// Verdicts, each with its table where it may leave.
type Judged = Vec<(Verdict, Option<Table>)>;

fn judge(
    plan: &GatePlan,
    plaintext: &[u8],
    descriptors: &mut impl Iterator<Item = OwnedFd>,
    runtime: &tokio::runtime::Runtime,
) -> Result<(Judged, Vec<Name>), RoomError> {
    let profile = Profile::parse(&plan.profile).map_err(|e| failed(&e))?;
    if let Some(private) = &plan.private {
        let judged = private::output(plan, private, &profile, plaintext, descriptors, runtime)?;
        return Ok((vec![judged], Vec::new()));
    }
    let mut outputs: Judged = Vec::new();
    let mut decoys = Vec::new();
    let mut computed: Vec<&Name> = Vec::new();
    for output in &plan.outputs {
        let Some(view) = output.view else {
            outputs.push((undecided(output, &profile), None));
            continue;
        };
        let view_plan = plan
            .views
            .get(view)
            .ok_or_else(|| RoomError::protocol("an output without its view"))?;
        let views = open_views(std::slice::from_ref(view_plan), descriptors)?;
        let (mut verdict, table, decoy) = compute::output(
            plan,
            output,
            &profile,
            &views,
            &view_plan.name,
            plaintext,
            runtime,
        )?;
        // Two tables about the same rows can give each other's blank cells back, and each was audited alone.
        if computed.contains(&&view_plan.name) && verdict.decision == Decision::Release {
            verdict.decision = Decision::Review;
            verdict.hints.push(Hint::AwaitReview);
            verdict
                .reasons
                .push("it is linked with another output about the same resource".to_owned());
        }
        if decoy {
            decoys.push(output.name.clone());
        }
        computed.push(&view_plan.name);
        outputs.push((verdict, table));
    }
    revision::hold(plan, &profile, &mut outputs, descriptors, runtime)?;
    Ok((outputs, decoys))
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

fn failed(detail: &dyn std::fmt::Display) -> RoomError {
    RoomError::Failed {
        room: "gate",
        detail: detail.to_string(),
    }
}
