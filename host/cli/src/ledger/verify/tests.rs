//! Verifications in words.

use serde_json::json;

use super::{Found, words};

#[test]
fn whoever_may_see_no_figure_learns_whether_the_record_holds() {
    let found: Found = serde_json::from_value(json!({ "holds": true })).unwrap();
    assert_eq!(words(&found), "The record holds.");
}

#[test]
fn findings_say_what_is_wrong_and_where() {
    let found: Found = serde_json::from_value(json!({
        "holds": false, "entries": 1200, "pending": 0, "covered": 1200, "checkpoints": 7, "runs": 3, "open_runs": 1,
        "calls": 90, "findings": [
            { "what": "altered", "index": 17 },
            { "what": "trace-mismatch", "index": 40, "run": "0190", "expected_calls": null, "calls": 4 },
        ], "findings_total": 5,
    }))
    .unwrap();
    insta::assert_snapshot!(words(&found), @r#"
    1,200 entries, 1,200 of them under 7 signed checkpoints, 0 waiting; 3 runs with 90 calls, 1 runs open
      altered: index 17
      trace-mismatch: calls 4, index 40, run "0190"
      and 3 more
    THE RECORD DOES NOT HOLD.
    "#);
}
