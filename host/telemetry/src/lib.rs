//! OpenTelemetry set-up, span and field names, redaction.
//!
//! Duty: give every process of Yunei one way of tracing and logging. [`names`] is the only place where a span, an event or an
//! attribute gets its name; [`init`] installs the tracer provider and the JSON log; [`TraceParent`] carries a trace over HTTP.
//!
//! Invariants:
//! - A field reaches a log line or an exporter only if its name is in [`names`] *and* its value has the [`Shape`] of that name.
//! - Free text never does: messages are dropped, so an event says what happened by its name, a constant of the program: use [`event!`] and [`span!`].
//!   The one attribute made of words, [`names::CAUSE`], is stripped of everything that could be a value.
//! - Time and ids come from the [`Clock`](yunei_model::Clock) and [`IdSource`](yunei_model::IdSource) of the [`Settings`].
//!
//! Never: a row value in a log line or a span; being the record, which is `yunei-ledger`'s; reading the environment.
//!
//! ```
//! use std::sync::Arc;
//! use yunei_model::{RandomIds, SystemClock};
//! use yunei_telemetry::{Settings, event, init, span};
//!
//! let settings = Settings::new("yunei-server", "0.1.0", Arc::new(SystemClock), Arc::new(RandomIds));
//! let _guard = init(settings)?; // flushes when dropped
//! let span = span!(RUN, RUN_STATE = "running");
//! let _entered = span.enter();
//! event!(INFO, ROOM_STARTED, ROOM = "cell", PROCESS_ID = 4711);
//! # Ok::<(), yunei_telemetry::TelemetryError>(())
//! ```

mod cause;
mod export;
mod identity;
mod log;
mod macros;
pub mod names;
mod redact;
mod setup;
mod trace_parent;

pub use cause::{chain, chain_in_words};
pub use export::RedactingExporter;
pub use names::Shape;
pub use setup::{FILTER_DEFAULT, Guard, Settings, TelemetryError, dispatch, init};
pub use trace_parent::{TraceParent, TraceParentError};

#[doc(hidden)]
pub use tracing as __tracing;

#[cfg(test)]
mod tests;
