//! Locking a process in: limits, no new privileges, landlock without any path, seccomp with a short list.
//!
//! Invariants: the lock is set in the only thread there is, before a byte from outside is read, and nothing undoes it.
//! What is not on the list kills the process.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A layer of containment in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Dies with its parent.
    ParentDeath,
    /// Neither core dumps nor being traced by the same user.
    NotDumpable,
    /// Resource limits.
    ResourceLimits,
    /// No new privileges.
    NoNewPrivileges,
    /// Landlock: no path, no TCP port, no abstract socket, no signal to others.
    Landlock,
    /// Landlock of an older kernel: no path, but less than all of the above.
    LandlockInPart,
    /// A seccomp allow-list.
    Seccomp,
}

/// Why a process could not be locked in. It must end then.
#[derive(Debug, Error)]
pub enum JailError {
    /// A call to the kernel failed.
    #[error("{layer:?} cannot be set")]
    Kernel {
        /// The layer.
        layer: Layer,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Landlock refused.
    #[error("landlock cannot be set")]
    Landlock {
        /// Cause.
        #[source]
        source: Box<landlock::RulesetError>,
    },
    /// The kernel has no landlock.
    #[error("the kernel has no landlock")]
    NoLandlock,
    /// seccomp refused.
    #[error("seccomp cannot be set")]
    Seccomp {
        /// Cause.
        #[source]
        source: Box<seccompiler::Error>,
    },
}

/// Conditions on one argument: its position, and the value it must have under a mask.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// Position, from 0.
    pub index: u8,
    /// Bits that count.
    pub mask: u32,
    /// What they must be.
    pub value: u32,
}

impl Argument {
    /// The argument is exactly this.
    #[must_use]
    pub const fn is(index: u8, value: u32) -> Self {
        Self {
            index,
            mask: u32::MAX,
            value,
        }
    }

    /// The argument has none of these bits.
    #[must_use]
    pub const fn without(index: u8, mask: u32) -> Self {
        Self {
            index,
            mask,
            value: 0,
        }
    }
}

/// A system call that is allowed: its number, and alternatives of conditions that must all hold; none allows it as it is.
pub type Allowed = (libc::c_long, Vec<Vec<Argument>>);

/// Memory that is never executable, and of no file but memory files that are open already.
fn memory(anonymous_only: bool) -> Vec<Allowed> {
    const EXECUTABLE: u32 = libc::PROT_EXEC.cast_unsigned();
    let mut mmap = vec![Argument::without(2, EXECUTABLE)];
    if anonymous_only {
        mmap.push(Argument::is(4, u32::MAX));
    }
    vec![
        (libc::SYS_mmap, vec![mmap]),
        (
            libc::SYS_mprotect,
            vec![vec![Argument::without(2, EXECUTABLE)]],
        ),
        (libc::SYS_munmap, vec![]),
        (libc::SYS_mremap, vec![]),
        (libc::SYS_madvise, vec![]),
        (libc::SYS_brk, vec![]),
    ]
}

/// Signals to oneself, locks, and the end.
fn bare(pid: u32) -> Vec<Allowed> {
    vec![
        (libc::SYS_rt_sigaction, vec![]),
        (libc::SYS_rt_sigprocmask, vec![]),
        (libc::SYS_rt_sigreturn, vec![]),
        (libc::SYS_sigaltstack, vec![]),
        (libc::SYS_futex, vec![]),
        (libc::SYS_getpid, vec![]),
        (libc::SYS_gettid, vec![]),
        // What `abort` needs; nobody else can be hit.
        (libc::SYS_tgkill, vec![vec![Argument::is(0, pid)]]),
        (libc::SYS_exit, vec![]),
        (libc::SYS_exit_group, vec![]),
    ]
}

/// What the compiling child needs: three descriptors, anonymous memory, randomness for hash tables.
pub(crate) fn compiler_calls() -> Vec<Allowed> {
    let mut calls = vec![
        (libc::SYS_read, vec![vec![Argument::is(0, 0)]]),
        (
            libc::SYS_write,
            vec![vec![Argument::is(0, 1)], vec![Argument::is(0, 2)]],
        ),
        (libc::SYS_getrandom, vec![]),
        (libc::SYS_clock_gettime, vec![]),
    ];
    calls.extend(memory(true));
    calls.extend(bare(own_pid()));
    calls
}

/// What running a guest needs of the kernel once its [`crate::Component`] is loaded; what the cell's own host side
/// needs on top (its ring, its channel to the supervisor) is for the cell to add. Nothing here opens, connects,
/// executes, or makes memory executable.
#[must_use]
pub fn guest_calls() -> Vec<Allowed> {
    let mut calls = memory(false);
    calls.extend(bare(own_pid()));
    // The end of an engine closes its memory files; std's debug builds look at a descriptor before they do.
    calls.push((libc::SYS_close, vec![]));
    let look = Argument::is(1, libc::F_GETFD.cast_unsigned());
    calls.push((libc::SYS_fcntl, vec![vec![look]]));
    calls
}

/// What starting and ending a thread of this process needs beside [`guest_calls`]. A process cannot be started with it, nor a namespace left:
/// the flags of `clone` are conditions, and `clone3`, whose flags stand in memory where no filter sees them, belongs into [`Jail::unknown`],
/// so that the C library falls back.
#[must_use]
pub fn thread_calls() -> Vec<Allowed> {
    const SHARED: u32 = (libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD).cast_unsigned();
    const APART: u32 = (libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_PTRACE
        | libc::CLONE_VFORK)
        .cast_unsigned();
    let flags = Argument {
        index: 0,
        mask: SHARED | APART,
        value: SHARED,
    };
    vec![
        (libc::SYS_clone, vec![vec![flags]]),
        (libc::SYS_set_robust_list, vec![]),
        (libc::SYS_rseq, vec![]),
        (libc::SYS_sched_getaffinity, vec![]),
    ]
}

fn own_pid() -> u32 {
    rustix::process::getpid().as_raw_pid().cast_unsigned()
}

/// A lock with its limits and its list.
#[derive(Debug, Clone)]
pub struct Jail {
    /// Resource limits, soft and hard alike.
    pub resources: Vec<(Resource, u64)>,
    /// System calls that are allowed.
    pub calls: Vec<Allowed>,
    /// System calls that are answered as by a kernel that does not know them, instead of with death.
    pub unknown: Vec<libc::c_long>,
}

impl Jail {
    /// Locks the calling thread in, for good.
    ///
    /// # Errors
    /// [`JailError`]; the caller must end then, as some layers may be set and others not.
    pub fn enter(&self) -> Result<Vec<Layer>, JailError> {
        let kernel = |layer| {
            move |errno: rustix::io::Errno| JailError::Kernel {
                layer,
                source: errno.into(),
            }
        };
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(kernel(Layer::ParentDeath))?;
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .map_err(kernel(Layer::NotDumpable))?;
        rustix::thread::set_no_new_privs(true).map_err(kernel(Layer::NoNewPrivileges))?;
        let landlock = enter_landlock()?;
        // After landlock, which needs a descriptor for a moment.
        for (resource, limit) in &self.resources {
            let both = Rlimit {
                current: Some(*limit),
                maximum: Some(*limit),
            };
            rustix::process::setrlimit(*resource, both).map_err(kernel(Layer::ResourceLimits))?;
        }
        enter_seccomp(&self.calls, &self.unknown)?;
        Ok(vec![
            Layer::ParentDeath,
            Layer::NotDumpable,
            Layer::ResourceLimits,
            Layer::NoNewPrivileges,
            landlock,
            Layer::Seccomp,
        ])
    }
}

/// Landlock with everything handled and nothing allowed.
fn enter_landlock() -> Result<Layer, JailError> {
    let wrong = |source| JailError::Landlock {
        source: Box::new(source),
    };
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(wrong)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(Layer::Landlock),
        RulesetStatus::PartiallyEnforced => Ok(Layer::LandlockInPart),
        RulesetStatus::NotEnforced => Err(JailError::NoLandlock),
    }
}

/// Two filters, of which the kernel takes the stricter answer: what is unknown is let through by the second one, and refused by the first.
fn enter_seccomp(calls: &[Allowed], unknown: &[libc::c_long]) -> Result<(), JailError> {
    let wrong = |source| JailError::Seccomp {
        source: Box::new(source),
    };
    let unknown: Vec<Allowed> = unknown.iter().map(|call| (*call, Vec::new())).collect();
    if !unknown.is_empty() {
        let not_known = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let program = program(&unknown, SeccompAction::Allow, not_known);
        let program = program.map_err(|error| wrong(error.into()))?;
        seccompiler::apply_filter(&program).map_err(wrong)?;
    }
    let calls: Vec<Allowed> = calls.iter().chain(&unknown).cloned().collect();
    let program = program(&calls, SeccompAction::KillProcess, SeccompAction::Allow);
    let program = program.map_err(|error| wrong(error.into()))?;
    seccompiler::apply_filter(&program).map_err(wrong)
}

fn program(
    calls: &[Allowed],
    others: SeccompAction,
    these: SeccompAction,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (number, alternatives) in calls {
        let conditions = alternatives
            .iter()
            .map(|arguments| rule(arguments))
            .collect::<Result<Vec<_>, _>>()?;
        rules.insert(*number, conditions);
    }
    SeccompFilter::new(
        rules,
        others,
        these,
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?
    .try_into()
}

fn rule(arguments: &[Argument]) -> Result<SeccompRule, seccompiler::BackendError> {
    let conditions = arguments
        .iter()
        .map(|argument| {
            SeccompCondition::new(
                argument.index,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::MaskedEq(u64::from(argument.mask)),
                u64::from(argument.value),
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    SeccompRule::new(conditions)
}
