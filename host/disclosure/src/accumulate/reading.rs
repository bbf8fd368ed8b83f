//! How a channel reads a row of a block: resolved once for the block, not once for each row.

use super::slot::RowSums;
use super::statistics::{Channel, ChannelRole};
use super::{Input, Presence};

/// What a channel takes of each row.
pub(super) enum Reading<'a> {
    /// A column whose values are all present, as they are.
    Plain(&'a [f64]),
    /// Values, what must be present beside them, and weights.
    Gathered {
        value: Option<Input<'a>>,
        needs: Option<Input<'a>>,
        weight: Option<Input<'a>>,
        /// Whether the weight itself is what is summed.
        of_weights: bool,
    },
}

impl Channel {
    /// How the channel reads rows of these columns.
    pub(super) fn reading<'a>(&self, inputs: &[Input<'a>]) -> Reading<'a> {
        let column = |index: Option<usize>| index.and_then(|index| inputs.get(index)).copied();
        let (value, needs, weight) = (column(self.value), column(self.needs), column(self.weight));
        match (self.role, value, needs, weight) {
            (
                ChannelRole::Value,
                Some(Input {
                    values,
                    presence: Presence::All,
                }),
                None,
                None,
            ) => Reading::Plain(values),
            _ => Reading::Gathered {
                value,
                needs,
                weight,
                of_weights: self.role == ChannelRole::Weight,
            },
        }
    }
}

impl Reading<'_> {
    /// Adds a row's values to the cell's sums, if all that it takes are present. What the row contributed.
    #[inline]
    pub(super) fn add(&self, sums: &mut RowSums, row: usize) -> Option<f64> {
        match self {
            Self::Plain(values) => values.get(row).map(|value| sums.add(*value, 1.0)),
            Self::Gathered {
                value,
                needs,
                weight,
                of_weights,
            } => {
                let take = |column: &Option<Input<'_>>| match column {
                    None => Some(1.0),
                    Some(column) if column.presence.at(row) => column.values.get(row).copied(),
                    Some(_) => None,
                };
                let (value, _, weight) = (take(value)?, take(needs)?, take(weight)?);
                Some(sums.add(if *of_weights { 1.0 } else { value }, weight))
            }
        }
    }
}
