//! How a channel reads a row of a block: resolved once for the block, not once for each row.

use super::channels::Mask;
use super::slot::{Part, RowSums};
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
    /// Values of the rows that two figures weigh differently; ones where there is no column of values.
    Apart {
        value: Option<Input<'a>>,
        masks: [Masked<'a>; 2],
    },
    /// Nothing: two figures that weigh every row of the block alike.
    Nothing,
}

/// A mask over the columns of a block.
pub(super) struct Masked<'a> {
    weight: Option<Input<'a>>,
    needs: Option<Input<'a>>,
}

impl<'a> Masked<'a> {
    fn of(mask: Mask, inputs: &[Input<'a>]) -> Self {
        let column = |index: Option<usize>| index.and_then(|index| inputs.get(index)).copied();
        Self {
            weight: column(mask.weight),
            // A column without gaps leaves nothing out.
            needs: column(mask.needs).filter(|needs| !matches!(needs.presence, Presence::All)),
        }
    }

    const fn is_open(&self) -> bool {
        self.weight.is_none() && self.needs.is_none()
    }

    /// What the row is weighed with; 0 where it is left out.
    #[inline]
    fn at(&self, row: usize) -> f64 {
        let take = |column: &Option<Input<'_>>| match column {
            None => Some(1.0),
            Some(column) if column.presence.at(row) => column.values.get(row).copied(),
            Some(_) => None,
        };
        match (take(&self.needs), take(&self.weight)) {
            (Some(_), Some(weight)) => weight,
            _ => 0.0,
        }
    }
}

impl Channel {
    /// How the channel reads rows of these columns.
    pub(super) fn reading<'a>(&self, inputs: &[Input<'a>]) -> Reading<'a> {
        let column = |index: Option<usize>| index.and_then(|index| inputs.get(index)).copied();
        let (value, needs, weight) = (column(self.value), column(self.needs), column(self.weight));
        if let ChannelRole::Complement(complement) = self.role {
            let masks = complement.masks().map(|mask| Masked::of(mask, inputs));
            if masks.iter().all(Masked::is_open) {
                return Reading::Nothing;
            }
            return Reading::Apart { value, masks };
        }
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
    pub(super) fn add(&self, sums: &mut RowSums, row: usize) -> Option<Part> {
        match self {
            Self::Plain(values) => values
                .get(row)
                .map(|value| Part::of_row(sums.add(*value, 1.0), *value, 1.0)),
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
                Some(if *of_weights {
                    Part::of_row(sums.add(weight, 1.0), weight, 1.0)
                } else {
                    Part::of_row(sums.add(value, weight), value, weight)
                })
            }
            Self::Apart {
                value,
                masks: [one, other],
            } => {
                let value = match value {
                    None => 1.0,
                    Some(column) if column.presence.at(row) => column.values.get(row).copied()?,
                    Some(_) => return None,
                };
                let (one, other) = (one.at(row), other.at(row));
                // One that is no number is told apart from none: the value it stands beside breaks its own sum.
                one.partial_cmp(&other)
                    .is_some_and(std::cmp::Ordering::is_ne)
                    .then(|| Part::hidden(sums.add(value, 1.0)))
            }
            Self::Nothing => None,
        }
    }
}
