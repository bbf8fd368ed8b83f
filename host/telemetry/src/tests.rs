//! What may and may not come out of telemetry.

mod export;
mod log;
mod names;
mod redact;
mod trace_parent;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::dispatcher::with_default;
use yunei_model::{CountingIds, FixedClock, Timestamp};

use crate::Settings;

/// A place for log lines that the test reads afterwards.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn settings(buffer: &Buffer) -> Settings {
    let clock = FixedClock::at(Timestamp::from_micros(1_767_225_600_000_000));
    let buffer = buffer.clone();
    Settings::new(
        "yunei-test",
        "0.0.0",
        Arc::new(clock),
        Arc::new(CountingIds::default()),
    )
    .filter("trace")
    .writing_to(move || buffer.clone())
}

/// What `scene` logs.
fn logged(scene: impl FnOnce()) -> Buffer {
    let buffer = Buffer::default();
    let (dispatch, _guard) = crate::dispatch(settings(&buffer)).unwrap();
    with_default(&dispatch, scene);
    buffer
}
