//! Figures of one column in two tables, of rows that they weigh differently.
//!
//! One table shows the sum of a column, another its sum over the rows that a weight or a denominator leaves; where a combination
//! of cells is the same set of rows in both, the difference is a figure that neither shows. Shifts say nothing about it, since they move each
//! quantity by itself. It is harmless where what lies between passes the rules in every atom: what passes in each of several sets
//! of rows passes in all of them together.

use super::system::Party;
use super::{Joint, Unlinked};
use crate::accumulate::{Channel, ChannelRole};
use crate::judge;
use crate::profile::Profile;

/// Whether nothing is told between two tables.
pub(super) fn check(
    joint: &Joint<'_>,
    parties: &[Party<'_>],
    profile: &Profile,
) -> Result<(), Unlinked> {
    for (index, channel) in joint.statistics.channels().iter().enumerate() {
        if !channel.role.is_complement() || !crosses(joint, parties, channel) {
            continue;
        }
        let settings = profile.settings();
        let fails = |atom| judge::fails_between(joint.statistics, atom, index, settings);
        if (0..joint.atoms.len()).any(fails) {
            return Err(Unlinked::Apart);
        }
    }
    Ok(())
}

/// Whether its two figures are shown by different tables.
fn crosses(joint: &Joint<'_>, parties: &[Party<'_>], channel: &Channel) -> bool {
    let ChannelRole::Complement(complement) = channel.role else {
        return false;
    };
    let telling = |measure: usize| {
        let telling = parties.iter().enumerate();
        telling
            .filter(move |(_, party)| party.measures.contains(&Some(measure)))
            .map(|(place, _)| place)
    };
    let (Some(measure), Some(column)) = (channel.measure, channel.value) else {
        return false;
    };
    // Between two measures, a table by itself is held against the rule in its own cells, but not for combinations of them.
    if let Some(beside) = complement.beside {
        return telling(measure).next().is_some() && telling(beside).next().is_some();
    }
    let plain = joint.frame.plain_sums(column);
    let mut plain = plain.into_iter().flat_map(telling).peekable();
    let Some(first) = plain.peek().copied() else {
        return false;
    };
    telling(measure).chain(plain).any(|place| place != first)
}
