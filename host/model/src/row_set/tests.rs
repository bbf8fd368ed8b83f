use proptest::prelude::*;

use super::*;
use crate::{CountingIds, Part, SnapshotId, Timestamp};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn snapshot(ids: &CountingIds, resource: ResourceId, bytes: &[u8]) -> Snapshot {
    Snapshot {
        id: SnapshotId::new(ids),
        resource,
        schema_version: 1,
        parts: vec![Part {
            digest: Digest::of(bytes),
            rows: 1,
            bytes: 1,
        }],
        data_as_of: Timestamp::from_micros(0),
        imported_at: Timestamp::from_micros(0),
        supersedes: None,
        onto: None,
        file: None,
        sorted_by_subject: true,
        key: Vec::new(),
    }
}

fn condition(field: &str, comparison: Comparison, value: Scalar) -> Condition {
    Condition {
        field: name(field),
        comparison,
        value,
    }
}

fn period(from: i64, until: i64) -> Option<Period> {
    Some(Period {
        field: name("day"),
        from: Timestamp::from_micros(from),
        until: Timestamp::from_micros(until),
    })
}

const fn integers(_: &Name) -> Option<FieldType> {
    Some(FieldType::Int64)
}

#[test]
fn the_same_rows_are_the_same_however_their_filter_is_written() {
    let ids = CountingIds::default();
    let snapshot = snapshot(&ids, ResourceId::new(&ids), b"a");
    let a = condition("age", Comparison::Ge, Scalar::Integer(12));
    let b = condition("age", Comparison::Lt, Scalar::Integer(18));
    let one = RowSet::new(&snapshot, &[a.clone(), b.clone()], None);
    let other = RowSet::new(&snapshot, &[b, a.clone(), a], None);
    assert_eq!(one.relation(&other, integers), Relation::Same);
    assert_eq!(one.digest(), other.digest());
    let kept: RowSet = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
    assert_eq!(kept, one);
}

#[test]
fn a_newer_snapshot_overlaps_unless_periods_are_apart() {
    let ids = CountingIds::default();
    let resource = ResourceId::new(&ids);
    let (old, new) = (
        snapshot(&ids, resource, b"a"),
        snapshot(&ids, resource, b"ab"),
    );
    let rows = |snapshot, period| RowSet::new(snapshot, &[], period);
    let relation = |one: &RowSet, other: &RowSet| one.relation(other, integers);
    assert_eq!(
        relation(&rows(&old, None), &rows(&new, None)),
        Relation::Overlapping
    );
    assert_eq!(
        relation(&rows(&old, period(0, 10)), &rows(&new, period(10, 20))),
        Relation::Disjoint
    );
    assert_eq!(
        relation(&rows(&old, period(0, 10)), &rows(&new, period(9, 20))),
        Relation::Overlapping
    );
    // A week against its days, an edition against everything, and an edition revised.
    for (one, other) in [
        (rows(&old, period(0, 70)), rows(&old, period(10, 20))),
        (rows(&old, period(0, 10)), rows(&old, None)),
        (rows(&old, period(0, 10)), rows(&new, period(0, 10))),
    ] {
        assert_eq!(relation(&one, &other), Relation::Overlapping);
        assert_ne!(one.digest(), other.digest());
    }
    let elsewhere = snapshot(&ids, ResourceId::new(&ids), b"a");
    assert_eq!(
        relation(&rows(&old, None), &rows(&elsewhere, None)),
        Relation::Disjoint
    );
}

#[test]
fn periods_of_different_fields_say_nothing() {
    let one = period(0, 10).unwrap();
    let mut other = period(10, 20).unwrap();
    assert!(one.is_disjoint(&other));
    other.field = name("registered_at");
    assert!(!one.is_disjoint(&other));
}

#[test]
fn texts_compare_as_their_field_does() {
    let ids = CountingIds::default();
    let snapshot = snapshot(&ids, ResourceId::new(&ids), b"a");
    let relation = |kind, comparison: [Comparison; 2], values: [&str; 2]| {
        let rows = |at: usize| {
            let value = Scalar::Text(values[at].to_owned());
            RowSet::new(&snapshot, &[condition("at", comparison[at], value)], None)
        };
        rows(0).relation(&rows(1), |_| kind)
    };
    use Comparison::{Eq, Ge, Lt};
    let text = Some(FieldType::Text);
    assert_eq!(relation(text, [Eq, Eq], ["a", "b"]), Relation::Disjoint);
    // One moment in two spellings is no contradiction, nor is a decimal with a zero more.
    let moments = ["2013-01-01T08:00:00+08:00", "2013-01-01T00:00:00Z"];
    let timestamp = Some(FieldType::Timestamp);
    assert_eq!(
        relation(timestamp, [Eq, Eq], moments),
        Relation::Overlapping
    );
    assert_eq!(relation(timestamp, [Lt, Ge], moments), Relation::Disjoint);
    let decimal = Some(FieldType::Decimal);
    assert_eq!(
        relation(decimal, [Eq, Eq], ["1.0", "1.00"]),
        Relation::Overlapping
    );
    assert_eq!(relation(decimal, [Eq, Eq], ["9", "10"]), Relation::Disjoint);
    let days = ["2013-01-31", "2013-02-01"];
    assert_eq!(
        relation(Some(FieldType::Date), [Lt, Ge], days),
        Relation::Disjoint
    );
    // What is no constant of the field, or of an unknown field, decides nothing.
    assert_eq!(
        relation(timestamp, [Eq, Eq], ["a", "b"]),
        Relation::Overlapping
    );
    assert_eq!(relation(None, [Eq, Eq], ["a", "b"]), Relation::Overlapping);
}

fn passes(conditions: &[Condition], row: &[(Name, i64)]) -> bool {
    conditions.iter().all(|c| {
        let found = row.iter().find(|(field, _)| *field == c.field);
        let (Some((_, value)), Scalar::Integer(bound)) = (found, &c.value) else {
            return false;
        };
        match c.comparison {
            Comparison::Eq => value == bound,
            Comparison::Ne => value != bound,
            Comparison::Lt => value < bound,
            Comparison::Le => value <= bound,
            Comparison::Gt => value > bound,
            Comparison::Ge => value >= bound,
        }
    })
}

fn filters() -> impl Strategy<Value = Vec<Condition>> {
    let comparison = proptest::sample::select(Comparison::ALL);
    let one = (
        proptest::sample::select(vec!["a", "b"]),
        comparison,
        0_i64..5,
    )
        .prop_map(|(field, comparison, value)| {
            condition(field, comparison, Scalar::Integer(value))
        });
    proptest::collection::vec(one, 0..4)
}

proptest! {
    #[test]
    fn disjoint_row_sets_have_no_row_in_common(one in filters(), other in filters()) {
        let ids = CountingIds::default();
        let resource = ResourceId::new(&ids);
        let (old, new) = (snapshot(&ids, resource, b"a"), snapshot(&ids, resource, b"b"));
        let (left, right) = (RowSet::new(&old, &one, None), RowSet::new(&new, &other, None));
        let relation = left.relation(&right, integers);
        prop_assert_eq!(relation, right.relation(&left, integers));
        prop_assert_ne!(relation, Relation::Same);
        for a in -1..6 {
            for b in -1..6 {
                let row = [(name("a"), a), (name("b"), b)];
                let both = passes(&one, &row) && passes(&other, &row);
                prop_assert!(relation == Relation::Overlapping || !both, "{a} {b}");
            }
        }
        // Every single pair of conditions that no number passes is found, over numbers that lie densely.
        if let ([x], [y]) = (one.as_slice(), other.as_slice()) && x.field == y.field {
            let (Scalar::Integer(l), Scalar::Integer(r)) = (&x.value, &y.value) else { unreachable!() };
            let doubled = |c: &Condition, value: &i64| Condition { value: Scalar::Integer(value * 2), ..c.clone() };
            let (x, y) = ([doubled(x, l)], [doubled(y, r)]);
            let some = (-3..13).any(|v| {
                let row = [(x[0].field.clone(), v)];
                passes(&x, &row) && passes(&y, &row)
            });
            prop_assert_eq!(some, relation == Relation::Overlapping);
        }
    }
}
