//! Rooms that are gone before they are told what to do.

use std::os::fd::AsFd as _;

use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::*;

const ROOM: &str = "gate";

/// A process that has ended, which nobody has reaped, and our end of a socket whose other end went with it.
fn ended() -> (Process, Child, BlockingStream) {
    let (ours, _theirs) = BlockingStream::pair().unwrap();
    let child = Command::new("/bin/false").spawn().unwrap();
    let process = Process::of(ROOM, &child).unwrap();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::PidFd(process.descriptor.as_fd()), options).unwrap();
    (process, child, ours)
}

#[tokio::test]
async fn a_room_that_is_gone_before_it_has_its_descriptors_or_its_plan_is_lost() {
    let descriptor = std::io::stdin();
    for descriptors in [&[][..], &[descriptor.as_fd()][..]] {
        let (process, child, stream) = ended();
        let told = Room::instruct(process, child, stream, descriptors, &"a plan").await;
        let Err(RoomError::Lost { room, status }) = told else {
            panic!("it is lost, and nothing else: {told:?}");
        };
        assert_eq!((room, status.as_str()), (ROOM, "exit status: 1"));
    }
}
