use std::collections::BTreeSet;

use crate::names::{self, ATTRIBUTES, OPERATIONS, Shape, event, shape, span};

/// The bridge to OpenTelemetry sets these by itself.
const BRIDGE: [&str; 2] = ["level", "target"];
/// Stable groups of the semantic conventions.
const CONVENTIONS: [&str; 9] = [
    "http.", "url.", "server.", "error.", "process.", "db.", "code.", "otel.", "service.",
];

#[test]
fn every_name_is_ours_or_a_convention() {
    for (name, _) in ATTRIBUTES {
        let known = name.starts_with("yunei.")
            || BRIDGE.contains(name)
            || CONVENTIONS.iter().any(|group| name.starts_with(group));
        assert!(known, "`{name}`");
    }
    for name in span::ALL {
        assert!(name.starts_with("yunei."), "`{name}`");
    }
}

#[test]
fn every_name_is_there_once() {
    let attributes: Vec<_> = ATTRIBUTES.iter().map(|(name, _)| *name).collect();
    for names in [attributes.as_slice(), span::ALL, event::ALL] {
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }
}

#[test]
fn operations_see_nobody_and_nothing_by_name() {
    for name in OPERATIONS {
        let shape = shape(name).expect("a name of the list");
        assert!(!matches!(shape, Shape::Id | Shape::Digest), "`{name}`");
    }
    for telling in [
        names::OPERATOR_ID,
        names::ORGANISATION_ID,
        names::ACCOUNT_ID,
        names::RUN_ID,
        names::GRANT_ID,
        names::MODULE_ID,
        names::RESOURCE,
        names::FIELDS,
        names::PURPOSE,
        names::CLAUSE,
        names::OUTPUT,
        names::ROWS,
        names::BYTES,
        names::CELLS,
    ] {
        assert!(!OPERATIONS.contains(&telling), "`{telling}`");
    }
}

#[test]
fn an_unlisted_name_has_no_shape() {
    assert_eq!(shape("yunei.subject"), None);
    assert_eq!(shape("message"), None);
    assert!(ATTRIBUTES.iter().all(|(name, of)| shape(name) == Some(*of)));
}
