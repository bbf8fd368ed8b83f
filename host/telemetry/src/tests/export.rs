use std::sync::{Arc, Mutex};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tracing::dispatcher::with_default;
use tracing::{Level, error, info, info_span};

use super::{Buffer, settings};
use crate::{RedactingExporter, TraceParent, names, setup, span};

/// An exporter that keeps what it is given.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

fn exported(scene: impl FnOnce()) -> Vec<SpanData> {
    let kept = Kept::default();
    let exporter = RedactingExporter::new(kept.clone());
    let (dispatch, guard) = setup::assemble(settings(&Buffer::default()), |builder| {
        builder.with_simple_exporter(exporter)
    })
    .unwrap();
    with_default(&dispatch, scene);
    drop(guard);
    let spans = kept.0.lock().unwrap();
    spans.clone()
}

#[test]
fn what_is_exported_is_redacted_like_the_log() {
    let spans = exported(|| {
        let span = info_span!(
            names::span::RUN,
            { names::RUN_STATE } = "running",
            { names::ROWS } = 5_u64,
            { names::CLAUSE } = "王小明",
            subject = "Alice",
            otel.name = "run of Alice"
        );
        let _entered = span.enter();
        info!("row of Alice");
        info!("Alice");
        tracing::event!(name: names::event::STAGE_FAILED, Level::ERROR, { { names::CAUSE } = "cannot read `Alice`", who = "Alice" });
        let failed: &dyn std::error::Error = &std::fmt::Error;
        error!(error = failed, "Alice left");
    });
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    let all = format!("{span:?}");
    assert!(!all.contains("Alice") && !all.contains("王小明"), "{all}");
    assert_eq!(
        span.name, "span",
        "a name put together while running is replaced"
    );
    let attributes: Vec<_> = span
        .attributes
        .iter()
        .map(|kv| format!("{}={}", kv.key, kv.value))
        .collect();
    assert!(
        attributes.contains(&"yunei.run.state=running".to_owned()),
        "{attributes:?}"
    );
    assert!(
        attributes.contains(&"yunei.rows=5".to_owned()),
        "{attributes:?}"
    );
    let events: Vec<_> = span
        .events
        .events
        .iter()
        .map(|event| event.name.as_ref())
        .collect();
    assert_eq!(events[..3], ["event", "event", "stage-failed"]);
    let cause = span.events.events[2]
        .attributes
        .iter()
        .find(|kv| kv.key.as_str() == names::CAUSE)
        .unwrap();
    assert_eq!(cause.value.as_str(), "cannot read …");
}

#[test]
fn names_that_are_constants_stay() {
    let spans = exported(|| drop(span!(DECIDE)));
    assert_eq!(spans[0].name, names::span::DECIDE);
}

#[test]
fn a_caller_cannot_switch_tracing_off() {
    let spans = exported(|| {
        let span = span!(REQUEST);
        let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert!(unsampled.parse::<TraceParent>().unwrap().adopt(&span));
    });
    assert_eq!(spans.len(), 1);
    assert!(spans[0].span_context.is_sampled());
    assert_eq!(spans[0].parent_span_id.to_string(), "b7ad6b7169203331");
}
