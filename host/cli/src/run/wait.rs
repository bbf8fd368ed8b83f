//! Waiting for a run's end, by looking at its coarse status.

use std::time::{Duration, Instant};

use clap::Args;
use yunei_model::{CoarseStatus, RunId};

use super::told;
use crate::client::Client;
use crate::exit::Exit;
use crate::printer::{Printer, read};

/// Milliseconds between two looks, at first and at last.
const PAUSE_MS: [u64; 2] = [250, 2000];

/// How long to wait.
#[derive(Debug, Clone, Args)]
pub struct Patience {
    /// Seconds to wait at most; a run may wait for reviewers much longer
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

/// Waits for the end of `run`, and shows it.
pub fn end_of(
    client: &Client,
    printer: Printer,
    run: RunId,
    patience: &Patience,
) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let limit = Duration::from_secs(patience.timeout);
    let [mut pause_ms, pause_ms_max] = PAUSE_MS;
    loop {
        let answer = client.get(format!("/runs/{run}")).send()?;
        let status = read::<told::Shown>(&answer)?.status;
        let over = began.elapsed() >= limit;
        if status != CoarseStatus::InProgress || over {
            printer.show(&answer, told::one)?;
            return Ok(exit(status));
        }
        let left = limit.saturating_sub(began.elapsed());
        std::thread::sleep(Duration::from_millis(pause_ms).min(left));
        pause_ms = (pause_ms * 2).min(pause_ms_max);
    }
}

/// The exit code that goes with a run's status.
pub const fn exit(status: CoarseStatus) -> Exit {
    match status {
        CoarseStatus::Released => Exit::Done,
        CoarseStatus::NotReleased => Exit::Refused,
        CoarseStatus::InProgress => Exit::Waits,
    }
}
