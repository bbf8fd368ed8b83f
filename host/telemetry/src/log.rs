//! The log: one JSON object a line, made of redacted fields alone.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value};
use tracing::dispatcher::WeakDispatch;
use tracing::{Dispatch, Event, Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use yunei_model::Clock;

use crate::redact::Fields;

/// Most enclosing spans that a line tells of, from the innermost outwards.
const SPANS_MAX: usize = 16;

/// Writes events as JSON. Fields are redacted when they are recorded, so nothing else is ever held.
pub(crate) struct LogLayer {
    output: BoxMakeWriter,
    clock: Arc<dyn Clock>,
    /// The subscriber that this layer is part of: trace ids are asked of it.
    subscriber: OnceLock<WeakDispatch>,
}

impl LogLayer {
    pub(crate) fn new(output: BoxMakeWriter, clock: Arc<dyn Clock>) -> Self {
        Self {
            output,
            clock,
            subscriber: OnceLock::new(),
        }
    }

    fn trace_ids(&self, id: &span::Id) -> Option<(String, String)> {
        let dispatch = self.subscriber.get()?.upgrade()?;
        let context = tracing_opentelemetry::get_otel_context(id, &dispatch)?;
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid()
            .then(|| (ids.trace_id().to_string(), ids.span_id().to_string()))
    }

    fn line<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> Map<String, Value>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("at".into(), self.clock.now().to_string().into());
        line.insert("level".into(), metadata.level().as_str().into());
        line.insert("target".into(), metadata.target().into());
        // An event without a `name:` is called after its place in the source; both are constants of the program.
        line.insert("event".into(), metadata.name().into());
        if let (Some(file), Some(number)) = (metadata.file(), metadata.line()) {
            line.insert("source".into(), format!("{file}:{number}").into());
        }

        let mut own = Fields::default();
        event.record(&mut own);
        let mut dropped = own.dropped;
        let mut spans = Vec::new();
        let mut inherited = Vec::new();
        if let Some(current) = context.event_span(event) {
            if let Some((trace, span)) = self.trace_ids(&current.id()) {
                line.insert("trace_id".into(), trace.into());
                line.insert("span_id".into(), span.into());
            }
            for span in current.scope().take(SPANS_MAX) {
                spans.push(Value::from(span.name()));
                if let Some(fields) = span.extensions().get::<Fields>() {
                    inherited.push(fields.kept.clone());
                    dropped.extend(&fields.dropped);
                }
            }
        }
        let mut fields = Map::new();
        // From the outermost span inwards, so that what is nearer wins.
        for (name, value) in inherited.into_iter().rev().flatten().chain(own.kept) {
            fields.insert(name.into(), value);
        }
        if !spans.is_empty() {
            line.insert("spans".into(), spans.into());
        }
        if !fields.is_empty() {
            line.insert("fields".into(), fields.into());
        }
        if !dropped.is_empty() {
            line.insert("dropped".into(), dropped.into());
        }
        line
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        // Only the first registration counts: a layer is part of one subscriber.
        let _again = self.subscriber.set(subscriber.downgrade());
    }

    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        context: Context<'_, S>,
    ) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut bytes = Value::from(self.line(event, &context))
            .to_string()
            .into_bytes();
        bytes.push(b'\n');
        // One write a line, so that lines of several threads do not mix. A log that cannot be written has nowhere to say so.
        let _unwritable = self.output.make_writer().write_all(&bytes);
    }
}
