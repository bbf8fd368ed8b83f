//! What every process that stays up begins with.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use yunei_model::{RandomIds, SystemClock};
use yunei_telemetry::{Guard, Settings};

use crate::failure::Input;

/// Longest time that a thread of the runtime idles before it ends: longer than any process stays up.
const IDLE_MAX: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Telemetry of `service`, which goes out at the latest when its guard is dropped, and a runtime.
pub fn begin(service: &'static str, filter: &str) -> anyhow::Result<(Guard, Runtime)> {
    let version = env!("CARGO_PKG_VERSION");
    let telemetry = Settings::new(service, version, Arc::new(SystemClock), Arc::new(RandomIds));
    let guard = yunei_telemetry::init(telemetry.filter(filter))
        .map_err(|error| Input::new("cannot log as it was told").because(error))?;
    // A room dies with the thread that started it (`PR_SET_PDEATHSIG` is of the thread). Where one of the workers blocks, an import say, another
    // takes its place, and it would end later as an idle one: so idle threads stay.
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE_MAX)
        .build();
    Ok((guard, runtime.context("cannot start")?))
}
