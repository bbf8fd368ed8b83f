//! What the blank cells of a table add up to: a margin less its shown cells is a figure, as if it were printed.
//!
//! Suppression keeps each failed cell unknown by itself. Two failed cells that hide each other may still tell of both: all of the one and all of the
//! other are ill, and so are as many as both have together. This is a check that knows nothing of how the blanks were found: it
//! takes every sum of blank cells that some shown margin gives away, and holds it against the very rules that a cell is held against.
//! Where one does not pass, a further cell is left blank, and protected as if it had failed.

use std::collections::{BTreeMap, BTreeSet};

use yunei_model::Status;

use super::{cells, unlike};
use crate::accumulate::{Channel, Statistics};
use crate::profile::{Profile, Settings};
use crate::rules::real;
use crate::shape::Shape;
use crate::suppress::{self, Pattern, Plan, Unprotected};

/// Times that further cells are left blank at most; past that the table stays.
const ROUNDS_MAX: usize = 12;
/// Sums of blank cells, cell by cell, that are looked at in one round at most.
const SUMMANDS_MAX: usize = 100_000_000;
/// Further cells that are tried for one sum at most.
const TRIED_MAX: usize = 64;

/// Protects the failed cells one by one, and what they add up to with those that are blank for them.
pub(super) fn protect(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    failed: &[usize],
) -> Result<Plan, Unprotected> {
    let bench = Bench::new(statistics, shape, profile);
    let mut asked = failed.to_vec();
    let mut first: Option<Pattern> = None;
    for _ in 0..ROUNDS_MAX {
        let mut plan = suppress::protect(statistics, profile, &asked)?;
        let pattern = *first.get_or_insert(plan.pattern);
        let more = bench.further(&[&asked, &plan.complementary])?;
        if !more.is_empty() {
            asked.extend(more);
            continue;
        }
        let further = asked.get(failed.len()..).unwrap_or_default();
        if !further.is_empty() {
            plan.complementary.extend(further);
            plan.complementary.sort_unstable();
            plan.brackets.retain(|b| !further.contains(&b.cell));
            plan.pattern = Pattern {
                cost: plan.complementary.iter().map(|c| bench.price(*c)).sum(),
                bound: pattern.bound,
            };
        }
        return Ok(plan);
    }
    Err(Unprotected::Together)
}

/// Whether cells of a table do not pass as if they were one, in what `told` says that everybody could work out of them.
pub(crate) fn fail_together(
    statistics: &Statistics,
    shape: &Shape,
    settings: &Settings,
    varied: &[bool],
    told: &dyn Fn(&Channel) -> bool,
    cells: &[usize],
) -> bool {
    let Some(one) = statistics.together(cells) else {
        return true;
    };
    cells::hold_one(&one, shape, settings, varied, told) == Status::Fail
}

/// Axes, one bit each, on which a cell is a margin.
type Level = usize;

/// Blank cells whose sum is told: they are of one level, in blank cells of another (or the same), in one that is shown.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    level: Level,
    within: Level,
    of: Level,
    margin: usize,
}

struct Bench<'a> {
    statistics: &'a Statistics,
    shape: &'a Shape,
    settings: &'a Settings,
    varied: Vec<bool>,
}

impl<'a> Bench<'a> {
    fn new(statistics: &'a Statistics, shape: &'a Shape, profile: &'a Profile) -> Self {
        Self {
            statistics,
            shape,
            settings: profile.settings(),
            varied: unlike::varied(statistics),
        }
    }

    /// What blanking a cell costs.
    fn price(&self, cell: usize) -> f64 {
        1.0 + (1.0 + real(self.statistics.rows(cell))).log2()
    }

    /// Cells to leave blank too, so that what blank ones add up to may pass; none where all of it does.
    fn further(&self, blank: &[&[usize]]) -> Result<Vec<usize>, Unprotected> {
        let lattice = self.statistics.lattice();
        if !lattice.totals() {
            return Ok(Vec::new());
        }
        let mut is_blank = vec![false; lattice.count()];
        for cell in blank.iter().copied().flatten() {
            if let Some(state) = is_blank.get_mut(*cell) {
                *state = true;
            }
        }
        let mut known: BTreeSet<Vec<usize>> = BTreeSet::new();
        let mut further = BTreeSet::new();
        for (told, mut cells) in self.told(&is_blank)? {
            cells.sort_unstable();
            if !self.fails(&cells) || !known.insert(cells.clone()) {
                continue;
            }
            let room = self.room(&told, &is_blank);
            if room.iter().any(|cell| further.contains(cell)) {
                // What is left blank for another sum may serve this one.
                continue;
            }
            // Where nothing else is shown, the sum is what is told already, and was held against the rules by itself.
            further.extend(self.cheapest(&cells, &room));
        }
        Ok(further.into_iter().collect())
    }

    /// Every sum of blank cells that a shown margin gives away.
    fn told(&self, is_blank: &[bool]) -> Result<BTreeMap<Told, Vec<usize>>, Unprotected> {
        let mut sums: BTreeMap<Told, Vec<usize>> = BTreeMap::new();
        let axes = self.statistics.lattice().axes();
        let mut left = SUMMANDS_MAX;
        let blank = |cell: usize| is_blank.get(cell).copied().unwrap_or(false);
        let cells = (0..is_blank.len()).filter(|cell| blank(*cell));
        for cell in cells.filter(|cell| self.statistics.rows(*cell) > 0) {
            let level = self.level(cell);
            for within in (level..1 << axes).filter(|within| within & level == level) {
                if within != level && !blank(self.raised(cell, within)) {
                    continue;
                }
                let above = (within + 1..1 << axes).filter(|of| of & within == within);
                for of in above {
                    left = left.checked_sub(1).ok_or(Unprotected::TooLarge)?;
                    let margin = self.raised(cell, of);
                    if !blank(margin) {
                        let told = Told {
                            level,
                            within,
                            of,
                            margin,
                        };
                        sums.entry(told).or_default().push(cell);
                    }
                }
            }
        }
        Ok(sums)
    }

    fn level(&self, cell: usize) -> Level {
        let lattice = self.statistics.lattice();
        let margins = (0..lattice.axes()).filter(|axis| lattice.is_margin(cell, *axis));
        margins.fold(0, |level, axis| level | 1 << axis)
    }

    /// The margin of a cell on all axes of a level.
    fn raised(&self, cell: usize, level: Level) -> usize {
        let lattice = self.statistics.lattice();
        let axes = (0..lattice.axes()).filter(|axis| level >> axis & 1 == 1);
        axes.fold(cell, |cell, axis| {
            lattice.moved(cell, axis, lattice.labels(axis))
        })
    }

    /// The cells that are shown where those of a sum are, cheapest first.
    fn room(&self, told: &Told, is_blank: &[bool]) -> Vec<usize> {
        let lattice = self.statistics.lattice();
        let blank = |cell: usize| is_blank.get(cell).copied().unwrap_or(false);
        let mut cells = vec![told.margin];
        for axis in (0..lattice.axes()).filter(|axis| (told.of & !told.level) >> axis & 1 == 1) {
            let along = |cell: &usize| {
                let cell = *cell;
                (0..lattice.labels(axis)).map(move |label| lattice.moved(cell, axis, label))
            };
            cells = cells.iter().flat_map(along).collect();
        }
        cells.retain(|cell| {
            let within = told.within == told.level || blank(self.raised(*cell, told.within));
            within && !blank(*cell) && self.statistics.rows(*cell) > 0
        });
        cells.sort_by(|a, b| self.price(*a).total_cmp(&self.price(*b)).then(a.cmp(b)));
        cells
    }

    /// The cheapest cell with which a sum passes, or the cheapest of all.
    fn cheapest(&self, cells: &[usize], room: &[usize]) -> Option<usize> {
        let passes = |cell: &&usize| !self.fails(&[cells, &[**cell]].concat());
        let enough = room.iter().take(TRIED_MAX).find(passes);
        enough.or_else(|| room.first()).copied()
    }

    fn fails(&self, cells: &[usize]) -> bool {
        let disclosive = self.settings.class.is_some_and(|class| class.disclosive);
        let everything = |_: &Channel| true;
        disclosive && self.are_of_one_class(cells)
            || fail_together(
                self.statistics,
                self.shape,
                self.settings,
                &self.varied,
                &everything,
                cells,
            )
    }

    /// Whether everybody of the cells' lines along a sensitive axis is in them, and they are of one class.
    fn are_of_one_class(&self, cells: &[usize]) -> bool {
        let (statistics, lattice) = (self.statistics, self.statistics.lattice());
        self.shape.sensitive_axes().any(|axis| {
            let mut classes = cells.iter().map(|cell| lattice.coordinate(*cell, axis));
            let first = classes.next();
            let is_one = first.is_some_and(|class| class < lattice.labels(axis))
                && classes.all(|class| Some(class) == first);
            is_one
                && cells.iter().all(|cell| {
                    let labels = 0..lattice.labels(axis);
                    let line: u64 = labels
                        .map(|label| statistics.rows(lattice.moved(*cell, axis, label)))
                        .sum();
                    let units = statistics.units_of_line(*cell, axis);
                    statistics.rows(*cell) >= line
                        || units.is_some_and(|units| statistics.units(*cell) >= units)
                })
        })
    }
}

#[cfg(test)]
mod tests;
