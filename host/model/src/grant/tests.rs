use super::*;
use crate::{Comparison, CountingIds, Scalar};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| name(text)).collect()
}

fn condition(field: &str) -> Condition {
    Condition {
        field: name(field),
        comparison: Comparison::Eq,
        value: Scalar::Text("x".to_owned()),
    }
}

fn granted(resource: &str, fields: &[&str]) -> GrantedResource {
    GrantedResource {
        name: name(resource),
        fields: names(fields),
        filter: vec![condition("city")],
        snapshot: None,
    }
}

fn required(resource: &str, fields: &[&str]) -> Required {
    Required {
        name: name(resource),
        fields: names(fields),
    }
}

fn terms() -> GrantTerms {
    let ids = CountingIds::default();
    GrantTerms {
        operator: OrganisationId::new(&ids),
        scenario: ScenarioId::new(&ids),
        purpose: name("planning"),
        resources: vec![
            granted("rides", &["line", "day"]),
            granted("cards", &["kind"]),
        ],
        products: names(&["daily"]),
        join: true,
        export: false,
        parameters: Vec::new(),
        quota: Quota {
            runs: 1,
            rows: 1,
            released_cells: 1,
        },
        binding: Binding::Latest,
        as_of: None,
        from: Timestamp::from_micros(0),
        until: Timestamp::from_micros(1),
    }
}

/// Whether an amendment still gives a module of the lines of rides what it had, and one that joins these with cards.
fn still_given(amend: impl FnOnce(&mut GrantTerms)) -> (bool, bool) {
    let before = terms();
    let mut now = before.clone();
    amend(&mut now);
    let lines = [required("rides", &["line"])];
    let kinds = [required("rides", &["line"]), required("cards", &["kind"])];
    (
        now.still_give(&before, &lines),
        now.still_give(&before, &kinds),
    )
}

#[test]
fn more_is_still_given() {
    assert_eq!(still_given(|_| ()), (true, true));
    let more = still_given(|now| {
        now.quota.runs = 9;
        now.until = Timestamp::from_micros(9);
        now.products.push(name("weekly"));
        now.resources.push(granted("stops", &["place"]));
        now.resources[0].fields.push(name("hour"));
        now.resources[0].filter.clear();
    });
    assert_eq!(more, (true, true));
    // What neither requires.
    let less = still_given(|now| now.resources[0].fields = names(&["line"]));
    assert_eq!(less, (true, true));
}

#[test]
fn what_is_required_and_taken_away_is_not() {
    let neither = (false, false);
    assert_eq!(still_given(|now| now.resources[0].fields.clear()), neither);
    assert_eq!(still_given(|now| now.purpose = name("rating")), neither);
    assert_eq!(still_given(|now| now.binding = Binding::Pinned), neither);
    let fewer_rows = |now: &mut GrantTerms| now.resources[0].filter.push(condition("kind"));
    assert_eq!(still_given(fewer_rows), neither);
    let other = |now: &mut GrantTerms| now.resources[0].filter = vec![condition("kind")];
    assert_eq!(still_given(other), neither);
    // What one of them requires.
    let without_cards = still_given(|now| now.resources.truncate(1));
    assert_eq!(without_cards, (true, false));
    assert_eq!(still_given(|now| now.join = false), (true, false));
}
