//! Components of a system that one target lies in, and the deviations that were found in them so far.
//!
//! A deviation leaves every figure that is shown what it is, within its rounding, and no atom below nothing: it is one more way in
//! which the tables could have come about. Each is checked against the lines themselves, whatever found it, before it counts.

use super::Line;

/// Relative error that sums of doubles are allowed.
const SLIP: f64 = 1e-9;
/// By so much of itself a deviation may go beyond an end, and is taken so much less often.
const SLIP_OF_ENDS: f64 = 1e-6;
/// Deviations that are kept for later targets at most.
const DEVIATIONS_MAX: usize = 4_000;

/// Components of a system.
pub(super) struct Sector {
    /// Numbers of the unknowns in the system, rising; elsewhere an unknown is its place in this list.
    pub(super) of: Vec<u32>,
    /// Least deviation per unknown.
    pub(super) floors: Vec<f64>,
    pub(super) lines: Vec<Line>,
    /// Unknowns of each blank cell that its respondents know, rising.
    pub(super) insiders: Vec<Vec<u32>>,
    pub(super) whole: bool,
    pub(super) network: bool,
    deviations: Vec<Deviation>,
}

/// A way in which the unknowns could differ from what they are.
#[derive(Debug, Clone)]
pub(super) struct Deviation {
    /// Amount of each unknown that differs, rising.
    amounts: Vec<(u32, f64)>,
    /// So many times over it stands, and so many times the other way round: none for counts that stand only in parts.
    times: (f64, f64),
    /// Insiders who would notice.
    noticed: Vec<bool>,
}

impl Sector {
    pub(super) const fn new(
        of: Vec<u32>,
        floors: Vec<f64>,
        lines: Vec<Line>,
        insiders: Vec<Vec<u32>>,
        (whole, network): (bool, bool),
    ) -> Self {
        Self {
            of,
            floors,
            lines,
            insiders,
            whole,
            network,
            deviations: Vec::new(),
        }
    }

    /// The unknowns of a list that are among these, by their places.
    pub(super) fn places(&self, list: &[u32]) -> Vec<u32> {
        let place = |unknown: &u32| self.of.binary_search(unknown).ok();
        let places = list.iter().filter_map(place);
        places.map(crate::review::axis::narrow).collect()
    }

    pub(super) fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Keeps a deviation for targets to come.
    pub(super) fn keep(&mut self, deviation: Deviation) {
        if self.deviations.len() < DEVIATIONS_MAX {
            self.deviations.push(deviation);
        }
    }

    /// The deviation by these amounts, if it stands. Knows nothing of how they were found.
    pub(super) fn checked(&self, amounts: &[f64]) -> Option<Deviation> {
        if amounts.len() != self.floors.len() || !amounts.iter().all(|a| a.is_finite()) {
            return None;
        }
        if self.whole && amounts.iter().any(|amount| amount.fract() != 0.0) {
            return None;
        }
        let size = amounts.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
        let slip = if self.whole { 0.0 } else { SLIP * size };
        let sum = |of: &[u32]| -> f64 {
            let held = of.iter().filter_map(|place| amounts.get(*place as usize));
            held.sum()
        };
        let (mut forth, mut back) = (f64::INFINITY, f64::INFINITY);
        let floors = amounts.iter().zip(&self.floors);
        let floors = floors.map(|(amount, floor)| (*amount, *floor, f64::INFINITY));
        let mut of_lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let change = sum(&line.unknowns);
            if change.abs() <= slip {
                continue;
            }
            if line.is_exact() {
                return None;
            }
            of_lines.push((change, line.low, line.high));
        }
        for (change, low, high) in floors.chain(of_lines) {
            forth = forth.min(times(change, low, high));
            back = back.min(times(-change, low, high));
        }
        if self.whole {
            (forth, back) = (forth.floor(), back.floor());
        }
        if forth < 1.0 - SLIP_OF_ENDS {
            return None;
        }
        let moved = amounts.iter().zip(0_u32..);
        Some(Deviation {
            amounts: moved
                .filter(|(amount, _)| **amount != 0.0)
                .map(|(amount, place)| (place, *amount))
                .collect(),
            times: (forth, back),
            noticed: self
                .insiders
                .iter()
                .map(|known| sum(known).abs() > slip)
                .collect(),
        })
    }
}

/// How many times over a change stays between two ends, of which neither is beyond nothing.
fn times(change: f64, low: f64, high: f64) -> f64 {
    let end = if change > 0.0 { high } else { low };
    if change == 0.0 || end.is_infinite() {
        return f64::INFINITY;
    }
    (end / change).max(0.0)
}

impl Deviation {
    /// How far the sum of some unknowns lies down and up when it is taken as many times as it stands, one way and the other.
    pub(super) fn reach(&self, of: &[u32]) -> (f64, f64) {
        let amount = |place: &u32| {
            let found = self.amounts.binary_search_by_key(place, |(of, _)| *of);
            found.ok().and_then(|found| self.amounts.get(found))
        };
        let moved: f64 = of.iter().filter_map(amount).map(|(_, amount)| amount).sum();
        let (forth, back) = self.times;
        let far = |times: f64| {
            if moved == 0.0 {
                0.0
            } else {
                moved.abs() * times
            }
        };
        if moved > 0.0 {
            (far(back), far(forth))
        } else {
            (far(forth), far(back))
        }
    }

    /// Whether the respondents of an insider's cell would notice.
    pub(super) fn is_noticed(&self, insider: usize) -> bool {
        self.noticed.get(insider).copied().unwrap_or(true)
    }
}

#[cfg(test)]
mod tests;
