//! Spans of one request to a collector.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;

use super::span::{Value, key_value};
use super::{Audience, SpanRecord};
use crate::names;

/// Most spans of one batch.
pub const BATCH_SPANS_MAX: usize = 512;
/// Most bytes of one batch's spans; a single span is far below it.
pub const BATCH_BYTES_MAX: usize = 1 << 20;
/// Path of traces below a collector's address.
pub const PATH: &str = "/v1/traces";
/// Media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/x-protobuf";
/// Name of the service and of the instrumentation scope.
const SERVICE: &str = "yunei";

/// Spans in their order, within [`BATCH_SPANS_MAX`] and [`BATCH_BYTES_MAX`].
#[derive(Debug)]
pub struct Batch {
    audience: Audience,
    spans_max: usize,
    spans: Vec<Span>,
    bytes: usize,
}

impl Batch {
    /// An empty one for `audience`, with room for `spans_max` spans at most.
    #[must_use]
    pub fn new(audience: Audience, spans_max: usize) -> Self {
        Self {
            audience,
            spans_max: spans_max.clamp(1, BATCH_SPANS_MAX),
            spans: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds a span; false, and nothing is added, when the batch is full. An empty batch takes any span.
    pub fn push(&mut self, span: &SpanRecord) -> bool {
        let span = span.encode(self.audience);
        let bytes = span.encoded_len();
        let fits = self.spans.len() < self.spans_max && self.bytes + bytes <= BATCH_BYTES_MAX;
        if !fits && !self.spans.is_empty() {
            return false;
        }
        self.bytes += bytes;
        self.spans.push(span);
        true
    }

    /// Number of spans.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The body of the request.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        let attribute = |name, text: &str| key_value(name, &Value::from(text));
        let version = env!("CARGO_PKG_VERSION");
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![
                        attribute(names::SERVICE_NAME, SERVICE),
                        attribute(names::SERVICE_VERSION, version),
                        attribute(names::AUDIENCE, self.audience.as_str()),
                    ],
                    ..Resource::default()
                }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(InstrumentationScope {
                        name: SERVICE.to_owned(),
                        version: version.to_owned(),
                        ..InstrumentationScope::default()
                    }),
                    spans: self.spans,
                    schema_url: String::new(),
                }],
                schema_url: String::new(),
            }],
        };
        request.encode_to_vec()
    }
}
