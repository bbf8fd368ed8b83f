//! Which cells to blank in tables that are yet to be published.
//!
//! One table with plain margins is judged as the gate judges it. Several tables, groups of labels, and releases that are out
//! already are protected as linked tables are at the gate: by shifts of whole numbers, and what those pass through is blank.

use yunei_model::{Decision, Status};

use super::ReviewError;
use super::atoms::{Atoms, Told};
use super::attack::aims;
use super::brackets::Place;
use super::counted::{Counted, Rows};
use super::measured::Quantity;
use super::published::{self, Grid, Published};
use super::shifts::{Levels, Shifts};
use crate::judge::Suppression;
use crate::profile::Profile;
use crate::rules::real;

/// A table that is yet to be published.
pub(super) struct Candidate<'a> {
    pub(super) counted: &'a Counted<'a>,
    pub(super) kept: &'a [bool],
}

/// Which cells are blank.
pub(super) struct Choice {
    /// Of each candidate.
    pub(super) blank: Vec<Vec<bool>>,
    /// Whether the gate's own proofs of one plain table stand behind it: they ask for no less than the attack does.
    pub(super) proven: bool,
}

/// Which cells of each candidate are blank, or why none of them may be published.
pub(super) type Chosen = Result<Choice, String>;

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
            Decision::Release | Decision::Review => Ok(Choice {
                blank: vec![
                    judged
                        .cells
                        .iter()
                        .map(|cell| cell.suppression != Suppression::None)
                        .collect(),
                ],
                proven: judged.decision == Decision::Release,
            }),
        });
    }
    let mut blank = failing(candidates);
    match neighbours(candidates, &blank, released, rows, profile)? {
        Ok(neighbours) => {
            for (table, cell) in neighbours {
                let cells = blank.get_mut(table);
                if let Some(blank) = cells.and_then(|cells| cells.get_mut(cell)) {
                    *blank = true;
                }
            }
            Ok(within_share(candidates, blank, profile))
        }
        Err(reason) => Ok(Err(reason.to_owned())),
    }
}

/// Every cell that fails.
fn failing(candidates: &[Candidate<'_>]) -> Vec<Vec<bool>> {
    let fails = |candidate: &Candidate<'_>| {
        let cells = 0..candidate.counted.frame.cells();
        cells
            .map(|cell| candidate.counted.status(cell) == Status::Fail)
            .collect()
    };
    candidates.iter().map(fails).collect()
}

/// The cells to blank beside those that fail.
fn neighbours(
    candidates: &[Candidate<'_>],
    blank: &[Vec<bool>],
    released: &[Told<'_>],
    rows: &Rows,
    profile: &Profile,
) -> Result<Result<Vec<Place>, &'static str>, ReviewError> {
    // What everybody is taken to know is what it was before it was rounded.
    let grids: Vec<Vec<Grid>> = candidates
        .iter()
        .map(|candidate| vec![Grid::exact(); candidate.counted.measures.len()])
        .collect();
    let shown: Vec<Published> = candidates
        .iter()
        .zip(&grids)
        .zip(blank)
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
    let aims = aims(&told, profile);
    if aims.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let atoms = Atoms::new(&told, rows)?;
    let wanted: Vec<(Place, &Quantity, Levels)> = aims
        .values()
        .flatten()
        .map(|aim| {
            let levels = aim.need.levels(aim.target.value);
            (aim.target.place, aim.quantity, levels)
        })
        .collect();
    // Of one that is blank in any table nothing is known in the others that tell the same.
    let quantities: Vec<&Quantity> = aims
        .values()
        .filter_map(|aims| aims.first().map(|aim| aim.quantity))
        .collect();
    let shifts = Shifts::new(&told, &atoms, rows, &quantities, candidates.len());
    Ok(shifts.map_or(
        Err("the tables are too large to be protected together"),
        |shifts| shifts.protect(&wanted),
    ))
}

/// The blanks, unless too much would be blank for a table to be of use.
fn within_share(candidates: &[Candidate<'_>], blank: Vec<Vec<bool>>, profile: &Profile) -> Chosen {
    for (candidate, blank) in candidates.iter().zip(&blank) {
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
    Ok(Choice {
        blank,
        proven: false,
    })
}
