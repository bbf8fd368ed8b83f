//! Which cells to blank in tables that are yet to be published.
//!
//! One table with plain margins is judged as the gate judges it. Several tables, groups of labels, and releases that are out
//! already go another way: what fails is blank, the attack is carried out, and what it gives back takes a neighbour with it,
//! until nothing is given back. The attack that finds nothing is the proof; how the neighbours were chosen is not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use yunei_model::{Decision, Status};

use super::ReviewError;
use super::atoms::{Atoms, Told};
use super::attack;
use super::brackets::Place;
use super::counted::{Counted, Rows};
use super::published::{self, Grid, Published};
use crate::judge::Suppression;
use crate::profile::Profile;
use crate::rules::real;

/// Rounds of attack and blanking at most.
const ROUNDS_MAX: usize = 100;
/// Blank cells about one that are looked at, at most.
const REACHED_MAX: usize = 1000;

/// A table that is yet to be published.
pub(super) struct Candidate<'a> {
    pub(super) counted: &'a Counted<'a>,
    pub(super) kept: &'a [bool],
}

/// Which cells of each candidate are blank, or why none of them may be published.
pub(super) type Chosen = Result<Vec<Vec<bool>>, String>;

/// Chooses. `released` are tables that are out already.
pub(super) fn choose(
    candidates: &[Candidate<'_>],
    released: &[Told<'_>],
    rows: &Rows,
    profile: &Profile,
) -> Result<Chosen, ReviewError> {
    if let ([only], true) = (candidates, released.is_empty())
        && let Some(judged) = only.counted.judged(rows, only.kept, profile)?
    {
        return Ok(match judged.decision {
            Decision::Withhold => Err(judged.reasons.join("; ")),
            Decision::Release | Decision::Review => Ok(vec![
                judged
                    .cells
                    .iter()
                    .map(|cell| cell.suppression != Suppression::None)
                    .collect(),
            ]),
        });
    }
    let mut search = Search::new(candidates);
    let grids: Vec<Vec<Grid>> = candidates
        .iter()
        .map(|candidate| vec![Grid::exact(); candidate.counted.measures.len()])
        .collect();
    let mut atoms = None;
    for _ in 0..ROUNDS_MAX {
        let shown: Vec<Published> = candidates
            .iter()
            .zip(&grids)
            .zip(&search.blank)
            .map(|((candidate, grids), blank)| published::rounded(candidate.counted, grids, blank))
            .collect();
        let told: Vec<Told<'_>> = candidates
            .iter()
            .zip(&grids)
            .zip(&shown)
            .map(|((candidate, grids), published)| Told {
                counted: candidate.counted,
                published,
                grids,
                kept: candidate.kept,
            })
            .chain(released.iter().map(Told::again))
            .collect();
        let atoms = match &mut atoms {
            Some(atoms) => &*atoms,
            None => {
                let found = Atoms::new(&told, rows)?;
                search.twins(&found, &told);
                &*atoms.insert(found)
            }
        };
        let found = attack::attack(&told, atoms, rows, profile);
        let given_back: Vec<Place> = found
            .iter()
            .filter(|(_, found)| found.iter().any(|f| f.status() == Status::Fail))
            .map(|(place, _)| *place)
            .collect();
        if given_back.is_empty() {
            return Ok(search.finish(profile));
        }
        let mut more = false;
        for place in given_back {
            more |= search.protect(place, atoms, &told);
        }
        if !more {
            break;
        }
    }
    Ok(Err(
        "blank cells could not be protected from what else is shown".to_owned(),
    ))
}

struct Search<'a> {
    candidates: &'a [Candidate<'a>],
    blank: Vec<Vec<bool>>,
    /// Cells of other candidates that hold the same atoms.
    twins: HashMap<Place, Vec<Place>>,
}

impl<'a> Search<'a> {
    /// With every cell blank that fails.
    fn new(candidates: &'a [Candidate<'a>]) -> Self {
        let blank = candidates
            .iter()
            .map(|candidate| {
                let cells = 0..candidate.counted.frame.cells();
                cells
                    .map(|cell| candidate.counted.status(cell) == Status::Fail)
                    .collect()
            })
            .collect();
        Self {
            candidates,
            blank,
            twins: HashMap::new(),
        }
    }

    fn finish(self, profile: &Profile) -> Chosen {
        for (candidate, blank) in self.candidates.iter().zip(&self.blank) {
            let filled = (0..blank.len()).filter(|cell| candidate.counted.rows(*cell) > 0);
            let (mut all, mut gone) = (0_u64, 0_u64);
            for cell in filled {
                all += 1;
                gone += u64::from(blank.get(cell).copied().unwrap_or(true));
            }
            if all == gone {
                return Err("every cell that is not empty would be blank".to_owned());
            }
            if real(gone) / real(all) > profile.settings().suppression.suppressed_share_max {
                return Err("too many cells would be blank for the table to be of use".to_owned());
            }
        }
        Ok(self.blank)
    }

    /// Finds cells of different tables that are the same; they are blank together.
    fn twins(&mut self, atoms: &Atoms, told: &[Told<'_>]) {
        if self.candidates.len() < 2 {
            return;
        }
        let mut of: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for atom in 0..atoms.count() {
            for (table, told) in told.iter().enumerate().take(self.candidates.len()) {
                let cells = atoms
                    .finest(atom, table)
                    .map(|c| told.counted.frame.above(c));
                for cell in cells.into_iter().flatten() {
                    of.entry((table, cell)).or_default().push(atom);
                }
            }
        }
        let mut same: HashMap<Vec<usize>, Vec<Place>> = HashMap::new();
        for (place, atoms) in of {
            same.entry(atoms).or_default().push(place);
        }
        for places in same.into_values().filter(|places| places.len() > 1) {
            for place in &places {
                self.twins.insert(*place, places.clone());
            }
        }
        let blank: Vec<Place> = self
            .blank
            .iter()
            .enumerate()
            .flat_map(|(table, cells)| {
                let blank = cells.iter().enumerate().filter(|(_, blank)| **blank);
                blank
                    .map(move |(cell, _)| (table, cell))
                    .collect::<Vec<_>>()
            })
            .collect();
        for place in blank {
            self.blank(place);
        }
    }

    fn is_blank(&self, (table, cell): Place) -> bool {
        self.blank
            .get(table)
            .and_then(|cells| cells.get(cell))
            .copied()
            .unwrap_or(true)
    }

    /// Blanks a cell and its twins. Whether one was not blank before.
    fn blank(&mut self, place: Place) -> bool {
        let twins = self
            .twins
            .get(&place)
            .cloned()
            .unwrap_or_else(|| vec![place]);
        let mut changed = false;
        for (table, cell) in twins {
            let slot = self
                .blank
                .get_mut(table)
                .and_then(|cells| cells.get_mut(cell));
            changed |= slot.is_some_and(|slot| !std::mem::replace(slot, true));
        }
        changed
    }

    /// Blanks a cell more for one that is given back.
    fn protect(&mut self, place: Place, atoms: &Atoms, told: &[Told<'_>]) -> bool {
        let mut neighbours = self.neighbours(place);
        if neighbours.is_empty() {
            neighbours = self.overlapping(place, atoms, told);
        }
        let chosen = neighbours.into_iter().min().map(|(_, place)| place);
        chosen.is_some_and(|chosen| self.blank(chosen))
    }

    /// The lines that a cell is in: a group or total and its labels, empty cells left out.
    fn lines(&self, (table, cell): Place) -> Vec<Vec<Place>> {
        let Some(candidate) = self.candidates.get(table) else {
            return Vec::new();
        };
        let counted = candidate.counted;
        let mut lines = Vec::new();
        for (axis, a) in counted.frame.axes.iter().enumerate() {
            let own = counted.frame.node(cell, axis);
            for (parent, node) in a.nodes.iter().enumerate().skip(a.leaves) {
                if parent == own || node.leaves.iter().any(|leaf| *leaf as usize == own) {
                    let line = node.leaves.iter().map(|leaf| *leaf as usize);
                    let line = line.chain(std::iter::once(parent));
                    lines.push(
                        line.map(|node| (table, counted.frame.moved(cell, axis, node)))
                            .filter(|(_, cell)| counted.rows(*cell) > 0)
                            .collect(),
                    );
                }
            }
        }
        lines
    }

    /// Cells in the lines of a cell and of what is blank about it, with what they cost: lines where a lone blank is left, less those
    /// where a lone blank gets company; then rows.
    fn neighbours(&self, place: Place) -> Vec<((i64, u64), Place)> {
        let mut reached = BTreeSet::from([place]);
        let mut ahead = vec![place];
        let mut open = BTreeSet::new();
        while let Some(at) = ahead.pop() {
            for line in self.lines(at) {
                let lone = line.iter().filter(|place| self.is_blank(**place)).count() == 1;
                for other in line {
                    if self.is_blank(other) {
                        if reached.len() < REACHED_MAX && reached.insert(other) {
                            ahead.push(other);
                        }
                    } else if lone {
                        open.insert(other);
                    }
                }
            }
        }
        if open.is_empty() {
            let beside = self.lines(place).into_iter().flatten();
            open.extend(beside.filter(|place| !self.is_blank(*place)));
        }
        let cost = |place: Place| -> i64 {
            let lines = self.lines(place).into_iter();
            lines
                .map(
                    |line| match line.iter().filter(|place| self.is_blank(**place)).count() {
                        0 => 1,
                        1 => -1,
                        _ => 0,
                    },
                )
                .sum()
        };
        let rows = |(table, cell): Place| {
            self.candidates
                .get(table)
                .map_or(0, |c| c.counted.rows(cell))
        };
        open.into_iter()
            .map(|place| ((cost(place), rows(place)), place))
            .collect()
    }

    /// Candidates' cells that share an atom with a cell.
    fn overlapping(
        &self,
        (table, cell): Place,
        atoms: &Atoms,
        told: &[Told<'_>],
    ) -> Vec<((i64, u64), Place)> {
        let mut overlapping = Vec::new();
        for atom in 0..atoms.count() {
            let above = |table: usize| {
                let finest = atoms.finest(atom, table)?;
                Some(told.get(table)?.counted.frame.above(finest))
            };
            if !above(table).is_some_and(|cells| cells.contains(&cell)) {
                continue;
            }
            for (index, candidate) in self.candidates.iter().enumerate() {
                for cell in above(index).unwrap_or_default() {
                    let place = (index, cell);
                    if !self.is_blank(place) {
                        overlapping.push(((0, candidate.counted.rows(cell)), place));
                    }
                }
            }
        }
        overlapping
    }
}
