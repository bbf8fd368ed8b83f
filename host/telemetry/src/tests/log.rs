use serde_json::json;
use tracing::{Level, error, info, info_span, warn};

use super::{Buffer, logged, settings};
use crate::{TelemetryError, event, names, span};

const RUN: &str = "01936e2a-7b3c-7000-8000-0123456789ab";
/// Values as they stand in rows: none of them may be found in any line.
const ROW_VALUES: [&str; 4] = ["王小明", "320205199001011234", "Alice Rowvalue", "87654.32"];

#[test]
fn a_line_tells_time_event_place_and_allowed_fields() {
    let buffer = logged(|| {
        let run = info_span!(
            names::span::RUN,
            { names::RUN_ID } = RUN,
            { names::ROWS } = 1_u64
        );
        let _run = run.enter();
        let room = span!(ROOM, ROOM = "cell", ROWS = 2_u64);
        let _room = room.enter();
        event!(
            INFO,
            ROOM_STARTED,
            PROCESS_ID = 4711_i64,
            LOCKDOWN_IN_FORCE = true,
        );
    });
    let lines = buffer.lines();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["at"], "2026-01-01T00:00:00.000000Z");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["event"], "room-started");
    assert_eq!(line["target"], "yunei_telemetry::tests::log");
    assert!(line["source"].as_str().unwrap().contains("tests/log.rs:"));
    assert_eq!(line["spans"], json!(["yunei.room", "yunei.run"]));
    assert_eq!(
        line["fields"],
        json!({ "process.pid": 4711, "yunei.lockdown.in_force": true, "yunei.room": "cell", "yunei.rows": 2, "yunei.run.id": RUN }),
        "the inner span's value wins"
    );
    assert!(line.get("dropped").is_none());
    assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(line["span_id"].as_str().unwrap().len(), 16);
}

#[test]
fn a_message_or_an_unknown_field_never_shows() {
    let buffer = logged(|| {
        for value in ROW_VALUES {
            let span = info_span!("anything", subject = value, { names::RUN_ID } = RUN);
            let _entered = span.enter();
            info!("row of {value}");
            warn!(amount = value, row = ?[value], "static");
            error!(error = %value, { names::CODE } = "internal");
        }
    });
    assert_eq!(buffer.lines().len(), 3 * ROW_VALUES.len());
    for value in ROW_VALUES {
        assert!(
            !buffer.text().contains(value),
            "`{value}` shows:\n{}",
            buffer.text()
        );
    }
    let second = &buffer.lines()[1];
    assert_eq!(
        second["dropped"],
        json!(["message", "amount", "row", "subject"])
    );
    let third = &buffer.lines()[2];
    assert_eq!(third["fields"]["yunei.code"], "internal");
}

#[test]
fn a_value_of_another_shape_never_shows_under_an_allowed_name() {
    let buffer = logged(|| {
        for value in ROW_VALUES {
            info!(
                { names::RUN_ID } = value,
                { names::MODULE_DIGEST } = value,
                { names::RESOURCE } = value,
                { names::LOCKDOWN_IN_FORCE } = value,
            );
            info!({ names::CLAUSE } = %value, { names::ROOM } = ?value);
            info!({ names::CAUSE } = %format!("cannot read `{value}` as a date"));
        }
        info!(
            { names::ROWS } = 0.5_f64,
            { names::RESOURCE } = 17_u64,
            { names::LOCKDOWN_IN_FORCE } = 1_u64,
            { names::ROOM } = true
        );
    });
    for value in ROW_VALUES {
        assert!(
            !buffer.text().contains(value),
            "`{value}` shows:\n{}",
            buffer.text()
        );
    }
    let lines = buffer.lines();
    assert_eq!(lines[2]["fields"]["yunei.cause"], "cannot read … as a date");
    let last = lines.last().unwrap();
    assert!(last.get("fields").is_none(), "{last}");
    assert_eq!(last["dropped"].as_array().unwrap().len(), 4);
}

#[test]
fn a_field_recorded_later_is_redacted_too() {
    let buffer = logged(|| {
        let span = tracing::span!(
            Level::INFO,
            "yunei.run",
            { names::RUN_STATE } = tracing::field::Empty,
            { names::ROOM } = tracing::field::Empty
        );
        span.record(names::RUN_STATE, "sealed");
        span.record(names::ROOM, "王小明");
        let _entered = span.enter();
        event!(INFO, RUN_ENDED, ROWS = 3_u64);
    });
    let line = &buffer.lines()[0];
    assert_eq!(
        line["fields"],
        json!({ "yunei.run.state": "sealed", "yunei.rows": 3 })
    );
    assert_eq!(line["dropped"], json!(["yunei.room"]));
}

#[test]
fn the_default_filter_takes_ours_from_info_and_others_from_warn() {
    let buffer = Buffer::default();
    let settings = settings(&buffer).filter(crate::FILTER_DEFAULT);
    let (dispatch, _guard) = crate::dispatch(settings).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        event!(DEBUG, RUN_CLAIMED);
        tracing::event!(name: "ours-info", target: "yunei_server::routes", Level::INFO, {});
        tracing::event!(name: "theirs-info", target: "hyper", Level::INFO, {});
        tracing::event!(name: "theirs-warn", target: "hyper", Level::WARN, {});
    });
    let events: Vec<_> = buffer
        .lines()
        .iter()
        .map(|line| line["event"].clone())
        .collect();
    assert_eq!(events, [json!("ours-info"), json!("theirs-warn")]);
}

#[test]
fn a_filter_that_is_not_understood_is_refused() {
    let refused = crate::dispatch(settings(&Buffer::default()).filter("yunei=loudly"));
    assert!(matches!(refused, Err(TelemetryError::Filter(_))));
}

#[test]
fn a_process_is_set_up_once() {
    let _guard = crate::init(settings(&Buffer::default())).unwrap();
    let again = crate::init(settings(&Buffer::default()));
    assert!(matches!(again, Err(TelemetryError::Installed(_))));
}
