use yunei_model::{
    BracketColumn, BracketOf, Call, CallDecision, CallKind, Checks, Name, Status, Timestamp,
};

use super::basis::settings_changed;
use super::checks::checks_differ;
use super::compare::call_difference;
use super::{Difference, Place};

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

fn checks(dominance: f64, high: f64) -> Checks {
    let name = |text| Name::parse(text).unwrap();
    let mut checks = Checks {
        cells: 2,
        primary: vec![1],
        ..Checks::default()
    };
    let figures = [
        (0, Status::Pass, dominance, 0.85),
        (1, Status::Fail, 0.9, 0.85),
    ];
    checks.add_rule(name("dominance"), Some(name("cost")), &figures);
    let mut subjects = BracketColumn::new(BracketOf::Subjects, None);
    subjects.push(1, (3.0, Some(high)), (None, Some(13.0)));
    checks.brackets.push(subjects);
    checks
}

#[test]
fn a_figure_of_a_rule_that_passed_is_compared_to_the_last_bit_and_not_told() {
    let output = Name::parse("out").unwrap();
    let differs = |now: Option<&Checks>| checks_differ(&output, &checks(0.25, 13.0), now);
    assert_eq!(differs(Some(&checks(0.25, 13.0))), None);
    let field = |difference: Option<Difference>| match difference.unwrap().place {
        Place::Cell { field, rule, .. } => (field, rule.map(|rule| rule.to_string())),
        Place::Verdict { field, .. } => (field, None),
        other => panic!("{other:?}"),
    };
    let other = checks(f64::from_bits(0.25_f64.to_bits() + 1), 13.0);
    let difference = differs(Some(&other));
    let told = serde_json::to_string(&difference).unwrap();
    assert!(!told.contains("0.25"), "{told}");
    assert_eq!(field(difference), ("value", Some("dominance".to_owned())));
    assert_eq!(
        field(differs(Some(&checks(0.25, 14.0)))),
        ("brackets", None)
    );
    assert_eq!(field(differs(None)), ("checks", None));
    let mut open = checks(0.25, 13.0);
    open.primary.clear();
    assert_eq!(field(differs(Some(&open))), ("blank", None));
}
