//! Figures of one column that are weighed differently: each is one more linear equation about the same values.
//!
//! Two figures whose weights are 0 or 1 have three combinations that leave somebody out: the one, the other, and what lies between
//! them, which the complement rule looks at; any other combination of them takes in whoever those take in, and is dominated no more than they are.
//! Other weights have a combination for every one of their values, and three figures or more have those of all of them together.

use super::unlike;
use crate::accumulate::{ChannelRole, Mask, Statistics, masked};
use crate::profile::Settings;
use crate::shape::Shape;

/// Figures of one column under different weights that are told without people, at most.
const FIGURES_MAX: usize = 2;

/// Whether measures that are told weigh one column in ways that no rule about pairs is sure of: more than two, or two of which one has
/// other weights than 0 and 1. `is_new` of a measure: whether it is asked for now. Follows from public structure, but for whether weights
/// are 0 and 1 and whether two are the same in all rows.
pub(crate) fn is_system(
    statistics: &Statistics,
    shape: &Shape,
    settings: &Settings,
    tells: impl Fn(usize) -> bool,
    is_new: impl Fn(usize) -> bool,
) -> bool {
    if !settings.complement.is_some_and(|rule| rule.disclosive) {
        return false;
    }
    let mut figures: Vec<Told> = Vec::new();
    for channel in statistics.channels() {
        let Some(measure) = channel.measure.filter(|measure| tells(*measure)) else {
            continue;
        };
        // A sum of weights is shown as coarsely as a count.
        if channel.role == ChannelRole::Weight && settings.rounding.is_some() {
            continue;
        }
        let columns = masked(channel).into_iter();
        figures.extend(columns.map(|(input, mask)| Told {
            column: shape.column(input),
            mask,
            is_new: is_new(measure),
        }));
    }
    let own = figures.iter().filter(|figure| figure.is_new);
    let mut columns: Vec<usize> = own.map(|figure| figure.column).collect();
    columns.sort_unstable();
    columns.dedup();
    columns.into_iter().any(|column| {
        let masks = figures.iter().filter(|figure| figure.column == column);
        let mut distinct: Vec<Mask> = Vec::new();
        for told in masks {
            let is = |known: &Mask| is_same(statistics, shape, column, *known, told.mask);
            if !distinct.iter().any(is) {
                distinct.push(told.mask);
            }
        }
        let other = |mask: &Mask| mask.weight.is_some_and(|input| !statistics.is_mask(input));
        distinct.len() > FIGURES_MAX || distinct.len() == FIGURES_MAX && distinct.iter().any(other)
    })
}

/// A column that a figure sums.
struct Told {
    column: usize,
    mask: Mask,
    is_new: bool,
}

/// Whether two figures of a column are the same: by structure, or since nobody lies between them in any cell.
fn is_same(statistics: &Statistics, shape: &Shape, column: usize, one: Mask, other: Mask) -> bool {
    if one.is(other, shape) {
        return true;
    }
    let channels = statistics.channels().iter().enumerate();
    let mut between = channels.filter(|(_, channel)| {
        let of_column = channel.value.map(|input| shape.column(input)) == Some(column);
        let ChannelRole::Complement(complement) = channel.role else {
            return false;
        };
        let [first, second] = complement.masks();
        let pair = first.is(one, shape) && second.is(other, shape)
            || first.is(other, shape) && second.is(one, shape);
        of_column && pair
    });
    between
        .next()
        .is_some_and(|(index, _)| !unlike::lies_somewhere(statistics, index))
}
