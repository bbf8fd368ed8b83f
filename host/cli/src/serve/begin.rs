//! What every process that stays up begins with.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use yunei_model::{RandomIds, SystemClock};
use yunei_telemetry::{Guard, Settings};

use crate::failure::Input;

/// Telemetry of `service`, which goes out at the latest when its guard is dropped, and a runtime.
pub fn begin(service: &'static str, filter: &str) -> anyhow::Result<(Guard, Runtime)> {
    let version = env!("CARGO_PKG_VERSION");
    let telemetry = Settings::new(service, version, Arc::new(SystemClock), Arc::new(RandomIds));
    let guard = yunei_telemetry::init(telemetry.filter(filter))
        .map_err(|error| Input::new("cannot log as it was told").because(error))?;
    let runtime = Builder::new_multi_thread().enable_all().build();
    Ok((guard, runtime.context("cannot start")?))
}
