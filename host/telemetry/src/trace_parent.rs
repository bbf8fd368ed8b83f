//! W3C trace context over HTTP: the header `traceparent`.
//!
//! `tracestate` is not carried: it is text that a client chooses, and the specification allows dropping it.

use std::fmt;
use std::str::FromStr;

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use thiserror::Error;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::redact::is_lower_hex;

/// Longest `traceparent` of a later version that is looked at, in bytes.
const LENGTH_MAX: usize = 256;

/// Where a trace comes from or goes to: the value of the header `traceparent`
/// (<https://www.w3.org/TR/trace-context/#traceparent-header>).
///
/// ```
/// use yunei_telemetry::TraceParent;
///
/// let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?;
/// assert_eq!(parent.trace_id(), "0af7651916cd43dd8448eb211c80319c");
/// # Ok::<(), yunei_telemetry::TraceParentError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: TraceId,
    span: SpanId,
    sampled: bool,
}

/// A `traceparent` that does not follow the specification; the request is served under a trace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed `traceparent`")]
pub struct TraceParentError;

impl TraceParent {
    /// Name of the header.
    pub const HEADER: &str = "traceparent";

    /// The place of `span` in its trace; nothing when no tracer is installed or the span is filtered out.
    ///
    /// The span is thereby started: [`TraceParent::adopt`] comes before.
    #[must_use]
    pub fn of(span: &Span) -> Option<Self> {
        let context = span.context();
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| Self {
            trace: ids.trace_id(),
            span: ids.span_id(),
            sampled: ids.is_sampled(),
        })
    }

    /// The header for a request that is sent on within the current span; nothing when no trace is current. For witnesses and webhooks;
    /// collectors get none, or delivering spans would make spans.
    #[must_use]
    pub fn outbound() -> Option<(String, String)> {
        let current = Self::of(&Span::current())?;
        Some((Self::HEADER.to_owned(), current.to_string()))
    }

    /// Makes `span` a child of this one. False when no tracer is installed, or the span was entered already.
    pub fn adopt(&self, span: &Span) -> bool {
        let flags = if self.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        let remote = SpanContext::new(self.trace, self.span, flags, true, TraceState::default());
        span.set_parent(Context::new().with_remote_span_context(remote))
            .is_ok()
    }

    /// Trace id in 32 hexadecimal digits, as entries of the record carry it.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.trace.to_string()
    }

    /// Span id in 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        self.span.to_string()
    }
}

impl fmt::Display for TraceParent {
    /// Writes the header's value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{}-{}-{flags:02x}", self.trace, self.span)
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    /// Parses the header's value strictly: the SDK's own propagator also takes short and signed numbers.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim_matches([' ', '\t']).splitn(5, '-');
        let mut hex = |digits: usize| {
            parts
                .next()
                .filter(|part| part.len() == digits && part.bytes().all(is_lower_hex))
                .ok_or(TraceParentError)
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        // Version 00 ends here; a later one may go on after a hyphen; ff is none.
        let goes_on = parts.next().is_some();
        let fits = text.len() <= LENGTH_MAX && version != "ff" && !(version == "00" && goes_on);
        let flags = u8::from_str_radix(flags, 16).map_err(|_| TraceParentError)?;
        let parent = Self {
            trace: TraceId::from_hex(trace).map_err(|_| TraceParentError)?,
            span: SpanId::from_hex(span).map_err(|_| TraceParentError)?,
            sampled: flags & 1 == 1,
        };
        let named = parent.trace != TraceId::INVALID && parent.span != SpanId::INVALID;
        if fits && named {
            Ok(parent)
        } else {
            Err(TraceParentError)
        }
    }
}
