use super::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn checks() -> Checks {
    let axis = |text: &str, labels: &[&str]| CheckedAxis {
        name: name(text),
        labels: labels.iter().map(|l| (*l).to_owned()).collect(),
    };
    let mut checks = Checks {
        axes: vec![axis("sex", &["f", "m", "total"]), axis("year", &["1", "2"])],
        cells: 6,
        primary: vec![1],
        complementary: vec![3],
        ..Checks::default()
    };
    let threshold = [
        (0, Status::Pass, 40.0, 10.0),
        (1, Status::Fail, 3.0, 10.0),
        (3, Status::Pass, 12.0, 10.0),
    ];
    checks.add_rule(name("threshold"), None, &threshold);
    let negative = [(3, Status::Review, f64::INFINITY, 1.0)];
    checks.add_rule(name("negative"), Some(name("cost")), &negative);
    let mut subjects = BracketColumn::new(BracketOf::Subjects, None);
    subjects.push(1, (3.0, Some(13.0)), (None, Some(13.0)));
    subjects.push(3, (2.0, None), (None, None));
    checks.brackets.push(subjects);
    checks
}

#[test]
fn a_cell_is_told_with_its_labels_its_rules_and_what_stays_unknown() {
    let checks = checks();
    let cell = checks.cell(1).unwrap();
    assert_eq!(cell.cell, ["f", "2"]);
    assert_eq!((cell.status, cell.blank), (Status::Fail, Blank::Primary));
    assert_eq!(cell.rules.len(), 1);
    assert_eq!((cell.rules[0].value, cell.rules[0].bound), (3.0, 10.0));
    let bracket = &cell.brackets[0];
    assert_eq!((bracket.low, bracket.high), (3.0, Some(13.0)));
    assert_eq!(
        (bracket.low_needed, bracket.high_needed),
        (None, Some(13.0))
    );
    let other = checks.cell(3).unwrap();
    assert_eq!(other.cell, ["m", "2"]);
    assert_eq!(
        (other.status, other.blank),
        (Status::Review, Blank::Complementary)
    );
    assert_eq!(other.rules[1].value, f64::MAX, "JSON has no infinity");
    assert_eq!(other.brackets[0].high, None);
    let last = checks.cell(5).unwrap();
    assert_eq!(last.cell, ["total", "2"]);
    assert!(last.rules.is_empty() && last.brackets.is_empty());
    assert_eq!(checks.cell(6), None);
}

#[test]
fn columns_come_back_from_json_as_they_were() {
    let checks = checks();
    let text = serde_json::to_string(&checks).unwrap();
    let read: Checks = serde_json::from_str(&text).unwrap();
    assert_eq!(read, checks);
}

#[test]
fn every_word_has_two_titles() {
    for blank in Blank::ALL {
        assert_ne!(blank.title().zh, blank.title().en);
    }
    for of in BracketOf::ALL {
        assert_ne!(of.title().zh, of.title().en);
    }
}
