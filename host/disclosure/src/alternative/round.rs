//! Rounding to a base that is wide enough, proven cell by cell.

use std::collections::BTreeMap;

use yunei_model::{Decision, Status};

use super::{counts_alone, of_sensitive, remarked};
use crate::accumulate::Statistics;
use crate::judge::{Judgement, Trial};
use crate::profile::{Profile, Rounding, RoundingMethod};
use crate::shape::{Lattice, Shape};

/// Moves that the proof looks at, at most; past that people decide.
pub const ROUND_WORK_MAX: usize = 2_000_000;
/// Inner cells of a failing margin that moves start from, at most.
const BASES_MAX: usize = 16;

/// Judges a table whose counts are rounded to the profile's base, margins independently of what is in them.
///
/// Released: every cell, rounded, if each failing cell is proven to stay unknown over the profile's interval. Review: anything but counts, a
/// sensitive dimension, a profile without a base, cells for which no proof was found.
pub(super) fn round(statistics: &Statistics, shape: &Shape, profile: &Profile) -> Judgement {
    let mut trial = Trial::judged(statistics, shape, profile);
    let settings = profile.settings();
    let Some(alternatives) = settings.alternatives.filter(|a| a.round_base > 0) else {
        let reason = "the profile has no base to round to";
        trial.send(reason.to_owned(), Decision::Review);
        return trial.close();
    };
    if !counts_alone(shape) {
        let reason = "rounding is for counts, and a measure is none";
        trial.send(reason.to_owned(), Decision::Review);
        return trial.close();
    }
    if let Some(reason) = of_sensitive(shape) {
        trial.send(reason.to_owned(), Decision::Review);
        return trial.close();
    }
    let mut cells = 0..statistics.lattice().count();
    if cells.any(|cell| statistics.rows(cell) != statistics.units(cell)) {
        // By how much one person's rows dominate is not asked of rounded counts.
        let reason = "rounding is for counts of one row each";
        trial.send(reason.to_owned(), Decision::Review);
        return trial.close();
    }
    let failing: Vec<usize> = trial
        .cells()
        .iter()
        .filter(|cell| cell.status == Status::Fail)
        .map(|cell| cell.cell)
        .collect();
    let base = alternatives.round_base;
    let interval = settings.suppression.interval_count;
    let lattice = statistics.lattice();
    let rows = Rooms::new(lattice, &|cell| statistics.rows(cell), base);
    let mut units = Rooms::new(lattice, &|cell| statistics.units(cell), base);
    // Whoever is in several cells cannot be away from one of them alone.
    units.hold_down(|cell| statistics.exclusive_units(cell));
    let proven = [rows, units]
        .iter()
        .all(|rooms| rooms.keep(&failing, interval));
    if !proven {
        let reason = "rounded counts are not proven to leave failing cells unknown";
        trial.send(reason.to_owned(), Decision::Review);
        return trial.close();
    }
    trial.show_all();
    let rounding = Rounding {
        method: RoundingMethod::Nearest,
        base,
        figure_digits: None,
    };
    let (zh, en) = (format!("舍入到 {base}"), format!("rounded to {base}"));
    let titled =
        shape.retitled(|measure| remarked(measure.title.as_ref(), measure.name.as_str(), &zh, &en));
    trial.close_as(&titled, Some(&rounding), None)
}

/// How far every cell could lie from what it is without being rounded to something else.
struct Rooms<'a> {
    lattice: &'a Lattice,
    /// Down and up, per cell.
    rooms: Vec<(i64, i64)>,
    values: Vec<u64>,
    inner: Vec<usize>,
}

impl<'a> Rooms<'a> {
    fn new(lattice: &'a Lattice, count: &dyn Fn(usize) -> u64, base: u64) -> Self {
        let values: Vec<u64> = (0..lattice.count()).map(count).collect();
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let rooms = values.iter().map(|value| {
            let above = value.saturating_add(base / 2) % base;
            (whole(above.min(*value)), whole(base - 1 - above))
        });
        let inner = lattice.inner_cells().into_iter();
        Self {
            lattice,
            rooms: rooms.collect(),
            values,
            inner: inner.map(|cell| cell as usize).collect(),
        }
    }

    /// Takes room downwards from inner cells.
    fn hold_down(&mut self, most: impl Fn(usize) -> u64) {
        for cell in &self.inner {
            if let Some((down, _)) = self.rooms.get_mut(*cell) {
                *down = (*down).min(i64::try_from(most(*cell)).unwrap_or(i64::MAX));
            }
        }
    }

    /// Whether every failing cell could be anything over an interval of this width, with all cells rounded to what they are. Each end is
    /// reached by moves in whole numbers: other tables that everybody would see as this one.
    fn keep(&self, failing: &[usize], interval: u64) -> bool {
        let wanted = i64::try_from(interval).unwrap_or(i64::MAX);
        let mut work = ROUND_WORK_MAX;
        failing.iter().all(|cell| {
            let up = self.reach(*cell, true, wanted, &mut work);
            up >= wanted || up + self.reach(*cell, false, wanted - up, &mut work) >= wanted
        })
    }

    /// How far the cell could lie up or down, as far as moves were found, `wanted` at most.
    fn reach(&self, failing: usize, upwards: bool, wanted: i64, work: &mut usize) -> i64 {
        let mut left: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        let mut reached = 0;
        for base in self.bases(failing) {
            let partners = std::iter::once(base).chain(self.partners(base));
            for partner in partners {
                if reached >= wanted || *work == 0 {
                    return reached;
                }
                *work -= 1;
                let changes = self.changes(base, partner, upwards);
                if changes.get(&failing) != Some(&if upwards { 1 } else { -1 }) {
                    continue;
                }
                let carries = changes
                    .iter()
                    .filter(|(_, net)| **net != 0)
                    .map(|(cell, net)| {
                        let (down, up) = self.room(&left, *cell);
                        if *net > 0 { up / net } else { down / -net }
                    });
                let carries = carries.min().unwrap_or(0).min(wanted - reached);
                if carries <= 0 {
                    continue;
                }
                reached += carries;
                for (cell, net) in changes {
                    let (down, up) = self.room(&left, cell);
                    left.insert(cell, (down + net * carries, up - net * carries));
                }
            }
        }
        reached
    }

    fn room(&self, left: &BTreeMap<usize, (i64, i64)>, cell: usize) -> (i64, i64) {
        let whole = self.rooms.get(cell).copied().unwrap_or((0, 0));
        left.get(&cell).copied().unwrap_or(whole)
    }

    /// Inner cells of a cell, those with most in them first.
    fn bases(&self, failing: usize) -> Vec<usize> {
        let lattice = self.lattice;
        let mut bases: Vec<usize> = self
            .inner
            .iter()
            .copied()
            .filter(|cell| {
                (0..lattice.axes()).all(|axis| {
                    lattice.is_margin(failing, axis)
                        || lattice.coordinate(*cell, axis) == lattice.coordinate(failing, axis)
                })
            })
            .collect();
        bases.sort_by_key(|cell| {
            let value = self.values.get(*cell).copied().unwrap_or(0);
            (std::cmp::Reverse(value), *cell)
        });
        bases.truncate(BASES_MAX);
        bases
    }

    /// Inner cells that a move from `base` may go to; without margins none is needed.
    fn partners(&self, base: usize) -> impl Iterator<Item = usize> + '_ {
        let inner = self.inner.iter().copied();
        let linked = self.lattice.totals();
        inner.filter(move |cell| linked && *cell != base)
    }

    /// How a move changes every cell and margin: corners of the hypercube between two inner cells, with alternating signs.
    fn changes(&self, base: usize, partner: usize, upwards: bool) -> BTreeMap<usize, i64> {
        let lattice = self.lattice;
        let moved: Vec<usize> = (0..lattice.axes())
            .filter(|axis| lattice.coordinate(base, *axis) != lattice.coordinate(partner, *axis))
            .collect();
        let mut changes = BTreeMap::new();
        for set in 0..1_usize << moved.len() {
            let mut corner = base;
            let mut net = if upwards { 1 } else { -1 };
            for (bit, axis) in moved.iter().enumerate() {
                if set >> bit & 1 == 1 {
                    corner = lattice.moved(corner, *axis, lattice.coordinate(partner, *axis));
                    net = -net;
                }
            }
            for cell in lattice.margins_of(corner).chain([corner]) {
                *changes.entry(cell).or_insert(0) += net;
            }
        }
        changes
    }
}
