//! Several tables over one row set, judged together: what one of them shows must not give back what another leaves blank.
//!
//! A table may be over a part of these rows, a [`Piece`]: a day of a week. The axis that tells the pieces apart is one more axis of the
//! frame, so that a week's cell is the sum of its days' atoms, and what a week less six days would give is an equation like any other.
//!
//! The tables' dimensions are gathered into a joint [`Frame`]; its finest cells that have rows are the atoms. Every cell of every table,
//! margins included, is a set of atoms, so that all of them are equations over the same unknowns: different dimensions, nested and crossing
//! bandings, tables with and without totals. A table is a *candidate*, which may still blank cells, or *released*, whose blank cells are
//! what they are and stay protected. What everybody is taken to know: every figure that a table shows, before it was rounded;
//! how many units and rows stand behind it; and which atoms are empty.
//!
//! Protected is every cell that failed, in candidates and in releases, and every *atom* that would fail: whatever
//! difference or other combination of shown cells singles out too few holds an atom that does, so that none is ever worked out,
//! be it a cell of a table or not (crossing bandings: `[0, 20) − [0, 18)`). So are those atoms that are all there is along a sensitive axis.
//!
//! How it is fed, in one pass over the rows: one [`crate::Accumulator`] per table, and one over [`Frame::shape`] whose cell of each row is
//! `atoms.number(Σ code·stride)`, with the columns that [`Frame::readings`] names. Past a limit, and where no pattern of blanks is found and
//! proven, people decide.

mod audit;
mod blanks;
mod bound;
mod columns;
mod frame;
mod given;
mod lines;
mod masks;
mod path;
mod protect;
mod quantity;
mod reach;
mod search;
mod solver;
mod system;
mod target;

use yunei_model::{Decision, OnFailure};

use crate::accumulate::{Protection, Statistics};
use crate::judge::{Judgement, Trial};
use crate::profile::Profile;
use crate::shape::Shape;
use crate::suppress::Bracket;
use protect::Protected;
use system::Party;

pub(crate) use given::{Aim, Coordinates, Given, GivenCell, GivenQuantity};

pub use frame::{ATOMS_MAX, AXES_MAX, Atoms, Axis, Frame, LinkedError, Reading, TABLES_MAX};

/// What stands of a table.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// It is to be judged.
    Candidate,
    /// It is to be judged, and its manifest asks for something else than blanks where a cell fails. [`OnFailure::Refuse`]: the whole stays
    /// where anything would have to be blank. [`OnFailure::Merge`]: the table is under the bandings that it came to by itself, an exact table as any
    /// other; where one of its cells would have to be blank, people decide. Rounded tables and those with noise go to people.
    Asking(OnFailure),
    /// It left earlier.
    Released {
        /// Whether each row of the table shows a figure in any measure.
        shown: &'a [bool],
    },
}

/// The rows of a table that is not over all rows of the joint frame: those with certain codes on one axis of it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The axis, one of the frame's.
    pub axis: &'a Axis,
    /// Whether rows with each of its codes are among the table's; none beyond the end.
    pub codes: &'a [bool],
}

/// One of the tables.
#[derive(Debug, Clone, Copy)]
pub struct LinkedTable<'a> {
    /// Its shape.
    pub shape: &'a Shape,
    /// Its statistics, over the same rows as the atoms'. Of a released table too: everybody knows what it shows.
    pub statistics: &'a Statistics,
    /// The axis of each dimension.
    pub axes: &'a [Axis],
    /// What each measure reads.
    pub readings: &'a [Reading],
    /// What stands of it.
    pub standing: Standing<'a>,
    /// The rows that it is over, and its statistics; `None` for all rows of the joint frame.
    pub piece: Option<Piece<'a>>,
}

/// The joint frame, filled.
#[derive(Debug, Clone, Copy)]
pub struct Joint<'a> {
    /// The frame of all tables.
    pub frame: &'a Frame,
    /// The atoms that have rows.
    pub atoms: &'a Atoms,
    /// Their statistics, accumulated in [`Frame::shape`].
    pub statistics: &'a Statistics,
}

/// A bracket of one of the tables.
struct LinkedBracket {
    table: usize,
    bracket: Bracket,
}

/// Why linked tables cannot be protected together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unlinked {
    /// Past a limit of the search.
    TooLarge,
    /// A level that no shift carries.
    NoShift,
    /// A shift that does not stand up to the check, or a bracket that is too narrow.
    NotProven,
    /// Statistics of different rows, or tables that do not fit the frame.
    Inconsistent,
    /// Figures of one column in two tables, over rows that differ by too few.
    Apart,
    /// Figures of one column under weights that could be solved for its values.
    Weighed,
    /// A column that is negative in rows that a candidate is not over.
    Negative,
    /// Figures of two columns in two tables, which differ in too few rows.
    Alike,
    /// What blank cells add up to does not pass, whatever further cell is blank.
    Together,
}

impl Unlinked {
    const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "linked tables are too large to be protected together",
            Self::NoShift => "linked tables could not be protected together",
            Self::NotProven => "linked tables are not proven to protect each other",
            Self::Apart => "linked tables sum one column over rows that differ by too few",
            Self::Weighed => {
                "linked tables sum one column under weights that could be solved for its values"
            }
            Self::Negative => {
                "linked tables sum a column that is negative in rows of only some of them"
            }
            Self::Alike => "linked tables sum two columns that differ for too few",
            Self::Together => "what blank cells of linked tables add up to could not be protected",
            Self::Inconsistent => "linked tables do not agree about the rows that they are over",
        }
    }
}

/// Judges the candidates among `tables`, together with each other and with what was released before; their judgements in
/// order.
///
/// Each is held against the rules as by [`crate::judge`]; a candidate that stays for itself shows nothing and takes no part. The
/// others are protected together. Where that is not reached, each of them goes to people, with the sizes that were reached, and none leaves.
#[must_use]
pub fn judge_linked(
    joint: &Joint<'_>,
    tables: &[LinkedTable<'_>],
    profile: &Profile,
    protection: Protection,
) -> Vec<Judgement> {
    let mut trials: Vec<Trial<'_>> = tables
        .iter()
        .map(|table| Trial::open(table.statistics, table.shape, profile, protection))
        .collect();
    if protection == Protection::Subjects {
        for (trial, table) in trials.iter_mut().zip(tables) {
            settle(trial, table);
        }
        let protected = together(joint, tables, &trials, profile);
        hand_down(protected, joint, tables, &mut trials);
    }
    trials
        .into_iter()
        .zip(tables)
        .filter(|(_, table)| !matches!(table.standing, Standing::Released { .. }))
        .map(|(trial, _)| trial.close())
        .collect()
}

/// Protects all that takes part. The tables' numbers in the answer are theirs among those that do.
fn together(
    joint: &Joint<'_>,
    tables: &[LinkedTable<'_>],
    trials: &[Trial<'_>],
    profile: &Profile,
) -> Result<Protected, Unlinked> {
    if tables.len() > TABLES_MAX {
        return Err(Unlinked::TooLarge);
    }
    let released = |table: &LinkedTable<'_>| matches!(table.standing, Standing::Released { .. });
    if tables
        .iter()
        .zip(trials)
        .any(|(t, trial)| released(t) && !trial.is_judged())
    {
        return Err(Unlinked::Inconsistent);
    }
    let parties: Result<Vec<Party<'_>>, Unlinked> = tables
        .iter()
        .zip(trials)
        .filter(|(table, trial)| takes_part(table, trial))
        .map(|(table, trial)| Party::new(joint.frame, table, trial.cells()))
        .collect();
    let parties = parties?;
    masks::check(joint, &parties, profile)?;
    columns::check(joint, &parties, profile)?;
    protect::protect(joint, &parties, profile)
}

/// Ends the trial of a candidate that asks for something else than blanks.
fn settle(trial: &mut Trial<'_>, table: &LinkedTable<'_>) {
    let Standing::Asking(on_failure) = table.standing else {
        return;
    };
    match on_failure {
        OnFailure::Suppress => {}
        OnFailure::Refuse => crate::alternative::refuse(trial, table.shape),
        OnFailure::Merge if !crate::alternative::fails(trial, table.shape) => {}
        OnFailure::Round | OnFailure::Merge | OnFailure::Perturb => {
            let reason = "other exact tables are about the same rows, and it is not left blank where a cell fails";
            trial.send(reason.to_owned(), Decision::Review);
        }
    }
}

/// Ends the trial of a candidate that has a blank and takes none.
fn without_blanks(trial: &mut Trial<'_>, table: &LinkedTable<'_>) {
    let (reason, decision) = match table.standing {
        Standing::Asking(OnFailure::Refuse) => (
            "a cell would be blank beside other tables, and the manifest has the whole stay then",
            Decision::Withhold,
        ),
        Standing::Asking(OnFailure::Merge) => (
            "a cell of the merged table would be blank beside other tables",
            Decision::Review,
        ),
        _ => return,
    };
    trial.send(reason.to_owned(), decision);
}

fn takes_part(table: &LinkedTable<'_>, trial: &Trial<'_>) -> bool {
    match table.standing {
        Standing::Candidate | Standing::Asking(_) => trial.is_open(),
        Standing::Released { .. } => true,
    }
}

/// Gives each candidate its blanks and brackets, or sends all of them to people.
fn hand_down(
    protected: Result<Protected, Unlinked>,
    joint: &Joint<'_>,
    tables: &[LinkedTable<'_>],
    trials: &mut [Trial<'_>],
) {
    let parties: Vec<usize> = tables
        .iter()
        .zip(trials.iter())
        .enumerate()
        .filter(|(_, (table, trial))| takes_part(table, trial))
        .map(|(place, _)| place)
        .collect();
    match protected {
        Ok(protected) => {
            for party in &parties {
                if let Some(trial) = trials.get_mut(*party) {
                    trial.patterned(protected.pattern);
                }
            }
            for (party, cell) in protected.complementary {
                let trial = parties.get(party).and_then(|p| trials.get_mut(*p));
                let table = parties.get(party).and_then(|p| tables.get(*p));
                if let (Some(trial), Some(table)) = (trial, table) {
                    trial.blank(cell);
                    without_blanks(trial, table);
                }
            }
            for bracket in protected.brackets {
                let trial = parties.get(bracket.table).and_then(|p| trials.get_mut(*p));
                if let Some(trial) = trial {
                    trial.bracket(bracket.bracket);
                }
            }
            for (party, proven) in protected.proven {
                let trial = parties.get(party).and_then(|p| trials.get_mut(*p));
                if let Some(trial) = trial {
                    trial.prove(proven);
                }
            }
        }
        Err(unlinked) => {
            let reason = format!(
                "{}: {} tables, {} released before, {} finest cells",
                unlinked.reason(),
                tables.len(),
                tables
                    .iter()
                    .filter(|t| matches!(t.standing, Standing::Released { .. }))
                    .count(),
                joint.atoms.len(),
            );
            for trial in trials.iter_mut() {
                trial.send(reason.clone(), Decision::Review);
            }
        }
    }
}

#[cfg(test)]
mod tests;
