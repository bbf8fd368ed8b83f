//! What a comparison subject by subject does not hold against the rules.

use yunei_model::{Aggregate, Banding, BandingKind, Name};

use super::*;
use crate::MeasurePlan;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A sum by town.
fn output(weight: Option<usize>, denominator: Option<usize>, sensitive: bool) -> OutputPlan {
    let town = DimensionPlan::Banded {
        name: name("town"),
        title: None,
        sensitive,
        column: 0,
        banding: Banding {
            name: name("towns"),
            kind: BandingKind::Values {
                values: vec!["a".to_owned(), "b".to_owned()],
            },
            within: None,
        },
        coarser: Vec::new(),
    };
    OutputPlan {
        name: name("incomes"),
        view: Some(0),
        derived: false,
        subject: Some(2),
        group: None,
        dimensions: vec![town],
        measures: vec![MeasurePlan {
            of_subject: false,
            name: name("income"),
            title: None,
            aggregate: Aggregate::Sum,
            values: Some(Source::Column(1)),
            denominator,
            weight,
        }],
        own: Vec::new(),
        model: None,
        look: false,
        totals: false,
        on_failure: OnFailure::Suppress,
        noise_key: None,
    }
}

#[test]
fn what_lies_between_changes_and_classes_are_for_people() {
    let reasons = |output: &OutputPlan| beyond(output).count();
    assert_eq!(reasons(&output(None, None, false)), 0);
    assert_eq!(reasons(&output(Some(3), None, false)), 1);
    assert_eq!(reasons(&output(None, Some(3), false)), 1);
    assert_eq!(reasons(&output(None, None, true)), 1);
    assert_eq!(reasons(&output(Some(3), None, true)), 2);
    // The same column twice is one column; what lies between two is somebody's difference.
    let mut several = output(None, None, false);
    let again = several.measures[0].clone();
    several.measures.push(again);
    assert_eq!(reasons(&several), 0);
    several.measures[1].values = Some(Source::Column(4));
    assert_eq!(reasons(&several), 1);
}
