//! One room as the supervisor has it: a process, its control socket, its process descriptor.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::RoomError;
use crate::wire;

/// Milliseconds within which a killed room is reaped, or given up to the init process.
const REAP_MS_MAX: u64 = 5_000;

/// A room's process, to be killed from anywhere.
#[derive(Debug, Clone)]
pub struct Process {
    name: &'static str,
    id: u32,
    descriptor: Arc<OwnedFd>,
}

impl Process {
    /// The room's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Sends SIGKILL. A process that is gone already is as dead as asked.
    pub fn kill(&self) {
        let _gone = pidfd_send_signal(&*self.descriptor, Signal::KILL);
    }
}

/// A started room.
#[derive(Debug)]
pub struct Room {
    process: Process,
    child: Child,
    reading: Option<OwnedReadHalf>,
    writing: OwnedWriteHalf,
}

impl Room {
    /// Starts `program room NAME` with an empty environment, hands it descriptors and plan.
    pub async fn start<P: Serialize>(
        program: &Path,
        name: &'static str,
        descriptors: &[BorrowedFd<'_>],
        plan: &P,
    ) -> Result<Self, RoomError> {
        let (ours, theirs) =
            BlockingStream::pair().map_err(RoomError::system("a pair of sockets"))?;
        let child = Command::new(program)
            .args(["room", name])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(RoomError::system("to start a room"))?;
        let id = child.id().ok_or(RoomError::Gone { room: name })?;
        let pid = i32::try_from(id)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(RoomError::Gone { room: name })?;
        // INVARIANT: the child is not reaped yet, so its id names it and nothing else.
        let descriptor =
            Arc::new(pidfd_open(pid, PidfdFlags::empty()).map_err(RoomError::errno("a pidfd"))?);
        wire::pass_descriptors(&ours, descriptors)?;
        ours.set_nonblocking(true)
            .map_err(RoomError::system("a socket without blocking"))?;
        let stream =
            UnixStream::from_std(ours).map_err(RoomError::system("a socket of the run-time"))?;
        let (reading, writing) = stream.into_split();
        let mut room = Self {
            process: Process {
                name,
                id,
                descriptor,
            },
            child,
            reading: Some(reading),
            writing,
        };
        if wire::send_async(&mut room.writing, plan).await.is_err() {
            // Whoever is killed this early has not read its plan.
            let status = room.status().await;
            return Err(RoomError::Lost { room: name, status });
        }
        Ok(room)
    }

    /// Starts handing what the room says to a bounded channel; a full one makes the room wait.
    pub fn listen<M: DeserializeOwned + Send + 'static>(
        mut self,
        waiting_max: usize,
    ) -> (Self, mpsc::Receiver<M>) {
        let (sender, receiver) = mpsc::channel(waiting_max);
        if let Some(reading) = self.reading.take() {
            // What came together is read together: a guest may call a hundred thousand times a second.
            let mut reading = BufReader::new(reading);
            tokio::spawn(async move {
                // A message that is not of the protocol ends the talk: the supervisor sees the room as gone.
                while let Ok(Some(message)) = wire::receive_async(&mut reading).await {
                    if sender.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
        (self, receiver)
    }

    /// Says something to the room.
    pub async fn say<M: Serialize>(&mut self, message: &M) -> Result<(), RoomError> {
        wire::send_async(&mut self.writing, message).await
    }

    /// Its process.
    pub fn process(&self) -> Process {
        self.process.clone()
    }

    /// How it ended; waits a little, since its socket closes first.
    pub async fn status(&mut self) -> String {
        match tokio::time::timeout(Duration::from_millis(REAP_MS_MAX), self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.kind().to_string(),
            Err(_) => "unknown".to_owned(),
        }
    }

    /// Waits for its end.
    pub async fn reap(&mut self) {
        let _status = self.status().await;
    }
}
