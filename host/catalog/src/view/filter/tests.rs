//! Conditions of row filters.

use proptest::prelude::*;
use yunei_model::{Comparison, Condition, FieldType, Scalar};

use super::{ConditionError, check_condition};
use crate::testing::{Desk, RIDES_CSV, name, rides, scan};
use crate::{ViewError, Views};

fn condition(field: &str, comparison: Comparison, value: Scalar) -> Condition {
    Condition {
        field: name(field),
        comparison,
        value,
    }
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

/// The rides that conditions leave.
fn left(conditions: &[Condition]) -> Vec<String> {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let (mut plan, files) = desk.plan(&rides(), &snapshot);
    plan.filter = conditions.to_vec();
    let views = Views::open(vec![(plan, files)]).unwrap();
    scan(&views, "rides", &[8])
}

#[test]
fn every_type_is_compared_and_an_absent_value_fails() {
    use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
    let cases = [
        (condition("age", Ge, Scalar::Integer(31)), vec!["1", "3"]),
        (condition("age", Ne, Scalar::Integer(31)), vec!["4", "3"]),
        (
            condition("age", Lt, Scalar::Integer(1000)),
            vec!["4", "1", "3"],
        ),
        (condition("fare", Eq, Scalar::Number(12.3456)), vec!["4"]),
        (condition("fare", Le, text("1.5")), vec!["2", "3"]),
        (condition("fare", Gt, Scalar::Integer(2)), vec!["4"]),
        (condition("day", Eq, text("2024-02-29")), vec!["2", "3"]),
        (condition("at", Lt, text("2024-02-29T16:00:00Z")), vec!["1"]),
        (
            condition("at", Ge, text("2024-03-01 00:00:00")),
            vec!["4", "3"],
        ),
        (
            condition("speed", Ge, Scalar::Number(-0.0)),
            vec!["4", "1", "3"],
        ),
        (condition("speed", Eq, Scalar::Integer(12)), vec!["4"]),
        (
            condition("student", Eq, Scalar::Boolean(true)),
            vec!["2", "4"],
        ),
        (condition("student", Ne, Scalar::Boolean(true)), vec!["1"]),
        (condition("line", Ne, text("2路")), vec!["4", "1"]),
        (condition("card", Eq, text("A1")), vec!["2", "4"]),
        (condition("ride", Gt, Scalar::Integer(i64::MAX)), vec![]),
    ];
    for (condition, rides) in cases {
        assert_eq!(
            left(std::slice::from_ref(&condition)),
            rides,
            "{condition:?}"
        );
    }
}

#[test]
fn conditions_are_joined_by_and() {
    let both = [
        condition("student", Comparison::Eq, Scalar::Boolean(true)),
        condition("age", Comparison::Ge, Scalar::Integer(0)),
    ];
    assert_eq!(left(&both), ["4"]);
}

#[test]
fn constants_of_another_type_are_refused_at_drafting_and_at_opening() {
    let cases = [
        ("age", FieldType::Int32, Scalar::Integer(1 << 40)),
        ("age", FieldType::Int32, Scalar::Number(1.5)),
        ("age", FieldType::Int32, text("1")),
        ("speed", FieldType::Float64, Scalar::Number(f64::NAN)),
        ("fare", FieldType::Decimal, text("1.00001")),
        ("day", FieldType::Date, text("yesterday")),
        ("day", FieldType::Date, Scalar::Integer(1)),
        ("at", FieldType::Timestamp, text("now")),
        ("line", FieldType::Text, Scalar::Boolean(true)),
    ];
    for (field, kind, value) in cases {
        let condition = condition(field, Comparison::Eq, value);
        let expected = ConditionError::Constant {
            field: name(field),
            kind,
        };
        assert_eq!(check_condition(&condition, kind), Err(expected.clone()));
        let desk = Desk::new();
        let snapshot = desk.csv(RIDES_CSV).unwrap();
        let (mut plan, files) = desk.plan(&rides(), &snapshot);
        plan.filter = vec![condition];
        let opened = Views::open(vec![(plan, files)]).map(drop);
        let view = name("rides");
        let source = expected;
        assert_eq!(opened, Err(ViewError::Filter { view, source }));
    }
    let order = condition("student", Comparison::Lt, Scalar::Boolean(true));
    let field = name("student");
    assert_eq!(
        check_condition(&order, FieldType::Boolean),
        Err(ConditionError::Order { field })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// What a filter over several row groups leaves is what comparing one by one leaves, in order.
    #[test]
    fn a_filter_leaves_what_comparing_one_by_one_leaves(
        ages in proptest::collection::vec(proptest::option::of(0_i32..50), 1..400),
        bound in 0_i64..50,
    ) {
        let mut csv = RIDES_CSV.lines().next().unwrap().to_owned() + "\n";
        for (ride, age) in ages.iter().enumerate() {
            let age = age.map(|a| a.to_string()).unwrap_or_default();
            csv += &format!("X,{age},1,2024-02-29,,,,,{ride}\n");
        }
        let desk = Desk::new();
        let snapshot = desk.csv(csv).unwrap();
        let (mut plan, files) = desk.plan(&rides(), &snapshot);
        plan.filter = vec![condition("age", Comparison::Lt, Scalar::Integer(bound))];
        let views = Views::open(vec![(plan, files)]).unwrap();
        let expected: Vec<String> = ages.iter().enumerate()
            .filter(|(_, age)| age.is_some_and(|age| i64::from(age) < bound))
            .map(|(ride, _)| ride.to_string())
            .collect();
        prop_assert_eq!(scan(&views, "rides", &[8]), expected);
    }
}
