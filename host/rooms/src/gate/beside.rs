//! The gate beside a guest that still runs: it computes what does not depend on the output as soon as the feed leaves it the room, and
//! seals the output as soon as it is whole, whatever it is computing then.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{SyncSender, sync_channel};

use tokio::runtime::Runtime;
use yunei_model::Name;

use super::judging::Judging;
use super::{Judged, failed, read_all};
use crate::feed::next_descriptor;
use crate::protocol::{GateSays, ToGate};
use crate::seal::Sealer;
use crate::{GatePlan, RoomError, wire};

/// Words of the supervisor that wait at most: there are two.
const WORDS_MAX: usize = 2;

/// The two files of an output: what the cell writes, and where it is sealed.
struct Files {
    output: File,
    ciphertext: File,
}

/// Judges an output that is still being written; tells its digest as soon as it is sealed. Gives the verdicts with the outputs in which
/// a decoy was seen, and the file after what was written.
pub fn judge(
    plan: &GatePlan,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
    control: &UnixStream,
    runtime: &Runtime,
) -> Result<((Judged, Vec<Name>), File), RoomError> {
    let files = Files {
        output: File::from(next_descriptor(descriptors)?),
        ciphertext: File::from(next_descriptor(descriptors)?),
    };
    let (told, word) = sync_channel(WORDS_MAX);
    std::thread::scope(|scope| {
        let sealing = std::thread::Builder::new()
            .spawn_scoped(scope, move || seal_when_told(plan, files, control, &told))
            .map_err(RoomError::system("to start a thread"))?;
        let mut judging = Judging::begin(plan, descriptors)?;
        // None comes when the supervisor is gone: that is what the other thread tells.
        if word.recv().is_ok() {
            judging.ahead(runtime)?;
        }
        let sealed = sealing.join();
        let (plaintext, ciphertext) = sealed.map_err(|_| failed(&"a thread broke"))??;
        let judged = judging.finish(&plaintext, descriptors, runtime)?;
        Ok((judged, ciphertext))
    })
}

/// Hands on that there is something to do, and seals the output when it is whole.
fn seal_when_told(
    plan: &GatePlan,
    files: Files,
    control: &UnixStream,
    told: &SyncSender<()>,
) -> Result<(Vec<u8>, File), RoomError> {
    loop {
        let word = wire::receive(control)?.ok_or(RoomError::Gone { room: "supervisor" })?;
        // Who is at the figures already hears no second word.
        let _busy = told.try_send(());
        if matches!(word, ToGate::Seal) {
            return seal(plan, files, control);
        }
    }
}

/// Writes the ciphertext and tells its digest. Gives the plaintext, and the file after what was written.
fn seal(plan: &GatePlan, files: Files, control: &UnixStream) -> Result<(Vec<u8>, File), RoomError> {
    let plaintext = read_all(files.output, plan.limits.file_bytes_max)?;
    let mut ciphertext = files.ciphertext;
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
    Ok((plaintext, ciphertext))
}
