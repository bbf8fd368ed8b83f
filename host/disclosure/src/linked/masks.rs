//! Figures of one column in two tables, of rows that they weigh differently.
//!
//! One table shows the sum of a column, another its sum over the rows that a weight or a denominator leaves; where a combination
//! of cells is the same set of rows in both, the difference is a figure that neither shows. Shifts say nothing about it, since they move each
//! quantity by itself. It is harmless where what lies between passes the rules in every atom: what passes in each of several sets
//! of rows passes in all of them together.
//! More than two figures of one column, and weights that are not 0 and 1, are more than pairs can tell: people decide.

use super::system::Party;
use super::{Joint, Unlinked};
use crate::accumulate::{Channel, ChannelRole, Statistics};
use crate::judge;
use crate::profile::Profile;

/// Whether nothing is told between two tables.
pub(super) fn check(
    joint: &Joint<'_>,
    parties: &[Party<'_>],
    profile: &Profile,
) -> Result<(), Unlinked> {
    let (statistics, settings) = (joint.statistics, profile.settings());
    if parties
        .iter()
        .any(|party| is_negative_elsewhere(joint, party))
    {
        return Err(Unlinked::Negative);
    }
    let told = |party: &Party<'_>, measure| party.measures.contains(&Some(measure));
    let is_told = |measure| parties.iter().any(|party| told(party, measure));
    let is_new = |measure| {
        let mut candidates = parties.iter().filter(|party| party.is_candidate());
        candidates.any(|party| told(party, measure))
    };
    let shape = joint.frame.shape();
    if judge::is_system(statistics, shape, settings, is_told, is_new) {
        return Err(Unlinked::Weighed);
    }
    let is_class = settings.complement.is_some_and(|rule| rule.disclosive)
        && settings.class.is_some_and(|rule| rule.disclosive);
    for (index, channel) in statistics.channels().iter().enumerate() {
        let ChannelRole::Complement(between) = channel.role else {
            continue;
        };
        if !crosses(joint, parties, channel) {
            continue;
        }
        // That both figures are the same of some tells their weight, if others have another.
        let tells = is_class && between.weighs(shape) && judge::lies_somewhere(statistics, index);
        let fails = |atom| {
            judge::fails_between(statistics, atom, index, settings)
                || tells && judge::is_nobody(statistics, atom, index)
        };
        if (0..joint.atoms.len()).any(fails) {
            return Err(Unlinked::Apart);
        }
    }
    Ok(())
}

/// Whether a candidate sums a column that has negative values in rows of others, and none in its own: over all rows together the column
/// has no level that could be kept. One with negative values of its own is for people by itself.
fn is_negative_elsewhere(joint: &Joint<'_>, party: &Party<'_>) -> bool {
    if !party.is_candidate() {
        return false;
    }
    let (atoms, own) = (joint.statistics, party.table.statistics);
    let negative = |statistics: &Statistics, channel: usize| {
        let mut slots =
            (0..statistics.lattice().count()).filter_map(|c| statistics.slot(c, channel));
        slots.any(|slot| slot.negative)
    };
    let channels = atoms.channels().iter().enumerate();
    channels
        .filter(|(_, channel)| !channel.role.is_complement())
        .any(|(index, channel)| {
            let measure = party
                .measures
                .iter()
                .position(|m| m.is_some() && *m == channel.measure);
            let told = measure.and_then(|measure| own.channel_of(measure, channel.role));
            told.is_some_and(|told| negative(atoms, index) && !negative(own, told))
        })
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
