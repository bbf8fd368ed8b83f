//! Which rows of a table a view shows.

use yunei_authority::CapabilityTable;
use yunei_model::{Condition, Period, Resource};

use super::{NO_PERIOD, Table};
use crate::LifecycleError;
use crate::product::period_kind;

impl Table<'_> {
    /// The grant's filter and a period, in place of the run's own, as conditions on rows.
    pub(crate) fn over(&self, period: Option<&Period>) -> Result<Vec<Condition>, LifecycleError> {
        filter_over(self.granted, self.resource, period)
    }
}

/// The grant's filter and a period, as conditions on rows.
pub(super) fn filter_over(
    granted: &CapabilityTable,
    resource: &Resource,
    period: Option<&Period>,
) -> Result<Vec<Condition>, LifecycleError> {
    let mut filter = granted.filter().to_vec();
    if let Some(period) = period {
        let kind = period_kind(resource, &period.field).ok_or(NO_PERIOD)?;
        filter.extend(period.conditions(kind).ok_or(NO_PERIOD)?);
    }
    Ok(filter)
}
