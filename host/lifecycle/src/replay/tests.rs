use yunei_model::{Call, CallDecision, CallKind, Timestamp};

use super::Place;
use super::basis::settings_changed;
use super::compare::call_difference;

fn call(rows: u64, clause: Option<&str>) -> Call {
    Call {
        index: 3,
        kind: CallKind::Batch,
        resource: None,
        fields: Vec::new(),
        rows,
        bytes: rows * 8,
        decision: CallDecision::Allowed,
        clause: clause.map(str::to_owned),
        argument_digest: None,
        at: Timestamp::from_micros(i64::try_from(rows).unwrap()),
        duration_us: rows,
    }
}

#[test]
fn what_was_observed_is_no_difference() {
    let mut later = call(7, None);
    later.at = Timestamp::from_micros(99);
    later.duration_us = 99;
    assert_eq!(call_difference(&call(7, None), &later).unwrap(), None);
}

#[test]
fn the_first_fact_that_differs_is_named() {
    let difference = call_difference(&call(7, None), &call(8, None)).unwrap();
    let difference = difference.unwrap();
    let place = Place::Call {
        index: 3,
        field: "rows".to_owned(),
    };
    assert_eq!(difference.place, place);
    assert_eq!(difference.recorded.as_deref(), Some("7"));
    assert_eq!(difference.replayed.as_deref(), Some("8"));
    let difference = call_difference(&call(7, Some("grant.fields")), &call(8, None)).unwrap();
    assert_eq!(difference.unwrap().replayed, None, "a clause comes first");
}

#[test]
fn changed_settings_of_a_profile_are_named_by_their_paths() {
    let then = "name = \"a\"\n[threshold]\nmin = 10\nkept = 1\n";
    let now = "name = \"a\"\n[threshold]\nmin = 5\nkept = 1\n[new]\nrule = true\n";
    assert_eq!(settings_changed(then, now), ["new.rule", "threshold.min"]);
}
