//! Trace and span ids out of the id source that is passed in.

use std::fmt;
use std::sync::Arc;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::IdGenerator;
use yunei_model::IdSource;

/// Makes trace ids of whole UUIDs and span ids of their second halves.
pub(crate) struct Identity(pub(crate) Arc<dyn IdSource>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl IdGenerator for Identity {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(self.0.next().as_u128())
    }

    fn new_span_id(&self) -> SpanId {
        let (_, low) = self.0.next().as_u64_pair();
        SpanId::from(low)
    }
}
