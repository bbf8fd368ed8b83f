//! OpenTelemetry set-up, span and field names, redaction.
