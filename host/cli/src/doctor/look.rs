//! Looking at the machine, by trying things rather than by asking for versions.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create, statvfs};
use yunei_model::Limits;
use yunei_module::Toolchain;
use yunei_rooms::{Layer, PROBE, Probed};
use yunei_sandbox::{CompileError, Compiler};

use super::Finding;
use crate::caller::Caller;
use crate::internal::program;
use crate::sheet::number;

/// Bytes free on the disk of the data directory at least.
const DISK_BYTES_MIN: u64 = 2 << 30;
/// Bytes of memory available at least: one run's limit, and the host around it.
const MEMORY_BYTES_MIN: u64 = 1 << 30;
/// The smallest component: it cannot be admitted, and the child says so only after it has locked itself in.
const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// The kernel.
pub fn kernel() -> Finding {
    let read = |path| {
        std::fs::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let release = read("/proc/sys/kernel/osrelease");
    if release.is_empty() {
        return Finding::missing(
            "kernel",
            "/proc cannot be read",
            "mount /proc; the rooms are started through it",
        );
    }
    Finding::ok(
        "kernel",
        format!("Linux {release} on {}", std::env::consts::ARCH),
    )
}

/// The lock of the rooms, by locking a process of our own in.
pub fn lock() -> Vec<Finding> {
    let probed = match probe() {
        Ok(probed) => probed,
        Err(error) => {
            return vec![Finding::missing(
                "room",
                format!("no probe can be started: {error}"),
                "start it from a file that may be executed",
            )];
        }
    };
    if let Some(failed) = probed.failed {
        let advice = "run on Linux 5.13 or later with landlock and seccomp on (`lsm=landlock,…` on the kernel's command line)";
        return vec![Finding::missing("room", failed, advice)];
    }
    let has = |layer| probed.layers.contains(&layer);
    let layer = |thing, layer, advice: &str| {
        if has(layer) {
            Finding::ok(thing, "in force in a probe")
        } else {
            Finding::missing(thing, "not in force in a probe", advice)
        }
    };
    let landlock = if has(Layer::LandlockInPart) {
        Finding::missing(
            "landlock",
            "in force in part: this kernel is older than 6.12",
            "a later kernel also keeps rooms from signals and sockets",
        )
        .optional()
    } else {
        layer(
            "landlock",
            Layer::Landlock,
            "put landlock into the kernel's `lsm=` and start again",
        )
    };
    let mut findings = vec![
        layer(
            "seccomp",
            Layer::Seccomp,
            "use a kernel with CONFIG_SECCOMP_FILTER",
        ),
        landlock,
        layer(
            "no new privileges",
            Layer::NoNewPrivileges,
            "use a later kernel",
        ),
        layer(
            "resource limits",
            Layer::ResourceLimits,
            "raise the hard limits of this user (`ulimit -H`)",
        ),
        layer("no core dumps", Layer::NotDumpable, "use a later kernel"),
        layer(
            "dies with its parent",
            Layer::ParentDeath,
            "use a later kernel",
        ),
    ];
    if !probed.suffices {
        findings.push(Finding::missing(
            "room",
            "the layers in force do not suffice",
            "see above",
        ));
    }
    findings
}

fn probe() -> std::io::Result<Probed> {
    let output = Command::new(program()?)
        .arg(PROBE)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    match serde_json::from_slice(&output.stdout) {
        Ok(probed) => Ok(probed),
        Err(_) => Err(std::io::Error::other(format!(
            "it ended with {}",
            output.status
        ))),
    }
}

/// The compiling child, by having it refuse the smallest component.
pub fn compiler() -> Finding {
    let thing = "compiling child";
    let compiled = program().map_err(|source| CompileError::Start { source });
    let compiled = compiled
        .and_then(|program| Compiler::new(program).compile(EMPTY_COMPONENT, &Limits::default()));
    match compiled {
        Ok(_) | Err(CompileError::Refused { .. }) => {
            Finding::ok(thing, "starts, and locks itself in")
        }
        Err(error) => Finding::missing(
            thing,
            error.to_string(),
            "see the layers above; it also needs 4 GiB of address space",
        ),
    }
}

/// Memory files, in which rooms hand batches over.
pub fn shared_memory() -> Finding {
    let thing = "memory files";
    match memfd_create(
        "yunei-doctor",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    ) {
        Ok(_) => Finding::ok(thing, "can be made and sealed"),
        Err(error) => Finding::missing(
            thing,
            error.to_string(),
            "use a kernel with memfd_create, and allow it",
        ),
    }
}

/// Memory.
pub fn memory() -> Finding {
    let thing = "memory";
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kibibytes = available.and_then(|rest| {
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    let Some(bytes) = kibibytes.map(|kibibytes| kibibytes.saturating_mul(1024)) else {
        return Finding::missing(thing, "unknown", "").optional();
    };
    let found = format!("{} MiB available", number(bytes >> 20));
    if bytes < MEMORY_BYTES_MIN {
        return Finding::missing(
            thing,
            found,
            format!(
                "a run may use {} MiB",
                Limits::default().memory_bytes_max >> 20
            ),
        );
    }
    Finding::ok(thing, found)
}

/// A compiler for modules: only their developers need it.
pub fn guests() -> Finding {
    let thing = "module tool-chain";
    match Toolchain::detect(Path::new(".")) {
        Ok(Toolchain::Installed) => Finding::ok(thing, "rustup's wasm32-unknown-unknown"),
        Ok(Toolchain::FromSource { rustc }) => Finding::ok(
            thing,
            format!("standard library built from source by {}", rustc.display()),
        ),
        Err(error) => Finding::missing(
            thing,
            "none; only `yunei module build` needs it",
            error.to_string(),
        )
        .optional(),
    }
}

/// The server, if one is there.
pub fn server(caller: &Caller) -> Finding {
    let thing = "server";
    let answer = caller
        .stranger()
        .map_err(anyhow::Error::from)
        .and_then(|client| client.get("/health").waiting(5).send());
    match answer {
        Ok(health) => {
            let version = health
                .get("version")
                .and_then(serde_json::Value::as_str)
                .unwrap_or("an unknown version");
            Finding::ok(thing, format!("answers, {version}"))
        }
        Err(error) => Finding::missing(
            thing,
            error.to_string(),
            "start one with `yunei serve --data DIR`, or say where it is with --url",
        )
        .optional(),
    }
}

/// The data directory.
pub fn data(path: &Path) -> Vec<Finding> {
    let mut findings = vec![owner(path)];
    let place = path
        .ancestors()
        .find(|place| place.exists())
        .unwrap_or_else(|| Path::new("."));
    findings.push(match statvfs(place) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MiB free", number(free >> 20));
            if free < DISK_BYTES_MIN {
                Finding::missing(
                    "disk",
                    found,
                    format!(
                        "make room: at least {} MiB, and twice what is imported",
                        DISK_BYTES_MIN >> 20
                    ),
                )
            } else {
                Finding::ok("disk", found)
            }
        }
        Err(error) => Finding::missing(
            "disk",
            error.to_string(),
            "see that the directory can be reached",
        ),
    });
    findings
}

fn owner(path: &Path) -> Finding {
    let thing = "data directory";
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::ok(thing, "not there yet; `yunei serve` makes it")
        }
        Err(error) => Finding::missing(thing, error.to_string(), "see that this user may reach it"),
        Ok(metadata) if !metadata.is_dir() => {
            Finding::missing(thing, "no directory", "say another one with --data")
        }
        Ok(metadata) if metadata.uid() != rustix::process::geteuid().as_raw() => {
            Finding::missing(thing, "belongs to somebody else", "run as its owner")
        }
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => Finding::missing(
            thing,
            "others can enter it",
            format!("chmod 700 {}", path.display()),
        ),
        Ok(_) => Finding::ok(thing, "is this user's alone"),
    }
}
