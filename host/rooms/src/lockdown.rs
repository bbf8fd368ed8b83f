//! The lock of a room: set once, in its only thread, before anything of the guest or of the data is touched.

use rustix::process::Resource;
use serde::{Deserialize, Serialize};
use yunei_sandbox::jail::{Allowed, Jail, guest_calls, thread_calls};

pub use yunei_sandbox::jail::Layer;

use crate::RoomError;

/// Layers that must be in force before a room works.
pub const REQUIRED_LAYERS: [Layer; 5] = [
    Layer::ParentDeath,
    Layer::NotDumpable,
    Layer::ResourceLimits,
    Layer::NoNewPrivileges,
    Layer::Seccomp,
];

/// Limits of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLimits {
    /// Address space in bytes.
    pub address_space_bytes_max: u64,
    /// Bytes of any file that the room writes (memory files included).
    pub file_bytes_max: u64,
    /// Seconds of processor time.
    pub cpu_seconds_max: u64,
}

/// Whether a room may run with these layers: all of [`REQUIRED_LAYERS`], and landlock at least in part.
#[must_use]
pub fn suffices(layers: &[Layer]) -> bool {
    REQUIRED_LAYERS
        .iter()
        .all(|required| layers.contains(required))
        && (layers.contains(&Layer::Landlock) || layers.contains(&Layer::LandlockInPart))
}

/// Whether a room may start threads once it is locked. They inherit the lock, and share its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// It is and stays one: every room in which a guest runs.
    One,
    /// It may start others: the gate, which reads ahead.
    Startable,
}

/// Sets the lock and says which layers are in force.
///
/// # Errors
/// [`RoomError::Lockdown`] when the environment is not empty or a layer cannot be set; the room must end then.
pub fn lock(limits: &RoomLimits, threads: Threads) -> Result<Vec<Layer>, RoomError> {
    if std::env::vars_os().next().is_some() {
        return Err(RoomError::Lockdown {
            detail: "the room was started with variables".to_owned(),
        });
    }
    let mut calls = guest_calls();
    calls.extend(room_calls());
    let mut unknown = Vec::new();
    if threads == Threads::Startable {
        calls.extend(thread_calls());
        unknown.push(libc::SYS_clone3);
    }
    let jail = Jail {
        resources: vec![
            (Resource::Core, 0),
            (Resource::As, limits.address_space_bytes_max),
            (Resource::Fsize, limits.file_bytes_max),
            (Resource::Cpu, limits.cpu_seconds_max),
            (Resource::Memlock, 0),
        ],
        calls,
        unknown,
    };
    jail.enter().map_err(|error| RoomError::Lockdown {
        detail: error.to_string(),
    })
}

/// What a room's host side needs beside a guest: its open descriptors, time for its run-time, randomness for hash tables.
/// Nothing that opens, connects, executes, traces, or starts a process; a thread only under [`Threads::Startable`].
fn room_calls() -> Vec<Allowed> {
    [
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_readv,
        libc::SYS_writev,
        libc::SYS_pread64,
        libc::SYS_pwrite64,
        libc::SYS_lseek,
        libc::SYS_close,
        libc::SYS_recvfrom,
        libc::SYS_sendto,
        libc::SYS_ppoll,
        libc::SYS_epoll_ctl,
        libc::SYS_epoll_pwait,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_restart_syscall,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait,
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect()
}
