//! One room as the supervisor has it: a process, its control socket, its process descriptor.

use std::io::ErrorKind;
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::RoomError;
use crate::wire;

/// Milliseconds within which a killed room is reaped, or given up to the init process.
const REAP_MS_MAX: u64 = 5_000;

/// How much a room may say before it is heard: beyond, it waits.
#[derive(Debug, Clone, Copy)]
pub struct Hearing {
    /// Bytes of one frame at most; a room that says more breaks the protocol.
    pub frame_bytes_max: usize,
    /// Messages that wait at most.
    pub messages_max: usize,
    /// Bytes of the frames that wait at most; one frame always may.
    pub bytes_max: usize,
}

/// What a room said, in its order.
#[derive(Debug)]
pub struct Said<M> {
    receiver: mpsc::Receiver<Result<Waiting<M>, RoomError>>,
}

/// A message that waits, and its bytes among those that wait.
#[derive(Debug)]
struct Waiting<M> {
    message: M,
    _bytes: OwnedSemaphorePermit,
}

impl<M> Said<M> {
    /// The next message; `None` when the room is done. Cancel-safe.
    ///
    /// # Errors
    /// [`RoomError::Protocol`] for what is no message, or too long for one: the room is to be killed then.
    pub async fn next(&mut self) -> Result<Option<M>, RoomError> {
        let waiting = self.receiver.recv().await.transpose()?;
        Ok(waiting.map(|waiting| waiting.message))
    }

    /// The next message, if one is there already.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn next_now(&mut self) -> Result<Option<M>, RoomError> {
        let waiting = self.receiver.try_recv().ok().transpose()?;
        Ok(waiting.map(|waiting| waiting.message))
    }
}

/// A room's process, to be killed from anywhere.
#[derive(Debug, Clone)]
pub struct Process {
    name: &'static str,
    id: u32,
    descriptor: Arc<OwnedFd>,
}

impl Process {
    /// The process of a child that is not reaped yet, so that its id names it and nothing else.
    pub fn of(name: &'static str, child: &Child) -> Result<Self, RoomError> {
        let id = child.id().ok_or(RoomError::Gone { room: name })?;
        let pid = i32::try_from(id)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(RoomError::Gone { room: name })?;
        let descriptor =
            pidfd_open(pid, PidfdFlags::empty()).map_err(RoomError::errno("a pidfd"))?;
        Ok(Self {
            name,
            id,
            descriptor: Arc::new(descriptor),
        })
    }

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
        Self::instruct(Process::of(name, &child)?, child, ours, descriptors, plan).await
    }

    /// Hands a process that was just started its descriptors and its plan.
    async fn instruct<P: Serialize>(
        process: Process,
        child: Child,
        stream: BlockingStream,
        descriptors: &[BorrowedFd<'_>],
        plan: &P,
    ) -> Result<Self, RoomError> {
        let passed = wire::pass_descriptors(&stream, descriptors);
        stream
            .set_nonblocking(true)
            .map_err(RoomError::system("a socket without blocking"))?;
        let stream =
            UnixStream::from_std(stream).map_err(RoomError::system("a socket of the run-time"))?;
        let mut room = Self::over(process, child, stream);
        let told = match passed {
            Ok(()) => wire::send_async(&mut room.writing, plan).await,
            Err(error) => Err(error),
        };
        match told {
            Ok(()) => Ok(room),
            Err(RoomError::System { source, .. }) if is_gone(&source) => {
                // Whoever is killed this early has not read what it was handed.
                Err(room.lost().await)
            }
            Err(error) => Err(error),
        }
    }

    /// A process that talks over that socket.
    pub fn over(process: Process, child: Child, stream: UnixStream) -> Self {
        let (reading, writing) = stream.into_split();
        Self {
            process,
            child,
            reading: Some(reading),
            writing,
        }
    }

    /// Starts handing on what the room says, as much as may wait; then the room waits.
    pub fn listen<M: DeserializeOwned + Send + 'static>(
        mut self,
        hearing: Hearing,
    ) -> (Self, Said<M>) {
        let (sender, receiver) = mpsc::channel(hearing.messages_max);
        let bytes = Arc::new(Semaphore::new(
            hearing.bytes_max.max(hearing.frame_bytes_max),
        ));
        if let Some(reading) = self.reading.take() {
            // What came together is read together: a guest may call a hundred thousand times a second.
            let mut reading = BufReader::new(reading);
            tokio::spawn(async move {
                loop {
                    let heard = hear(&mut reading, &bytes, hearing.frame_bytes_max).await;
                    let last = heard.is_err();
                    let said = match heard {
                        Ok(Some(waiting)) => Ok(waiting),
                        // A socket that fails belongs to a room that is gone.
                        Ok(None) | Err(RoomError::System { .. }) => return,
                        Err(error) => Err(error),
                    };
                    if sender.send(said).await.is_err() || last {
                        return;
                    }
                }
            });
        }
        (self, Said { receiver })
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

    /// It ended in the middle of its work: how.
    pub async fn lost(&mut self) -> RoomError {
        RoomError::Lost {
            room: self.process.name(),
            status: self.status().await,
        }
    }

    /// Waits for its end.
    pub async fn reap(&mut self) {
        let _status = self.status().await;
    }
}

/// Whether a socket fails because nobody is at its other end.
fn is_gone(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    )
}

/// Hears one message, as soon as its bytes may wait.
async fn hear<M: DeserializeOwned>(
    reading: &mut BufReader<OwnedReadHalf>,
    bytes: &Arc<Semaphore>,
    frame_bytes_max: usize,
) -> Result<Option<Waiting<M>>, RoomError> {
    let Some(length) = wire::length_async(reading, frame_bytes_max).await? else {
        return Ok(None);
    };
    let permits = u32::try_from(length).map_err(|_| RoomError::protocol("a frame too long"))?;
    let Ok(permit) = Arc::clone(bytes).acquire_many_owned(permits).await else {
        return Ok(None);
    };
    let message = wire::body_async(reading, length).await?;
    Ok(message.map(|message| Waiting {
        message,
        _bytes: permit,
    }))
}

#[cfg(test)]
mod tests;
