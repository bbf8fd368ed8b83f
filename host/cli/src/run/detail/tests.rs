//! Runs as supervision sees them.

use serde_json::{Value, json};

use super::{Shown, exit, one};
use crate::exit::Exit;

const ID: &str = "0190b5d3-4a1e-7c3b-9f00-0123456789ab";

fn withheld(state: &str) -> Value {
    json!({
        "run": {
            "id": ID, "operator": ID, "submitted_by": ID, "submitted_by_person": ID, "grant": ID, "grant_version": 1,
            "module": ID, "module_digest": format!("sha256:{}", "0".repeat(64)), "purpose": "health-insurance-design",
            "snapshots": [ID], "parameters": { "long_from_km": 2000 }, "trigger": { "kind": "request" }, "state": state,
            "submitted_at": 1_767_225_600_000_000_i64, "started_at": null, "ended_at": 1_767_225_601_000_000_i64,
            "trace_root": null, "calls": 3, "rows_fed": 20190, "end_cause": null,
        },
        "verdicts": [{
            "output": "spending", "route": "recomputed", "profile": "yunei",
            "profile_digest": format!("sha256:{}", "0".repeat(64)), "decision": "withhold", "cells_total": 5,
            "cells_released": 0, "cells_failed": 1, "cells_complementary": 4,
            "cells": [{ "cell": ["year 3"], "status": "fail", "suppressed": true, "failed": [
                { "rule": "dominance", "measure": "dollars", "status": "fail", "value": 0.912, "bound": 0.85 },
                { "rule": "p-percent", "measure": "dollars", "status": "fail", "value": null, "bound": 0.1 },
            ] }],
            "hints": ["coarser-banding"], "reasons": ["more than half of the cells would be blank"],
        }],
        "reviews": [], "releases": [],
        "use_of_fields": [
            { "resource": "rand-health-insurance", "field": "study_year", "declared": true, "granted": true, "used": true },
            { "resource": "rand-health-insurance", "field": "age", "declared": false, "granted": true, "used": false },
        ],
    })
}

#[test]
fn supervision_sees_the_rule_with_its_figures_and_which_fields_were_used() {
    let shown: Shown = serde_json::from_value(withheld("withheld")).unwrap();
    insta::assert_snapshot!(one(shown));
}

#[test]
fn a_review_ends_by_what_became_of_the_run() {
    let of = |state| exit(&serde_json::from_value(withheld(state)).unwrap());
    assert_eq!(of("in-review"), Exit::Waits);
    assert_eq!(of("released"), Exit::Done);
    assert_eq!(of("withheld"), Exit::Refused);
}
