//! Dates, moments and exact decimals.

/// A day: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// An exact decimal: ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub i128);

/// China has one time zone and no summer time.
const SHANGHAI_SECONDS: i64 = 8 * 3600;

impl Date {
    /// Year, month (1–12) and day (1–31) of the proleptic Gregorian calendar.
    ///
    /// ```
    /// assert_eq!(yunei_guest::Date(0).year_month_day(), (1970, 1, 1));
    /// assert_eq!(yunei_guest::Date(20_089).year_month_day(), (2025, 1, 1));
    /// ```
    #[must_use]
    pub fn year_month_day(self) -> (i32, u32, u32) {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: years begin in March.
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year as i32, month as u32, day as u32)
    }

    /// Day of the week, 1 (Monday) to 7.
    #[must_use]
    pub const fn day_of_week(self) -> u32 {
        // 1970-01-01 was a Thursday, the fourth day of its week.
        ((self.0 as i64 + 3).rem_euclid(7) + 1) as u32
    }
}

impl Timestamp {
    /// The day in Asia/Shanghai.
    #[must_use]
    pub const fn date(self) -> Date {
        Date(self.local_seconds().div_euclid(86_400) as i32)
    }

    /// The hour of the day in Asia/Shanghai, 0–23.
    ///
    /// ```
    /// assert_eq!(yunei_guest::Timestamp(0).hour(), 8);
    /// ```
    #[must_use]
    pub const fn hour(self) -> u32 {
        self.local_seconds().div_euclid(3600).rem_euclid(24) as u32
    }

    const fn local_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000) + SHANGHAI_SECONDS
    }
}

impl Decimal {
    /// The nearest double.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 10_000.0
    }
}
