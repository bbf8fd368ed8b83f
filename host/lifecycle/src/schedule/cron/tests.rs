use super::*;

/// The next moments of an expression in Shanghai's own time.
fn moments(expression: &str, after: &str, count: usize) -> Vec<String> {
    let cron = Cron::parse(expression).unwrap();
    let mut at: Timestamp = after.parse().unwrap();
    (0..count)
        .map(|_| {
            at = cron.next_after(at).unwrap();
            let local = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap();
            let local = local.to_zoned(TimeZone::fixed(jiff::tz::offset(8)));
            local.strftime("%Y-%m-%d %H:%M:%S").to_string()
        })
        .collect()
}

#[test]
fn fields_are_those_of_shanghai() {
    assert_eq!(
        moments("30 6 * * *", "2026-03-01T22:29:59Z", 2),
        ["2026-03-02 06:30:00", "2026-03-03 06:30:00"]
    );
    // At the moment itself the next one is a day away.
    assert_eq!(
        moments("30 6 * * *", "2026-03-01T22:30:00Z", 1),
        ["2026-03-03 06:30:00"]
    );
    // 2026-03-02 is a Monday.
    assert_eq!(
        moments("0 0 * * 1", "2026-03-01T15:59:59Z", 2),
        ["2026-03-02 00:00:00", "2026-03-09 00:00:00"]
    );
}

#[test]
fn months_have_the_days_that_they_have() {
    assert_eq!(
        moments("0 4 31 * *", "2026-01-31T00:00:00Z", 3),
        [
            "2026-03-31 04:00:00",
            "2026-05-31 04:00:00",
            "2026-07-31 04:00:00"
        ]
    );
    assert_eq!(
        moments("0 4 29 2 *", "2026-03-01T00:00:00Z", 2),
        ["2028-02-29 04:00:00", "2032-02-29 04:00:00"]
    );
    // The last day of each month.
    assert_eq!(
        moments("0 4 L * *", "2026-01-31T00:00:00Z", 3),
        [
            "2026-02-28 04:00:00",
            "2026-03-31 04:00:00",
            "2026-04-30 04:00:00"
        ]
    );
}

#[test]
fn no_hour_is_skipped_or_doubled() {
    // Where there is summer time, 02:30 is missing once in spring; an hour comes twice in autumn.
    for (after, months) in [("2026-03-01T00:00:00Z", 61), ("2026-10-01T00:00:00Z", 61)] {
        let days = moments("30 2 * * *", after, months);
        let mut distinct = days.clone();
        distinct.dedup();
        assert_eq!(days, distinct);
        assert!(days.iter().all(|day| day.ends_with("02:30:00")), "{days:?}");
    }
    let hours = moments("0 * * * *", "2026-03-28T00:00:00Z", 48);
    assert_eq!(hours.first().unwrap(), "2026-03-28 09:00:00");
    assert_eq!(hours.last().unwrap(), "2026-03-30 08:00:00");
}

#[test]
fn what_is_no_five_fields_is_refused() {
    for bad in [
        "",
        "* * * *",
        "0 0 6 * * *",
        "0 6 * * * 2026",
        "@daily",
        "60 6 * * *",
        "0 24 * * *",
        "0 6 32 * *",
        "0 6 * 13 *",
        "a b c d e",
        "0 6 * * *; rm",
    ] {
        assert!(
            matches!(Cron::parse(bad), Err(CronError::Malformed)),
            "{bad}"
        );
    }
    assert!(Cron::parse(&format!("{} * * * *", "0,".repeat(100))).is_err());
    let never = Cron::parse("0 6 30 2 *").unwrap();
    assert_eq!(
        never.next_after(Timestamp::from_micros(0)),
        Err(CronError::Never)
    );
}
