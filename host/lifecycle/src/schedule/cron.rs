//! Five cron fields in Asia/Shanghai, which is UTC+8 all the year round.

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use thiserror::Error;
use yunei_model::Timestamp;

/// Bytes of an expression at most.
const EXPRESSION_BYTES_MAX: usize = 128;
/// Fields of an expression: minute, hour, day of the month, month, day of the week.
const FIELDS: usize = 5;
/// Hours that Asia/Shanghai is ahead of UTC.
const SHANGHAI_HOURS: i8 = 8;

/// A cron expression.
#[derive(Debug, Clone)]
pub(crate) struct Cron(croner::Cron);

/// Why an expression starts nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum CronError {
    /// Not five fields, or one of them is wrong.
    #[error("it is no cron expression of five fields: minute, hour, day, month, day of the week")]
    Malformed,
    /// No moment fits, such as 30 February.
    #[error("the cron expression never comes")]
    Never,
}

impl Cron {
    /// Parses five fields; neither seconds nor years nor nicknames.
    pub(crate) fn parse(expression: &str) -> Result<Self, CronError> {
        let fields = expression.split_whitespace().count();
        if fields != FIELDS || expression.len() > EXPRESSION_BYTES_MAX || expression.contains('@') {
            return Err(CronError::Malformed);
        }
        CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(expression)
            .map(Self)
            .map_err(|_| CronError::Malformed)
    }

    /// The first moment after `at`.
    pub(crate) fn next_after(&self, at: Timestamp) -> Result<Timestamp, CronError> {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).map_err(|_| CronError::Never)?;
        let local = at.to_zoned(TimeZone::fixed(jiff::tz::offset(SHANGHAI_HOURS)));
        let next = self.0.find_next_occurrence(&local, false);
        let next = next.map_err(|_| CronError::Never)?;
        Ok(Timestamp::from_micros(next.timestamp().as_microsecond()))
    }
}

#[cfg(test)]
mod tests;
