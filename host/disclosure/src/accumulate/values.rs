//! The few values that the units of a cell have in one channel.

use std::cmp::Ordering;

/// Values of one cell and channel that are told apart at most.
pub(crate) const VALUES_MAX: usize = 16;
/// By so much of them sums of two values differ at most that are the same.
const SLIP: f64 = 1e-12;
/// Units are taken so often from the same values at most: no bound of a rule is greater than [`VALUES_MAX`].
const TAKEN_MAX: u64 = VALUES_MAX as u64;

/// The values that units of one cell have, each with the units all of whose rows have it. Units whose rows differ have none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Values {
    /// By rising value; nothing where there are more than [`VALUES_MAX`].
    pub(super) known: Box<[(f64, u32)]>,
    /// Whether there are more than [`VALUES_MAX`].
    pub(super) many: bool,
}

/// Values that are told apart while units come, one value each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Apart {
    few: Option<Box<Few>>,
    many: bool,
}

/// The few values that there are so far.
#[derive(Debug, Clone, Copy, Default)]
struct Few {
    known: [(f64, u32); VALUES_MAX],
    held: usize,
}

impl Apart {
    /// Counts a unit all of whose rows have this value.
    #[inline]
    pub(crate) fn unit(&mut self, value: f64) {
        if !self.many && !self.few.get_or_insert_default().unit(value) {
            (self.few, self.many) = (None, true);
        }
    }

    /// What they are, once all units are there.
    pub(crate) fn values(&self) -> Values {
        let held = |few: &Few| few.known.iter().take(few.held).copied().collect();
        Values::of(self.few.as_deref().map(held).unwrap_or_default(), self.many)
    }
}

impl Few {
    /// Counts a unit; whether there was room.
    fn unit(&mut self, value: f64) -> bool {
        let known = self.known.iter_mut().take(self.held);
        for (held, units) in known {
            if same(*held, value) {
                *units = units.saturating_add(1);
                return true;
            }
        }
        let Some(next) = self.known.get_mut(self.held) else {
            return false;
        };
        *next = (value, 1);
        self.held += 1;
        true
    }
}

#[inline]
pub(super) fn same(one: f64, other: f64) -> bool {
    one.partial_cmp(&other) == Some(Ordering::Equal)
}

impl Values {
    /// Each value with its units.
    fn each(&self) -> impl Iterator<Item = (f64, u64)> {
        let known = self.known.iter();
        known.map(|(value, units)| (*value, u64::from(*units)))
    }

    /// Units all of whose rows have the value; 0 where there are many values.
    pub(crate) fn units_at(&self, value: f64) -> u64 {
        let mut known = self.each();
        known
            .find(|(held, _)| same(*held, value))
            .map_or(0, |(_, units)| units)
    }

    /// Of so many units, those that have none of a few values, at least.
    pub(crate) fn units_beside(&self, values: &[f64], present: u64) -> u64 {
        if self.many {
            // Each value beyond those asked about is somebody's.
            let others = (VALUES_MAX + 1).saturating_sub(values.len());
            return present.min(others as u64);
        }
        let at: u64 = values.iter().map(|value| self.units_at(*value)).sum();
        present.saturating_sub(at)
    }

    /// Values that at least so many units have, rising, and those that a sum hides among the others; none without a crowd.
    pub(crate) fn crowds(&self, units_min: u64) -> Vec<f64> {
        let is_crowd = |(_, units): &(f64, u64)| *units >= units_min;
        if !self.each().any(|known| is_crowd(&known)) {
            return Vec::new();
        }
        let known = self.each();
        let known = known.filter(|known| is_crowd(known) || self.hides(known.0, units_min));
        known.map(|(value, _)| value).collect()
    }

    /// Whether so many more units could have a value, and the sum and the number of units be what they are.
    ///
    /// Two units that have other values, or three, could as well be one at the value and the rest elsewhere: of 0, 1, 2 and 3, as many
    /// could have 4 as have 2 and 3, since 2 + 3 = 4 + 1; of 0 and 1, none could have 1000. No unit is taken twice.
    fn hides(&self, value: f64, units_min: u64) -> bool {
        let others = self.each().filter(|(held, _)| !same(*held, value));
        let (others, mut left): (Vec<f64>, Vec<u64>) = others.unzip();
        let pairs = || others.iter().enumerate();
        let mut rests = others.clone();
        let twos = pairs().flat_map(|(at, one)| others.iter().skip(at).map(move |two| one + two));
        let mut rests_of_two: Vec<f64> = twos.collect();
        for rests in [&mut rests, &mut rests_of_two] {
            rests.sort_by(f64::total_cmp);
        }
        let mut found = 0;
        for (first, one) in pairs() {
            for (second, two) in pairs().skip(first) {
                if is_among(&rests, one + two, value) {
                    found += take(&mut left, &[first, second]);
                }
                if found >= units_min {
                    return true;
                }
            }
        }
        for (first, one) in pairs() {
            for (second, two) in pairs().skip(first) {
                for (third, three) in pairs().skip(second) {
                    if is_among(&rests_of_two, one + two + three, value) {
                        found += take(&mut left, &[first, second, third]);
                    }
                    if found >= units_min {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// The values of several cells together, if nobody is in two of them.
    pub(super) fn joined<'a>(cells: impl Iterator<Item = &'a Self>) -> Self {
        let mut known: Vec<(f64, u32)> = Vec::new();
        for cell in cells {
            if cell.many {
                return Self::of_many();
            }
            for (value, units) in &cell.known {
                match known.iter_mut().find(|(held, _)| same(*held, *value)) {
                    Some((_, held)) => *held = held.saturating_add(*units),
                    None => known.push((*value, *units)),
                }
            }
            if known.len() > VALUES_MAX {
                return Self::of_many();
            }
        }
        Self::of(known, false)
    }

    /// Of values in any order.
    pub(super) fn of(mut known: Vec<(f64, u32)>, many: bool) -> Self {
        known.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Self {
            known: known.into_boxed_slice(),
            many,
        }
    }

    fn of_many() -> Self {
        Self {
            known: Box::default(),
            many: true,
        }
    }
}

/// Whether what is left of a sum without the value is among rising ones.
fn is_among(rests: &[f64], sum: f64, value: f64) -> bool {
    let rest = sum - value;
    let slip = SLIP * (sum.abs() + value.abs());
    let place = rests.partition_point(|held| *held < rest - slip);
    rests.get(place).is_some_and(|held| *held <= rest + slip)
}

/// Takes a unit from each place as often as there is one left in all; how often.
fn take(left: &mut [u64], places: &[usize]) -> u64 {
    let mut taken = 0;
    loop {
        let mut after = left.to_vec();
        for place in places {
            let Some(rest) = after.get_mut(*place).filter(|rest| **rest > 0) else {
                return taken;
            };
            *rest -= 1;
        }
        left.copy_from_slice(&after);
        taken += 1;
        if taken >= TAKEN_MAX {
            return taken;
        }
    }
}

#[cfg(test)]
mod tests;
