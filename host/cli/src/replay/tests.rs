use serde_json::json;

use super::{Found, told};

const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn a_difference_says_where_and_what() {
    let basis =
        json!({ "recorded": DIGEST, "present": DIGEST, "under_recorded": true, "changed": [] });
    let old = json!({ "recorded": DIGEST, "present": "sha256:1", "under_recorded": true, "changed": ["threshold.min"] });
    let found = json!({
        "run": "01890a5d-ac96-774b-bcce-b302099a8057", "same": false, "position": 12, "index": 11,
        "policies": basis, "profile": old, "calls": 3,
        "trace_root": null, "output_digest": null, "decision": null,
        "differences": [{ "at": "call", "index": 3, "field": "rows", "recorded": "7", "replayed": "8" }],
    });
    let found: Found = serde_json::from_value(found).unwrap();
    let told = told(&found);
    for part in [
        "differs",
        "entry 12 of the record, index 11",
        "changed since: threshold.min",
        "call, index 3, field rows: recorded 7, replayed 8",
    ] {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
}
