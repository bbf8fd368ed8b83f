//! The few values that the units of a cell have in one channel.

use std::cmp::Ordering;

/// Values of one cell and channel that are told apart at most.
pub(crate) const VALUES_MAX: usize = 16;
/// By so much of them sums of two values differ at most that are the same.
const SLIP: f64 = 1e-12;

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

    /// Values that at least so many units have, rising, and those that are hidden among them; none without a crowd.
    ///
    /// A sum hides a value among crowds where two units of two crowds could as well be one at the value and one of a crowd: nobody can tell
    /// whether so many more have it. (Of 0, 1, 2 and 3 hides 4, since 4 + 1 = 2 + 3; of 0 and 1 hides 1000 nowhere.)
    pub(crate) fn crowds(&self, units_min: u64) -> Vec<f64> {
        let crowds = self.each().filter(|(_, units)| *units >= units_min);
        let crowds: Vec<(f64, u64)> = crowds.collect();
        let hidden = |value: f64| {
            let mut pairs = crowds.iter().enumerate().flat_map(|(place, one)| {
                let others = crowds.iter().skip(place);
                others.map(move |other| (*one, *other))
            });
            pairs.any(|((one, units), (other, _))| {
                let rest = one + other - value;
                let close = |held: f64| (held - rest).abs() <= SLIP * (one.abs() + other.abs());
                let enough = !same(one, other) || units >= units_min.saturating_mul(2);
                enough && crowds.iter().any(|(held, _)| close(*held))
            })
        };
        let known = self
            .each()
            .map(|(value, units)| (value, units >= units_min));
        let known = known.filter(|(value, crowd)| *crowd || hidden(*value));
        known.map(|(value, _)| value).collect()
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
