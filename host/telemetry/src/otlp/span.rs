//! One span, made from the record.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use yunei_model::Timestamp;

use super::Audience;
use crate::names::{self, Shape};
use crate::redact::admit_text;

/// Most attributes of one span or event.
pub const ATTRIBUTES_MAX: usize = 32;
/// Most events of one span.
pub const EVENTS_MAX: usize = 64;
/// Most values of one attribute.
pub const LIST_MAX: usize = 64;
/// Nanoseconds of a microsecond.
const NANOS_PER_MICRO: u64 = 1000;

/// A trace id: 16 bytes, not all zero.
pub type TraceId = [u8; 16];
/// A span id: 8 bytes, not all zero.
pub type SpanId = [u8; 8];

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text of the attribute's shape.
    Text(String),
    /// Several of them.
    Texts(Vec<String>),
    /// A number.
    Number(i64),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

type Attributes = Vec<(&'static str, Value)>;

/// A span as the record tells of it.
///
/// INVARIANT: every attribute has a name of [`names`](crate::names) and a value of that name's shape; names are constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanRecord {
    name: &'static str,
    trace: TraceId,
    id: SpanId,
    parent: Option<SpanId>,
    link: Option<(TraceId, SpanId)>,
    start: Timestamp,
    end: Timestamp,
    attributes: Attributes,
    events: Vec<(&'static str, Timestamp, Attributes)>,
    failed: bool,
}

impl SpanRecord {
    /// A span of that name ([`names::span`](crate::names::span)) from `start` to `end`.
    #[must_use]
    pub fn new(
        name: &'static str,
        trace: TraceId,
        id: SpanId,
        start: Timestamp,
        end: Timestamp,
    ) -> Self {
        Self {
            name,
            trace,
            id,
            parent: None,
            link: None,
            start,
            end: end.max(start),
            attributes: Vec::new(),
            events: Vec::new(),
            failed: false,
        }
    }

    /// The same, below `parent` in the same trace.
    #[must_use]
    pub const fn below(mut self, parent: SpanId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// The same, linked to a span of another trace.
    #[must_use]
    pub const fn linked(mut self, trace: TraceId, span: SpanId) -> Self {
        self.link = Some((trace, span));
        self
    }

    /// The same, marked as failed.
    #[must_use]
    pub const fn failed(mut self, failed: bool) -> Self {
        self.failed = failed;
        self
    }

    /// The same with an attribute; a value of another shape than the name's is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        push(&mut self.attributes, name, value.into());
        self
    }

    /// The same with an attribute, if there is a value.
    #[must_use]
    pub fn with_any(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with an event ([`names::event`](crate::names::event)) and its attributes.
    #[must_use]
    pub fn event(
        mut self,
        name: &'static str,
        at: Timestamp,
        attributes: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Self {
        if self.events.len() < EVENTS_MAX {
            let mut kept = Vec::new();
            for (name, value) in attributes {
                push(&mut kept, name, value);
            }
            self.events.push((name, at, kept));
        }
        self
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> SpanId {
        self.id
    }

    /// As it goes to `audience`.
    pub(super) fn encode(&self, audience: Audience) -> Span {
        let links = self
            .link
            .filter(|_| audience == Audience::Full)
            .map(|(trace, span)| Link {
                trace_id: trace.to_vec(),
                span_id: span.to_vec(),
                ..Link::default()
            });
        let status = if self.failed {
            StatusCode::Error
        } else {
            StatusCode::Unset
        };
        Span {
            trace_id: self.trace.to_vec(),
            span_id: self.id.to_vec(),
            parent_span_id: self.parent.map(|id| id.to_vec()).unwrap_or_default(),
            // The lowest bit: sampled, as everything is.
            flags: 1,
            name: self.name.to_owned(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanos(self.start),
            end_time_unix_nano: nanos(self.end),
            attributes: encode(&self.attributes, audience),
            events: self
                .events
                .iter()
                .map(|(name, at, attributes)| Event {
                    time_unix_nano: nanos(*at),
                    name: (*name).to_owned(),
                    attributes: encode(attributes, audience),
                    dropped_attributes_count: 0,
                })
                .collect(),
            links: links.into_iter().collect(),
            status: Some(Status {
                code: status.into(),
                message: String::new(),
            }),
            ..Span::default()
        }
    }
}

fn push(attributes: &mut Attributes, name: &'static str, value: Value) {
    let Some(shape) = names::shape(name) else {
        return;
    };
    if attributes.len() >= ATTRIBUTES_MAX {
        return;
    }
    let admitted = |text: &str| {
        // A cause is stripped; a number written as a text stays out.
        admit_text(shape, text)
            .filter(|_| shape != Shape::Number)
            .and_then(|value| value.as_str().map(str::to_owned))
    };
    let value = match value {
        Value::Number(number) => (shape == Shape::Number).then_some(Value::Number(number)),
        Value::Text(text) => admitted(&text).map(Value::Text),
        Value::Texts(texts) => {
            let texts: Vec<String> = texts
                .iter()
                .take(LIST_MAX)
                .filter_map(|text| admitted(text))
                .collect();
            (!texts.is_empty()).then_some(Value::Texts(texts))
        }
    };
    if let Some(value) = value {
        attributes.push((name, value));
    }
}

fn encode(attributes: &Attributes, audience: Audience) -> Vec<KeyValue> {
    attributes
        .iter()
        .filter(|(name, _)| audience == Audience::Full || names::OPERATIONS.contains(name))
        .map(|(name, value)| key_value(name, value))
        .collect()
}

pub(super) fn key_value(name: &str, value: &Value) -> KeyValue {
    let text = |text: &String| Any::StringValue(text.clone());
    let any = match value {
        Value::Number(number) => Any::IntValue(*number),
        Value::Text(one) => text(one),
        Value::Texts(several) => Any::ArrayValue(ArrayValue {
            values: several
                .iter()
                .map(|one| AnyValue {
                    value: Some(text(one)),
                })
                .collect(),
        }),
    };
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(any) }),
        ..KeyValue::default()
    }
}

/// Times before 1970 are none that a clock of ours shows.
fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros())
        .unwrap_or(0)
        .saturating_mul(NANOS_PER_MICRO)
}
