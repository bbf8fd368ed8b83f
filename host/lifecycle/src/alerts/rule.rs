//! Rules as they are written in `policies/alerts/`.

use serde::Deserialize;
use thiserror::Error;
use yunei_model::{AlertLevel, Name, Text, Timestamp};

use crate::WitnessFault;

/// Bytes of one rule's file at most.
pub const RULE_BYTES_MAX: usize = 64 << 10;
/// Seconds of the longest window.
const WINDOW_SECONDS_MAX: u64 = 31 * 86_400;
/// Things that a rule counts at most.
const COUNT_MAX: u64 = 1000;
/// Seconds between the world's clock and that of Shanghai, the whole year.
const SHANGHAI_SECONDS: i64 = 8 * 3600;
const DAY_SECONDS: i64 = 86_400;
const MINUTE_SECONDS: i64 = 60;
/// 1970-01-01 was the fourth day of its week.
const EPOCH_WEEKDAY: i64 = 4;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// Name, unique in the domain.
    pub name: Name,
    /// How loud its alerts are.
    pub level: AlertLevel,
    /// What it watches for.
    pub title: Text,
    /// What to do when it raises an alert.
    pub advice: Text,
    /// When it does.
    pub when: Condition,
}

/// When a rule raises an alert. `policies/alerts/README.md` tells of each.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// Policy refused one account so often in so many seconds.
    Denied {
        /// Refusals.
        count: u64,
        /// Seconds.
        window_seconds: u64,
    },
    /// Guests of one operating unit asked so often in so many seconds for what their runs did not have.
    DeniedCalls {
        /// Calls that were refused.
        count: u64,
        /// Seconds.
        window_seconds: u64,
    },
    /// A run read much more than the mean of the earlier runs under its grant.
    Volume {
        /// Rows of the run over the mean, in percent.
        percent: u64,
        /// Earlier runs that make a history.
        runs_min: u64,
        /// Rows below which nothing is unusual.
        rows_min: u64,
    },
    /// A run was submitted outside these hours, in Asia/Shanghai.
    Hours {
        /// First minute, `HH:MM`.
        from: Minute,
        /// First minute after, `HH:MM`; before `from` it is that of the next day.
        until: Minute,
        /// Days of the week, 1 (Monday) to 7; a night belongs to the day on which it began.
        weekdays: Vec<u8>,
    },
    /// A grant's quota is used up to this share, in one part of it at least.
    Quota {
        /// Share in percent.
        percent: u64,
    },
    /// Sign-in failed so often in so many seconds.
    SignIn {
        /// Failures.
        count: u64,
        /// Seconds.
        window_seconds: u64,
    },
    /// A decoy record 诱饵 was seen at the gate.
    Decoy {},
    /// Entries are without a signed checkpoint for so many seconds.
    CheckpointLag {
        /// Seconds.
        seconds: u64,
    },
    /// The quorum of witnesses is behind for so many seconds.
    WitnessLag {
        /// Seconds.
        seconds: u64,
    },
    /// The record says that a witness had one of these faults.
    WitnessFault {
        /// Words of [`WitnessFault`](crate::WitnessFault).
        faults: Vec<Name>,
    },
    /// The record does not hold; it is computed anew every so many seconds.
    Verification {
        /// Seconds.
        every_seconds: u64,
    },
    /// A room of a run lacked one of these layers of containment.
    Containment {
        /// Layers.
        layers: Vec<Name>,
    },
}

/// A minute of the day, `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Minute(i64);

impl TryFrom<String> for Minute {
    type Error = RuleError;

    fn try_from(text: String) -> Result<Self, RuleError> {
        let parsed = text.split_once(':').and_then(|(hours, minutes)| {
            let hours = hours.parse::<u8>().ok().filter(|hours| *hours <= 24)?;
            let minutes = minutes.parse::<u8>().ok().filter(|minutes| *minutes < 60)?;
            let minute = i64::from(hours) * 60 + i64::from(minutes);
            (minute * MINUTE_SECONDS <= DAY_SECONDS).then_some(Self(minute))
        });
        parsed.ok_or(RuleError::Minute { text })
    }
}

/// Why rules cannot be used.
#[derive(Debug, Error)]
pub enum RuleError {
    /// No rule at all.
    #[error("a rule cannot be read")]
    Malformed(#[from] toml::de::Error),
    /// Too long.
    #[error("a rule has at most {RULE_BYTES_MAX} bytes")]
    TooLong,
    /// No minute of a day.
    #[error("`{text}` is no minute of a day, such as 08:30")]
    Minute {
        /// As it was written.
        text: String,
    },
    /// A number that makes no sense.
    #[error("rule `{rule}`: `{field}` is out of range")]
    Range {
        /// The rule.
        rule: Name,
        /// The field.
        field: &'static str,
    },
    /// Two of one name.
    #[error("`{name}` stands twice")]
    Twice {
        /// The name.
        name: Name,
    },
    /// More than a domain may have.
    #[error("there are too many rules or webhooks")]
    TooMany,
}

impl AlertRule {
    /// Reads a rule's file.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.len() > RULE_BYTES_MAX {
            return Err(RuleError::TooLong);
        }
        let rule: Self = toml::from_str(text)?;
        match rule.when.fault() {
            None => Ok(rule),
            Some(field) => Err(RuleError::Range {
                rule: rule.name,
                field,
            }),
        }
    }
}

impl Condition {
    /// The first field that makes no sense.
    fn fault(&self) -> Option<&'static str> {
        let first = |checks: &[(bool, &'static str)]| {
            checks
                .iter()
                .find(|(holds, _)| !holds)
                .map(|(_, field)| *field)
        };
        let window = |seconds: u64| (1..=WINDOW_SECONDS_MAX).contains(&seconds);
        match self {
            Self::Denied {
                count,
                window_seconds,
            }
            | Self::DeniedCalls {
                count,
                window_seconds,
            }
            | Self::SignIn {
                count,
                window_seconds,
            } => first(&[
                ((1..=COUNT_MAX).contains(count), "count"),
                (window(*window_seconds), "window_seconds"),
            ]),
            Self::Volume {
                percent, runs_min, ..
            } => first(&[
                (*percent > 100, "percent"),
                (
                    (1..=super::evaluate::HISTORY_RUNS_MAX).contains(runs_min),
                    "runs_min",
                ),
            ]),
            Self::Hours {
                from,
                until,
                weekdays,
            } => first(&[
                (from != until, "until"),
                (
                    !weekdays.is_empty() && weekdays.iter().all(|day| (1..=7).contains(day)),
                    "weekdays",
                ),
            ]),
            Self::Quota { percent } => first(&[((1..=100).contains(percent), "percent")]),
            Self::Decoy {} => None,
            Self::CheckpointLag { seconds } | Self::WitnessLag { seconds } => {
                first(&[(window(*seconds), "seconds")])
            }
            Self::Verification { every_seconds } => {
                first(&[(window(*every_seconds), "every_seconds")])
            }
            Self::WitnessFault { faults } => {
                let known = |fault: &Name| {
                    WitnessFault::ALL
                        .iter()
                        .any(|f| f.as_str() == fault.as_str())
                };
                first(&[(!faults.is_empty() && faults.iter().all(known), "faults")])
            }
            Self::Containment { layers } => first(&[(!layers.is_empty(), "layers")]),
        }
    }
}

/// Whether a moment lies within the hours, as clocks in Shanghai show it.
pub(super) fn within_hours(at: Timestamp, from: Minute, until: Minute, weekdays: &[u8]) -> bool {
    let seconds = at.as_micros().div_euclid(1_000_000) + SHANGHAI_SECONDS;
    let minute = seconds.rem_euclid(DAY_SECONDS) / MINUTE_SECONDS;
    let mut day = seconds.div_euclid(DAY_SECONDS);
    let inside = if from <= until {
        (from.0..until.0).contains(&minute)
    } else {
        if minute < until.0 {
            day -= 1;
        }
        minute >= from.0 || minute < until.0
    };
    let weekday = (day + EPOCH_WEEKDAY - 1).rem_euclid(7) + 1;
    inside
        && weekdays
            .iter()
            .any(|allowed| i64::from(*allowed) == weekday)
}

#[cfg(test)]
mod tests;
