//! Spans on their way to a collector: OTLP over HTTP in protobuf
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
//!
//! A [`SpanRecord`] is made from what the record says, and admits only attributes of [`names`](crate::names) with values of their shape.
//! [`Batch`] puts spans together for one [`Audience`], within bounds; [`answered`] reads what a collector made of a batch.

mod answer;
mod batch;
mod span;

pub use answer::{Answer, answered};
pub use batch::{BATCH_BYTES_MAX, BATCH_SPANS_MAX, Batch, MEDIA_TYPE, PATH};
pub use span::{ATTRIBUTES_MAX, EVENTS_MAX, LIST_MAX, SpanId, SpanRecord, TraceId, Value};

/// Who reads what is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Supervision: every attribute.
    Full,
    /// Operations: [`names::OPERATIONS`](crate::names::OPERATIONS) alone, no link, and no trace id that a client chose.
    Redacted,
}

impl Audience {
    /// As configuration and spans name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Redacted => "redacted",
        }
    }
}

#[cfg(test)]
mod tests;
