//! A probe: a process that locks itself in as a room does, does nothing, and says which layers are in force.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lockdown::{self, Layer, RoomLimits, Threads};

/// The argument that makes the program a probe.
pub const PROBE: &str = "probe";
/// Seconds that a probe may take.
const PROBE_SECONDS_MAX: u64 = 20;
/// Limits of the probe: it does nothing.
const LIMITS: RoomLimits = RoomLimits {
    address_space_bytes_max: 4 << 30,
    file_bytes_max: 1 << 20,
    cpu_seconds_max: 10,
};

/// What a probe says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// Layers in force.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Whether a room may run with them.
    #[serde(default)]
    pub suffices: bool,
    /// Why the probe failed, if it did.
    #[serde(default)]
    pub failed: Option<String>,
}

impl Probed {
    fn failed(why: impl ToString) -> Self {
        Self {
            failed: Some(why.to_string()),
            ..Self::default()
        }
    }
}

/// Locks this process in, and says which layers are in force. It must be the only thread, and have done nothing yet.
#[must_use]
pub fn probe_here() -> Probed {
    match lockdown::lock(&LIMITS, Threads::Startable) {
        Ok(layers) => Probed {
            suffices: lockdown::suffices(&layers),
            layers,
            failed: None,
        },
        Err(error) => Probed::failed(error),
    }
}

/// Starts `program` as a probe, and hears what it says.
pub async fn probe(program: &Path) -> Probed {
    let output = tokio::process::Command::new(program)
        .arg(PROBE)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(Duration::from_secs(PROBE_SECONDS_MAX), output).await {
        Ok(Ok(output)) => serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| Probed::failed(format!("the probe ended with {}", output.status))),
        Ok(Err(error)) => Probed::failed(format!("no probe can be started: {}", error.kind())),
        Err(_) => Probed::failed("the probe takes too long"),
    }
}
