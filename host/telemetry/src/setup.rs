//! Puts tracer, log and filter together.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanLimits, TracerProviderBuilder};
use thiserror::Error;
use tracing::Dispatch;
use tracing::dispatcher::{SetGlobalDefaultError, set_global_default};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Registry};
use yunei_model::{Clock, IdSource};

use crate::identity::Identity;
use crate::log::LogLayer;

/// What is logged unless the settings say otherwise: our own from `info`, others' from `warn`.
pub const FILTER_DEFAULT: &str = "warn,yunei=info";

/// Limits of one span, so that a busy run cannot fill memory.
const SPAN_LIMITS: SpanLimits = SpanLimits {
    max_events_per_span: 128,
    max_attributes_per_span: 64,
    max_links_per_span: 16,
    max_attributes_per_event: 32,
    max_attributes_per_link: 8,
};

/// How a process traces and logs.
pub struct Settings {
    /// Name of the service, as the semantic convention `service.name` means it.
    pub service: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Directives of the form `level` or `target=level`, separated by commas.
    pub filter: String,
    /// Where log lines go.
    pub output: BoxMakeWriter,
    /// Where times of log lines come from.
    pub clock: Arc<dyn Clock>,
    /// Where trace and span ids come from.
    pub ids: Arc<dyn IdSource>,
}

impl Settings {
    /// [`FILTER_DEFAULT`], to standard error.
    #[must_use]
    pub fn new(
        service: &'static str,
        version: &'static str,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            service,
            version,
            filter: FILTER_DEFAULT.to_owned(),
            output: BoxMakeWriter::new(std::io::stderr),
            clock,
            ids,
        }
    }

    /// The same, with the directives of `filter`.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = filter.into();
        self
    }

    /// The same, with log lines going to `output`.
    #[must_use]
    pub fn writing_to<W>(mut self, output: W) -> Self
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        self.output = BoxMakeWriter::new(output);
        self
    }
}

/// Why telemetry could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter is not understood.
    #[error("the log filter is not understood")]
    Filter(#[source] ParseError),
    /// A subscriber is installed already.
    #[error("telemetry is set up already")]
    Installed(#[source] SetGlobalDefaultError),
}

/// Keeps the tracer; flushes and ends it when dropped.
#[must_use = "spans end when the guard is dropped"]
#[derive(Debug)]
pub struct Guard(SdkTracerProvider);

impl Drop for Guard {
    fn drop(&mut self) {
        // The process is ending: there is nobody left to tell.
        let _unflushed = self.0.shutdown();
    }
}

/// Sets the process up; once, at the start, by the composition root.
///
/// # Errors
/// [`TelemetryError`] when the filter is not understood or a subscriber is installed already.
pub fn init(settings: Settings) -> Result<Guard, TelemetryError> {
    let (dispatch, guard) = dispatch(settings)?;
    set_global_default(dispatch).map_err(TelemetryError::Installed)?;
    Ok(guard)
}

/// The same as [`init`] without installing it, for a scope (`tracing::dispatcher::with_default`).
///
/// # Errors
/// [`TelemetryError::Filter`] when the filter is not understood.
pub fn dispatch(settings: Settings) -> Result<(Dispatch, Guard), TelemetryError> {
    assemble(settings, |builder| builder)
}

/// Puts the subscriber together; `exporters` adds span processors to the tracer.
pub(crate) fn assemble(
    settings: Settings,
    exporters: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
) -> Result<(Dispatch, Guard), TelemetryError> {
    let filter = EnvFilter::builder()
        .parse(&settings.filter)
        .map_err(TelemetryError::Filter)?;
    // An empty builder: the default one reads the environment.
    let resource = Resource::builder_empty()
        .with_service_name(settings.service)
        .with_attribute(KeyValue::new("service.version", settings.version))
        .build();
    let builder = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_id_generator(Identity(settings.ids))
        // Always: a client's `traceparent` must not be able to switch supervision off.
        .with_sampler(Sampler::AlwaysOn)
        .with_span_limits(SPAN_LIMITS);
    let provider = exporters(builder).build();
    let tracing = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("yunei"))
        .with_error_fields_to_exceptions(false)
        .with_error_records_to_exceptions(false)
        .with_error_events_to_exceptions(false)
        .with_error_events_to_status(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    // The tracer's layer comes first: the log asks it for ids.
    let subscriber = Registry::default()
        .with(filter)
        .with(tracing)
        .with(LogLayer::new(settings.output, settings.clock));
    Ok((Dispatch::new(subscriber), Guard(provider)))
}
