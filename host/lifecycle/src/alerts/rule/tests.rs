use super::{AlertRule, Condition, Minute, within_hours};

fn rule(when: &str) -> String {
    format!(
        "name = \"a\"\nlevel = \"notice\"\ntitle = {{ zh = \"甲\", en = \"a\" }}\n\
        advice = {{ zh = \"甲\", en = \"a\" }}\n[when]\n{when}"
    )
}

#[test]
fn what_makes_no_sense_is_refused_and_named() {
    for (when, field) in [
        ("kind = \"denied\"\ncount = 0\nwindow_seconds = 1", "count"),
        (
            "kind = \"denied\"\ncount = 1\nwindow_seconds = 0",
            "window_seconds",
        ),
        (
            "kind = \"volume\"\npercent = 100\nruns_min = 1\nrows_min = 0",
            "percent",
        ),
        ("kind = \"quota\"\npercent = 101", "percent"),
        (
            "kind = \"hours\"\nfrom = \"08:00\"\nuntil = \"08:00\"\nweekdays = [1]",
            "until",
        ),
        (
            "kind = \"hours\"\nfrom = \"08:00\"\nuntil = \"09:00\"\nweekdays = [8]",
            "weekdays",
        ),
        (
            "kind = \"hours\"\nfrom = \"25:00\"\nuntil = \"09:00\"\nweekdays = [1]",
            "25:00",
        ),
        ("kind = \"containment\"\nlayers = []", "layers"),
        ("kind = \"witness-fault\"\nfaults = []", "faults"),
        (
            "kind = \"witness-fault\"\nfaults = [\"forged\", \"sad\"]",
            "faults",
        ),
        ("kind = \"quota\"\npercent = 90\nmore = 1", "more"),
        ("kind = \"no-such\"", "no-such"),
    ] {
        let error = AlertRule::parse(&rule(when)).unwrap_err();
        let mut told = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            told += &source.to_string();
        }
        assert!(told.contains(field), "{when}: {told}");
    }
    let parsed = AlertRule::parse(&rule("kind = \"decoy\"")).unwrap();
    assert_eq!(parsed.when, Condition::Decoy {});
}

#[test]
fn hours_are_those_of_shanghai() {
    let at = |text: &str| text.parse().unwrap();
    let minute = |text: &str| Minute::try_from(text.to_owned()).unwrap();
    let (from, until) = (minute("08:00"), minute("20:00"));
    let workdays = [1, 2, 3, 4, 5];
    // 2026-11-20 is a Friday.
    for (moment, inside) in [
        ("2026-11-20T00:00:00Z", true),
        ("2026-11-19T23:59:59Z", false),
        ("2026-11-20T11:59:59Z", true),
        ("2026-11-20T12:00:00Z", false),
        ("2026-11-21T01:00:00Z", false),
        ("2026-11-22T01:00:00Z", false),
        ("2026-11-23T01:00:00Z", true),
    ] {
        assert_eq!(
            within_hours(at(moment), from, until, &workdays),
            inside,
            "{moment}"
        );
    }
    // A night belongs to the day on which it began: Friday's ends on Saturday morning.
    let (from, until) = (minute("22:00"), minute("06:00"));
    for (moment, inside) in [
        ("2026-11-20T14:00:00Z", true),
        ("2026-11-20T21:59:00Z", true),
        ("2026-11-20T22:00:00Z", false),
        ("2026-11-21T14:00:00Z", false),
        ("2026-11-22T21:00:00Z", false),
    ] {
        assert_eq!(
            within_hours(at(moment), from, until, &workdays),
            inside,
            "{moment}"
        );
    }
}
