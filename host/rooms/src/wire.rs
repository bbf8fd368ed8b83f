//! Frames between a room and the supervisor, and between feed and cell: a length, then JSON.
//!
//! Descriptors are passed once, before the plan, as ancillary data of single bytes.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::RoomError;

/// Bytes of one frame at most, of a supervisor or a gate: a released table fits, a row of abuse does not. Whoever listens to a room with
/// guest code has a smaller limit.
pub const FRAME_BYTES_MAX: usize = 256 << 20;
/// Bytes of one frame between feed and cell at most that asks for a batch.
pub const ASKING_FRAME_BYTES_MAX: usize = 4 << 10;
/// Descriptors that one message carries; the kernel's limit is 253.
const DESCRIPTORS_PER_MESSAGE: usize = 200;
/// Descriptors that a room is given at most.
pub const DESCRIPTORS_MAX: usize = 4096;

fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, RoomError> {
    let mut frame = vec![0_u8; 4];
    serde_json::to_writer(&mut frame, message).map_err(RoomError::protocol)?;
    let length = frame.len() - 4;
    if length > FRAME_BYTES_MAX {
        return Err(beyond());
    }
    let prefix = u32::try_from(length)
        .map_err(RoomError::protocol)?
        .to_le_bytes();
    frame.splice(..4, prefix);
    Ok(frame)
}

fn frame_length(prefix: [u8; 4], bytes_max: usize) -> Result<usize, RoomError> {
    let length = u32::from_le_bytes(prefix) as usize;
    if length > bytes_max {
        Err(beyond())
    } else {
        Ok(length)
    }
}

fn beyond() -> RoomError {
    RoomError::protocol("a frame beyond its limit")
}

/// INVARIANT: an error tells nothing of what the other side wrote: it goes to where people read it, and a guest may be on the other side.
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, RoomError> {
    serde_json::from_slice(body).map_err(|_| RoomError::protocol("a frame that is no message"))
}

/// Sends one frame.
pub fn send<T: Serialize>(stream: &UnixStream, message: &T) -> Result<(), RoomError> {
    let mut stream = stream;
    stream
        .write_all(&encode(message)?)
        .map_err(RoomError::system("to send a frame"))
}

/// Receives one frame; `None` when the other side is done.
pub fn receive<T: DeserializeOwned>(stream: &UnixStream) -> Result<Option<T>, RoomError> {
    receive_within(stream, FRAME_BYTES_MAX)
}

/// Receives one frame of `bytes_max` bytes at most; `None` when the other side is done.
pub fn receive_within<T: DeserializeOwned>(
    stream: &UnixStream,
    bytes_max: usize,
) -> Result<Option<T>, RoomError> {
    let mut stream = stream;
    let mut prefix = [0_u8; 4];
    match stream.read_exact(&mut prefix) {
        // A side that ended with something unread resets the socket: it is done all the same.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
            ) =>
        {
            return Ok(None);
        }
        outcome => outcome.map_err(RoomError::system("to receive a frame"))?,
    }
    let mut body = vec![0_u8; frame_length(prefix, bytes_max)?];
    stream
        .read_exact(&mut body)
        .map_err(RoomError::system("to receive a frame"))?;
    parsed(&body).map(Some)
}

/// Sends one frame from the supervisor.
pub async fn send_async<T: Serialize>(
    stream: &mut (impl tokio::io::AsyncWrite + Unpin),
    message: &T,
) -> Result<(), RoomError> {
    stream
        .write_all(&encode(message)?)
        .await
        .map_err(RoomError::system("to send a frame"))
}

/// Receives in the supervisor how many bytes the next frame has, `bytes_max` at most; `None` when the other side is done. Not cancel-safe.
pub async fn length_async(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    bytes_max: usize,
) -> Result<Option<usize>, RoomError> {
    let mut prefix = [0_u8; 4];
    match stream.read_exact(&mut prefix).await {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
        outcome => outcome.map_err(RoomError::system("to receive a frame"))?,
    };
    frame_length(prefix, bytes_max).map(Some)
}

/// Receives the frame of [`length_async`]; `None` when the other side is done. Not cancel-safe.
pub async fn body_async<T: DeserializeOwned>(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    length: usize,
) -> Result<Option<T>, RoomError> {
    let mut body = vec![0_u8; length];
    match stream.read_exact(&mut body).await {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        outcome => outcome.map_err(RoomError::system("to receive a frame"))?,
    };
    parsed(&body).map(Some)
}

/// Passes descriptors over a blocking socket.
pub fn pass_descriptors(
    stream: &UnixStream,
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), RoomError> {
    if descriptors.len() > DESCRIPTORS_MAX {
        return Err(RoomError::protocol(format!(
            "{} descriptors",
            descriptors.len()
        )));
    }
    send(stream, &descriptors.len())?;
    for chunk in descriptors.chunks(DESCRIPTORS_PER_MESSAGE) {
        let mut space = vec![MaybeUninit::uninit(); SendAncillaryMessage::ScmRights(chunk).size()];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(chunk));
        sendmsg(
            stream.as_fd(),
            &[IoSlice::new(b"d")],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        )
        .map_err(RoomError::errno("to pass descriptors"))?;
    }
    Ok(())
}

/// Takes the descriptors that [`pass_descriptors`] sent.
pub fn take_descriptors(stream: &UnixStream) -> Result<Vec<OwnedFd>, RoomError> {
    let count: usize = receive(stream)?.ok_or(RoomError::Gone { room: "supervisor" })?;
    if count > DESCRIPTORS_MAX {
        return Err(RoomError::protocol(format!("{count} descriptors")));
    }
    let mut taken: Vec<OwnedFd> = Vec::with_capacity(count);
    while taken.len() < count {
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_PER_MESSAGE))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0_u8; 1];
        let received = recvmsg(
            stream.as_fd(),
            &mut [IoSliceMut::new(&mut byte)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        )
        .map_err(RoomError::errno("to take descriptors"))?;
        if received.bytes == 0 {
            return Err(RoomError::Gone { room: "supervisor" });
        }
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                taken.extend(descriptors);
            }
        }
    }
    Ok(taken)
}

/// The socket that a room was started with as its standard input.
pub fn own_socket() -> Result<UnixStream, RoomError> {
    let descriptor = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(RoomError::system("to take the control socket"))?;
    Ok(UnixStream::from(descriptor))
}
