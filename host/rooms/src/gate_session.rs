//! The supervisor's side of the gate.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use yunei_model::{Digest, Name, Table, Verdict};

use crate::lockdown::Layer;
use crate::protocol::{GateSays, ToGate};
use crate::room::{Hearing, Room, Said};
use crate::session::require_layers;
use crate::wire::FRAME_BYTES_MAX;
use crate::{GatePlan, RoomError, RunningRooms, TableFiles};

/// What a gate may say before it is heard: it has no guest code, and says tables.
const HEARING: Hearing = Hearing {
    frame_bytes_max: FRAME_BYTES_MAX,
    messages_max: 8,
    bytes_max: FRAME_BYTES_MAX,
};
const ROOM: &str = "gate";

/// A running gate.
#[derive(Debug)]
pub struct GateSession {
    room: Room,
    said: Said<GateSays>,
    layers: Vec<Layer>,
}

/// What a gate decided.
#[derive(Debug)]
pub struct Judged {
    /// One verdict per output, with its table where it may leave.
    pub outputs: Vec<(Verdict, Option<Table>)>,
    /// Outputs in which a decoy record was seen.
    pub decoys: Vec<Name>,
    /// Digest of what waits for people, where it does: it stands sealed behind the cell's output.
    pub candidate: Option<Digest>,
}

impl GateSession {
    /// Starts a gate over what a cell writes; `ciphertext` is where it puts the sealed output. It reads nothing of either before
    /// [`Self::seal`].
    ///
    /// # Errors
    /// [`RoomError`] when it cannot be started or a required layer is missing.
    pub async fn judge(
        program: &Path,
        plan: GatePlan,
        output: BorrowedFd<'_>,
        ciphertext: File,
        parts: &[TableFiles],
    ) -> Result<(Self, RunningRooms), RoomError> {
        let mut descriptors = vec![output, ciphertext.as_fd()];
        descriptors.extend(parts.iter().flat_map(|f| &f.parts).map(AsFd::as_fd));
        let gate = Self::start(program, &plan, &descriptors).await?;
        let rooms = gate.rooms();
        Ok((gate, rooms))
    }

    /// Starts a gate over an output that is sealed already; it says no more that it is.
    ///
    /// # Errors
    /// [`RoomError`] when it cannot be started or a required layer is missing.
    pub async fn judge_again(
        program: &Path,
        plan: GatePlan,
        ciphertext: File,
        parts: &[TableFiles],
    ) -> Result<Self, RoomError> {
        let mut descriptors = vec![ciphertext.as_fd()];
        descriptors.extend(parts.iter().flat_map(|f| &f.parts).map(AsFd::as_fd));
        Self::start(program, &plan, &descriptors).await
    }

    /// Has a gate open a sealed output for a reviewer: an armoured age file that the plan's recipient alone can read.
    ///
    /// # Errors
    /// [`RoomError`] when key, digests and ciphertext do not belong together.
    pub async fn open(
        program: &Path,
        plan: GatePlan,
        ciphertext: File,
    ) -> Result<String, RoomError> {
        let mut gate = Self::start(program, &plan, &[ciphertext.as_fd()]).await?;
        let opened = match gate.hear().await? {
            GateSays::Opened { ciphertext } => ciphertext,
            _ => return Err(RoomError::protocol("the gate opened nothing")),
        };
        gate.room.reap().await;
        Ok(opened)
    }

    /// Has a gate hand over the tables that two reviewers let pass, by output.
    ///
    /// # Errors
    /// [`RoomError`] when key, digests and ciphertext do not belong together.
    pub async fn release(
        program: &Path,
        plan: GatePlan,
        ciphertext: File,
    ) -> Result<Vec<(Name, Table)>, RoomError> {
        let mut gate = Self::start(program, &plan, &[ciphertext.as_fd()]).await?;
        let tables = match gate.hear().await? {
            GateSays::ToRelease { tables } => tables,
            _ => return Err(RoomError::protocol("the gate handed nothing over")),
        };
        gate.room.reap().await;
        Ok(tables)
    }

    async fn start(
        program: &Path,
        plan: &GatePlan,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<Self, RoomError> {
        let room = Room::start(program, ROOM, descriptors, plan).await?;
        let (room, said) = room.listen(HEARING);
        let mut gate = Self {
            room,
            said,
            layers: Vec::new(),
        };
        match gate.hear().await? {
            GateSays::Locked { layers } => {
                require_layers(ROOM, &layers)?;
                gate.layers = layers;
                Ok(gate)
            }
            _ => Err(RoomError::protocol("the gate did not lock itself")),
        }
    }

    /// Kills it, from any task.
    #[must_use]
    pub fn rooms(&self) -> RunningRooms {
        RunningRooms::of(vec![self.room.process()])
    }

    /// Layers of lock-down in force.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Lets it compute what does not depend on the output.
    pub async fn compute(&mut self) {
        // A gate that is gone is noticed by whoever waits for its answer.
        let _gone = self.room.say(&ToGate::Compute).await;
    }

    /// Waits until it is lost: before it is to seal, it says nothing. Nothing is missed when nobody waits any more.
    pub async fn lost(&mut self) -> RoomError {
        match self.hear().await {
            Ok(_) => RoomError::protocol("the gate spoke before it was asked"),
            Err(error) => error,
        }
    }

    /// Has it seal the output, which nobody writes any more: its digest and size. It goes on to judge it.
    ///
    /// # Errors
    /// [`RoomError`] when the gate failed.
    pub async fn seal(&mut self) -> Result<(Digest, u64), RoomError> {
        let _gone = self.room.say(&ToGate::Seal).await;
        match self.hear().await? {
            GateSays::Sealed { digest, bytes } => Ok((digest, bytes)),
            _ => Err(RoomError::protocol("the gate sealed nothing")),
        }
    }

    /// Waits for the verdicts.
    ///
    /// # Errors
    /// [`RoomError`] when the gate failed.
    pub async fn judged(&mut self) -> Result<Judged, RoomError> {
        let judged = match self.hear().await? {
            GateSays::Judged {
                outputs,
                decoys,
                candidate,
            } => Judged {
                outputs,
                decoys,
                candidate,
            },
            _ => return Err(RoomError::protocol("the gate judged nothing")),
        };
        Ok(judged)
    }

    async fn hear(&mut self) -> Result<GateSays, RoomError> {
        match self.said.next().await? {
            Some(GateSays::Failed { detail }) => Err(RoomError::Failed { room: ROOM, detail }),
            Some(message) => Ok(message),
            None => {
                let status = self.room.status().await;
                Err(RoomError::Lost { room: ROOM, status })
            }
        }
    }
}
