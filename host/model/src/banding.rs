//! Bandings: registered, fixed ways to turn a field's values into a small list of labels.

use serde::{Deserialize, Serialize};

use crate::Name;
use crate::transition::names;

/// The label of every value that no other label takes, absent values included.
pub const OTHER: &str = "other";

/// A registered way to coarsen a field. Its labels are fixed at registration, so that a frame's cells are public structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Banding {
    /// Name, unique in the field.
    pub name: Name,
    /// How values become labels.
    #[serde(flatten)]
    pub kind: BandingKind,
    /// The next coarser banding of the same field that this one nests in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Name>,
}

names! {
    /// Calendar units, in the time zone Asia/Shanghai for timestamps.
    CalendarUnit {
        /// Hour of the day, 0–23.
        HourOfDay = "hour-of-day",
        /// Day of the week, 1 (Monday)–7.
        DayOfWeek = "day-of-week",
        /// Month of the year, 1–12.
        MonthOfYear = "month-of-year",
    }
}

/// How values become labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BandingKind {
    /// Each listed value is its own label.
    Values {
        /// The values, as text.
        values: Vec<String>,
    },
    /// Named groups of values.
    Groups {
        /// Groups, disjoint.
        groups: Vec<Group>,
    },
    /// Half-open ranges `[eᵢ, eᵢ₊₁)` between rising edges; for numbers, and for dates as days since 1970-01-01.
    Ranges {
        /// Edges; `n` of them make `n − 1` labels.
        edges: Vec<f64>,
    },
    /// Units of the calendar.
    Calendar {
        /// The unit.
        unit: CalendarUnit,
    },
    /// One label per day, `days` of them from `from`.
    Days {
        /// First day, `YYYY-MM-DD`.
        from: String,
        /// Number of days.
        days: u32,
    },
}

/// A named group of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Label of the group.
    pub label: String,
    /// Values in it, as text.
    pub values: Vec<String>,
}

impl Banding {
    /// The labels in their fixed order; [`OTHER`] is always the last.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = match &self.kind {
            BandingKind::Values { values } => values.clone(),
            BandingKind::Groups { groups } => groups.iter().map(|g| g.label.clone()).collect(),
            BandingKind::Ranges { edges } => edges
                .iter()
                .zip(edges.iter().skip(1))
                .map(|(low, high)| format!("[{low}, {high})"))
                .collect(),
            BandingKind::Calendar { unit } => match unit {
                CalendarUnit::HourOfDay => (0..24).map(|h| format!("{h:02}")).collect(),
                CalendarUnit::DayOfWeek => (1..=7).map(|d| d.to_string()).collect(),
                CalendarUnit::MonthOfYear => (1..=12).map(|m| format!("{m:02}")).collect(),
            },
            BandingKind::Days { from, days } => day_labels(from, *days),
        };
        labels.push(OTHER.to_owned());
        labels
    }

    /// The code (index into [`Self::labels`]) of a textual value.
    #[must_use]
    pub fn code_of_text(&self, value: &str) -> usize {
        let found = match &self.kind {
            BandingKind::Values { values } => values.iter().position(|v| v == value),
            BandingKind::Groups { groups } => groups
                .iter()
                .position(|g| g.values.iter().any(|v| v == value)),
            BandingKind::Ranges { .. } => value
                .parse()
                .ok()
                .and_then(|number: f64| self.range_of(number)),
            BandingKind::Calendar { .. } | BandingKind::Days { .. } => None,
        };
        found.unwrap_or_else(|| self.other())
    }

    /// The code of a number. Values and groups compare its shortest decimal text.
    #[must_use]
    pub fn code_of_number(&self, value: f64) -> usize {
        match &self.kind {
            BandingKind::Ranges { .. } => self.range_of(value).unwrap_or_else(|| self.other()),
            _ => self.code_of_text(&value.to_string()),
        }
    }

    /// The code of a date in days since 1970-01-01.
    #[must_use]
    pub fn code_of_date(&self, days: i32) -> usize {
        let found = match &self.kind {
            BandingKind::Ranges { .. } => self.range_of(f64::from(days)),
            BandingKind::Calendar { unit } => match unit {
                CalendarUnit::HourOfDay => None,
                // 1970-01-01 was a Thursday, the fourth day of its week.
                CalendarUnit::DayOfWeek => usize::try_from((days + 3).rem_euclid(7)).ok(),
                CalendarUnit::MonthOfYear => {
                    date(days).and_then(|d| usize::try_from(d.month() - 1).ok())
                }
            },
            BandingKind::Days { from, days: count } => first_day(from).and_then(|first| {
                let offset = usize::try_from(days.checked_sub(first)?).ok()?;
                (offset < *count as usize).then_some(offset)
            }),
            BandingKind::Values { .. } | BandingKind::Groups { .. } => {
                return date(days)
                    .map_or_else(|| self.other(), |d| self.code_of_text(&d.to_string()));
            }
        };
        found.unwrap_or_else(|| self.other())
    }

    /// The code of a timestamp in microseconds UTC; calendar units and days are those of UTC+8, which has no summer time.
    #[must_use]
    pub fn code_of_timestamp(&self, micros: i64) -> usize {
        let local_seconds = micros.div_euclid(1_000_000) + 8 * 3600;
        if let BandingKind::Calendar {
            unit: CalendarUnit::HourOfDay,
        } = self.kind
        {
            return usize::try_from(local_seconds.div_euclid(3600).rem_euclid(24))
                .unwrap_or_else(|_| self.other());
        }
        i32::try_from(local_seconds.div_euclid(86_400))
            .map_or_else(|_| self.other(), |days| self.code_of_date(days))
    }

    /// The code of [`OTHER`], which absent values have too.
    #[must_use]
    pub fn other(&self) -> usize {
        match &self.kind {
            BandingKind::Values { values } => values.len(),
            BandingKind::Groups { groups } => groups.len(),
            BandingKind::Ranges { edges } => edges.len().saturating_sub(1),
            BandingKind::Calendar { unit } => match unit {
                CalendarUnit::HourOfDay => 24,
                CalendarUnit::DayOfWeek => 7,
                CalendarUnit::MonthOfYear => 12,
            },
            BandingKind::Days { days, .. } => *days as usize,
        }
    }

    fn range_of(&self, value: f64) -> Option<usize> {
        let BandingKind::Ranges { edges } = &self.kind else {
            return None;
        };
        let above = edges.partition_point(|edge| *edge <= value);
        (above > 0 && above < edges.len()).then(|| above - 1)
    }
}

fn date(days: i32) -> Option<jiff::civil::Date> {
    jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(days).ok()?)
        .ok()
}

fn first_day(from: &str) -> Option<i32> {
    let first: jiff::civil::Date = from.parse().ok()?;
    first
        .since(jiff::civil::date(1970, 1, 1))
        .ok()
        .map(|span| span.get_days())
}

fn day_labels(from: &str, days: u32) -> Vec<String> {
    let Some(first) = first_day(from) else {
        return vec![OTHER.to_owned(); days as usize];
    };
    (0..days)
        .filter_map(|offset| {
            date(first.checked_add(i32::try_from(offset).ok()?)?).map(|d| d.to_string())
        })
        .collect()
}
