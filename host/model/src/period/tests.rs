use proptest::prelude::*;

use super::*;

fn field() -> Name {
    Name::parse("boarded_at").unwrap()
}

fn period(cadence: Cadence, at: &str) -> [String; 2] {
    let period = Period::around(&field(), cadence, at.parse().unwrap()).unwrap();
    [period.from.to_string(), period.until.to_string()]
}

#[test]
fn periods_are_cut_in_shanghai() {
    // One microsecond before midnight in Shanghai is 15:59:59.999999 UTC.
    assert_eq!(
        period(Cadence::Daily, "2026-03-01T15:59:59.999999Z"),
        ["2026-02-28T16:00:00.000000Z", "2026-03-01T16:00:00.000000Z"]
    );
    assert_eq!(
        period(Cadence::Daily, "2026-03-01T16:00:00Z"),
        ["2026-03-01T16:00:00.000000Z", "2026-03-02T16:00:00.000000Z"]
    );
    // 2026-03-02 is a Monday.
    assert_eq!(
        period(Cadence::Weekly, "2026-03-08T23:59:59+08:00"),
        ["2026-03-01T16:00:00.000000Z", "2026-03-08T16:00:00.000000Z"]
    );
    assert_eq!(
        period(Cadence::Weekly, "2026-03-09T00:00:00+08:00"),
        ["2026-03-08T16:00:00.000000Z", "2026-03-15T16:00:00.000000Z"]
    );
}

#[test]
fn months_end_where_the_calendar_says() {
    for (at, from, until) in [
        ("2024-02-29T12:00:00+08:00", "2024-02-01", "2024-03-01"),
        ("2026-02-28T23:59:59+08:00", "2026-02-01", "2026-03-01"),
        ("2026-12-31T23:59:59+08:00", "2026-12-01", "2027-01-01"),
        ("1969-12-31T23:59:59+08:00", "1969-12-01", "1970-01-01"),
    ] {
        let period = Period::around(&field(), Cadence::Monthly, at.parse().unwrap()).unwrap();
        assert_eq!(period.from, day_start(from).unwrap(), "{at}");
        assert_eq!(period.until, day_start(until).unwrap(), "{at}");
    }
}

#[test]
fn no_day_of_a_year_is_shorter_or_longer() {
    // China had summer time from 1986 to 1991; the days of the domain are those of UTC+8 even then.
    let mut period =
        Period::around(&field(), Cadence::Daily, day_start("1988-01-01").unwrap()).unwrap();
    for _ in 0..366 {
        assert_eq!(period.until.micros_since(period.from), DAY_MICROS);
        period = period.next(Cadence::Daily).unwrap();
    }
    assert_eq!(period.first_day().unwrap(), "1989-01-01");
}

#[test]
fn a_period_is_closed_its_lateness_after_its_end() {
    let period =
        Period::around(&field(), Cadence::Daily, day_start("2026-03-02").unwrap()).unwrap();
    assert_eq!(period.closes_at(0), day_start("2026-03-03").unwrap());
    assert_eq!(period.closes_at(2), day_start("2026-03-05").unwrap());
}

#[test]
fn a_period_is_a_filter_over_dates_and_moments() {
    let period =
        Period::around(&field(), Cadence::Daily, day_start("2026-03-02").unwrap()).unwrap();
    let texts = |kind| {
        period
            .conditions(kind)
            .map(|both| both.map(|c| (c.comparison, c.value)))
    };
    let text = |t: &str| Scalar::Text(t.to_owned());
    assert_eq!(
        texts(FieldType::Date),
        Some([
            (Comparison::Ge, text("2026-03-02")),
            (Comparison::Lt, text("2026-03-03"))
        ])
    );
    assert_eq!(
        texts(FieldType::Timestamp),
        Some([
            (Comparison::Ge, text("2026-03-01T16:00:00.000000Z")),
            (Comparison::Lt, text("2026-03-02T16:00:00.000000Z"))
        ])
    );
    assert_eq!(texts(FieldType::Text), None);
}

#[test]
fn what_is_no_day_starts_nowhere() {
    for bad in ["", "2026-02-30", "2026-3-2", "02.03.2026"] {
        assert_eq!(day_start(bad), None, "{bad}");
    }
}

proptest! {
    /// Periods of one cadence cover time without gap or overlap.
    #[test]
    fn periods_tile_time(micros in -2_000_000_000_000_000_i64..4_000_000_000_000_000, which in 0_usize..3) {
        let cadence = Cadence::ALL[which];
        let at = Timestamp::from_micros(micros);
        let period = Period::around(&field(), cadence, at).unwrap();
        prop_assert!(period.from <= at && at < period.until);
        let next = period.next(cadence).unwrap();
        prop_assert_eq!(period.until, next.from);
        prop_assert!(period.is_disjoint(&next) && next.is_disjoint(&period));
        let last = Timestamp::from_micros(period.until.as_micros() - 1);
        prop_assert_eq!(Period::around(&field(), cadence, last), Some(period.clone()));
        prop_assert!(!period.is_disjoint(&period));
    }

    /// A week is the union of its days: no day lies across its edge.
    #[test]
    fn days_nest_in_weeks_and_months(micros in 0_i64..4_000_000_000_000_000) {
        let at = Timestamp::from_micros(micros);
        let day = Period::around(&field(), Cadence::Daily, at).unwrap();
        for wider in [Cadence::Weekly, Cadence::Monthly] {
            let wider = Period::around(&field(), wider, at).unwrap();
            prop_assert!(wider.from <= day.from && day.until <= wider.until);
        }
    }
}
