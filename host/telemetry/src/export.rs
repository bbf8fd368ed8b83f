//! Redaction on the way to an exporter.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::names::{self, Shape};
use crate::redact;

/// Name of an event whose own name was free text.
const EVENT_UNNAMED: &str = "event";
/// Name of a span whose own name was free text.
const SPAN_UNNAMED: &str = "span";

/// Hands spans to an exporter with the same redaction as the log's. Every exporter is wrapped in it.
#[derive(Debug)]
pub struct RedactingExporter<E>(E);

impl<E: SpanExporter> RedactingExporter<E> {
    /// Stands before `exporter`.
    pub const fn new(exporter: E) -> Self {
        Self(exporter)
    }
}

impl<E: SpanExporter> SpanExporter for RedactingExporter<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(redact);
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

// A borrowed name is a constant of the program; an owned one was put together while it ran, and may be a message.
fn redact(span: &mut SpanData) {
    if let Cow::Owned(_) = span.name {
        span.name = Cow::Borrowed(SPAN_UNNAMED);
    }
    span.attributes.retain_mut(admit);
    for event in &mut span.events.events {
        if let Cow::Owned(_) = event.name {
            event.name = Cow::Borrowed(EVENT_UNNAMED);
        }
        event.attributes.retain_mut(admit);
    }
    for link in &mut span.links.links {
        link.attributes.retain_mut(admit);
    }
    if let Status::Error { description } = &mut span.status {
        *description = Cow::Owned(redact::strip(description));
    }
}

/// Whether the attribute stays; a cause is stripped in place.
fn admit(attribute: &mut KeyValue) -> bool {
    let Some(shape) = names::shape(attribute.key.as_str()) else {
        return false;
    };
    match &attribute.value {
        Value::Bool(_) => shape == Shape::Flag,
        Value::I64(_) => shape == Shape::Number,
        Value::String(text) => {
            let admitted = redact::admit_text(shape, text.as_str());
            if let (Shape::Cause, Some(serde_json::Value::String(stripped))) = (shape, &admitted) {
                attribute.value = Value::from(stripped.clone());
            }
            admitted.is_some()
        }
        _ => false,
    }
}
