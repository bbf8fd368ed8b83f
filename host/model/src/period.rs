//! Periods: half-open stretches of time, cut in Asia/Shanghai, that editions of a product cover.
//!
//! Days are those of UTC+8 throughout, as in [`crate::Banding`]: there is no summer time.

use serde::{Deserialize, Serialize};

use crate::{Cadence, Comparison, Condition, FieldType, Name, Scalar, Timestamp};

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// Microseconds that Asia/Shanghai is ahead of UTC.
const SHANGHAI_MICROS: i64 = 8 * 3_600 * 1_000_000;

/// The rows of a resource whose `field` lies in `[from, until)`: a part of what a release is about, and public structure.
///
/// Periods of one cadence over one field are the same or disjoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Date or timestamp field.
    pub field: Name,
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

impl Period {
    /// The period of `cadence` that `at` lies in; nothing where the calendar ends.
    #[must_use]
    pub fn around(field: &Name, cadence: Cadence, at: Timestamp) -> Option<Self> {
        let day = day_of(at);
        let first = match cadence {
            Cadence::Daily => day,
            // 1970-01-01 was a Thursday, the fourth day of its week.
            Cadence::Weekly => day.checked_sub((day.checked_add(3)?).rem_euclid(7))?,
            Cadence::Monthly => day_number(date(day)?.first_of_month())?,
        };
        let next = match cadence {
            Cadence::Daily => first.checked_add(1)?,
            Cadence::Weekly => first.checked_add(7)?,
            Cadence::Monthly => day_number(date(first)?.last_of_month())?.checked_add(1)?,
        };
        Some(Self {
            field: field.clone(),
            from: start_of(first)?,
            until: start_of(next)?,
        })
    }

    /// The period of `cadence` that follows this one.
    #[must_use]
    pub fn next(&self, cadence: Cadence) -> Option<Self> {
        Self::around(&self.field, cadence, self.until)
    }

    /// The moment at which it is closed: `lateness_days` after its end.
    #[must_use]
    pub const fn closes_at(&self, lateness_days: u32) -> Timestamp {
        self.until.plus_seconds(lateness_days as i64 * 86_400)
    }

    /// Whether no row can be in both: both are about the same field and do not meet in time. Periods of different fields are not known to
    /// be disjoint.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.field == other.field && (self.until <= other.from || other.until <= self.from)
    }

    /// How many days it has, counted in Asia/Shanghai; nothing for one that does not begin and end with a day.
    #[must_use]
    pub fn days(&self) -> Option<u32> {
        let micros = self.until.as_micros().checked_sub(self.from.as_micros())?;
        let whole = start_of(day_of(self.from)) == Some(self.from) && micros % DAY_MICROS == 0;
        u32::try_from(micros / DAY_MICROS).ok().filter(|_| whole)
    }

    /// Whether every moment of another is one of this; never for periods of different fields.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.field == other.field && self.from <= other.from && other.until <= self.until
    }

    /// The row filter that it is, over a field of that type; nothing for a type that has no time. An absent value lies in no period.
    ///
    /// A date lies in the period of its day's first moment in Asia/Shanghai.
    #[must_use]
    pub fn conditions(&self, kind: FieldType) -> Option<[Condition; 2]> {
        let text = |at: Timestamp| match kind {
            FieldType::Date => Some(date(day_of(at))?.to_string()),
            FieldType::Timestamp => Some(at.to_string()),
            _ => None,
        };
        let condition = |comparison, at| {
            Some(Condition {
                field: self.field.clone(),
                comparison,
                value: Scalar::Text(text(at)?),
            })
        };
        Some([
            condition(Comparison::Ge, self.from)?,
            condition(Comparison::Lt, self.until)?,
        ])
    }

    /// Its first day in Asia/Shanghai, `YYYY-MM-DD`.
    #[must_use]
    pub fn first_day(&self) -> Option<String> {
        date(day_of(self.from)).map(|day| day.to_string())
    }
}

/// The first moment of a day `YYYY-MM-DD` in Asia/Shanghai.
#[must_use]
pub fn day_start(day: &str) -> Option<Timestamp> {
    start_of(day_number(day.parse().ok()?)?)
}

/// The day that a moment lies in in Asia/Shanghai, in days since 1970-01-01.
const fn day_of(at: Timestamp) -> i64 {
    at.as_micros()
        .saturating_add(SHANGHAI_MICROS)
        .div_euclid(DAY_MICROS)
}

fn start_of(day: i64) -> Option<Timestamp> {
    let micros = day.checked_mul(DAY_MICROS)?.checked_sub(SHANGHAI_MICROS)?;
    Some(Timestamp::from_micros(micros))
}

fn date(day: i64) -> Option<jiff::civil::Date> {
    jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(day).ok()?)
        .ok()
}

fn day_number(day: jiff::civil::Date) -> Option<i64> {
    let span = day.since(jiff::civil::date(1970, 1, 1)).ok()?;
    Some(i64::from(span.get_days()))
}

#[cfg(test)]
mod tests;
