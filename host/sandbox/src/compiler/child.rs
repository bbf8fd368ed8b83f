//! The compiling child: locks itself in, reads, compiles, writes, ends.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use rustix::process::Resource;

use super::{Line, Order};
use crate::admission::inspect;
use crate::artefact::CODE_BYTES_MAX;
use crate::engine::{Metering, compiling};
use crate::jail::{Jail, compiler_calls};

/// Bytes of an order.
const ORDER_BYTES_MAX: u32 = 16 << 10;

/// The whole of `yunei compile`. Call it first thing in `main`, in the only thread.
#[must_use]
pub fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            say(&line);
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<(), Line> {
    let failed = |error: &dyn std::error::Error| Line::Failed(error.to_string());
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::OutOfMemory => Line::Memory,
        _ => failed(&error),
    };
    // The engines and the order come first: both are the parent's, and the order holds the limits of the lock. Not a
    // byte of the component is read before the lock.
    let order = read_order()?;
    let limits = order.limits;
    let plain = compiling(Metering::None).map_err(|error| failed(&error))?;
    let fuelled = compiling(Metering::Fuel).map_err(|error| failed(&error))?;
    let jail = Jail {
        resources: vec![
            (Resource::Core, 0),
            (Resource::Nproc, 0),
            (Resource::Fsize, CODE_BYTES_MAX),
            (Resource::Cpu, limits.compile_cpu_seconds_max),
            (Resource::As, limits.compile_memory_bytes_max),
        ],
        calls: compiler_calls(),
        unknown: Vec::new(),
    };
    let layers = jail.enter().map_err(|error| Line::Failed(chain(&error)))?;
    say(&Line::Locked(layers));

    let mut bytes = Vec::new();
    let most = limits.component_bytes_max.saturating_add(1);
    let mut input = std::io::stdin().lock().take(most);
    input.read_to_end(&mut bytes).map_err(io)?;
    // Judged again in here: what compiles is what was inspected, whoever called.
    let admissible = inspect(&bytes, &limits).admissible().map_err(|findings| {
        let checks: Vec<String> = findings.into_iter().map(|finding| finding.check).collect();
        Line::Refused(checks.join(", "))
    })?;
    let engine = match Metering::of(admissible.world) {
        Metering::None => plain,
        Metering::Fuel => fuelled,
    };
    let code = engine
        .precompile_component(&bytes)
        .map_err(|error| Line::Refused(format!("{error:#}")))?;
    let mut output = std::io::stdout().lock();
    output
        .write_all(&code)
        .and_then(|()| output.flush())
        .map_err(io)
}

fn read_order() -> Result<Order, Line> {
    let failed = |error: &dyn std::error::Error| Line::Failed(error.to_string());
    let mut input = rustix::stdio::stdin();
    let mut length = [0_u8; 4];
    read_exactly(&mut input, &mut length).map_err(|error| failed(&error))?;
    let length = u32::from_le_bytes(length);
    if length > ORDER_BYTES_MAX {
        return Err(Line::Failed("the order is too long".to_owned()));
    }
    let mut order = vec![0_u8; length as usize];
    read_exactly(&mut input, &mut order).map_err(|error| failed(&error))?;
    serde_json::from_slice(&order).map_err(|error| failed(&error))
}

/// Reads without a buffer, so that not a byte of the component is read along.
fn read_exactly(input: &mut impl std::os::fd::AsFd, mut place: &mut [u8]) -> std::io::Result<()> {
    while !place.is_empty() {
        let read = rustix::io::read(&mut *input, &mut *place)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        place = place.get_mut(read..).unwrap_or_default();
    }
    Ok(())
}

/// Writes one line of the report. There is nobody to tell if that fails; the exit status tells enough.
fn say(line: &Line) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let _ = std::io::stderr().write_all(&text);
    }
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
