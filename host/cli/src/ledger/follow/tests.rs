use super::*;

#[test]
fn events_are_read_line_by_line() {
    let mut event = Event::default();
    for line in [
        "id: 7",
        "event: entry",
        "data: {\"a\":",
        "data: 1}",
        "retry: 2000",
        ": beat",
        "nonsense",
    ] {
        event.read(line);
    }
    assert_eq!(event.id, Some(7));
    assert_eq!(event.name, "entry");
    assert_eq!(event.data, "{\"a\":1}");
}

#[test]
fn what_a_unit_is_told_takes_one_line() {
    let data = serde_json::json!({ "run": "r", "status": "released", "at": 5 });
    assert_eq!(words(&data), "r  released");
}
