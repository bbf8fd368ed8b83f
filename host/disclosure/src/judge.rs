//! The verdict on a table: rules cell by cell, suppression, and what leaves.

mod cells;
mod table;

use yunei_model::{
    CellVerdict, Decision, Digest, Hint, Name, Route, RuleFigure, Status, Table, Verdict,
};

use crate::accumulate::{Protection, Statistics};
use crate::profile::{Profile, Rounding};
use crate::rules;
use crate::shape::Shape;
use crate::suppress::{Bracket, Plan, protect};

/// Verdicts of single cells in one verdict at most; the counts are always those of all.
const CELL_VERDICTS_MAX: usize = 10_000;

/// Why a cell is blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// It is not.
    None,
    /// A rule failed.
    Primary,
    /// It would give back one that failed.
    Complementary,
}

/// What the rules and the suppression say of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellOutcome {
    /// Row of the table.
    pub cell: usize,
    /// Outcome of the rules.
    pub status: Status,
    /// Whether nobody is in it.
    pub empty: bool,
    /// Whether and why it is blank.
    pub suppression: Suppression,
    /// Rules that did not pass.
    pub failed: Vec<RuleFigure>,
}

/// What the gate says about one output, with the figures. For authorities alone but for [`Self::table`] and [`Self::hints`].
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Every cell, in the order of the table's rows.
    pub cells: Vec<CellOutcome>,
    /// Decision.
    pub decision: Decision,
    /// The table: there exactly when the decision is to release.
    pub table: Option<Table>,
    /// The table that reviewers are asked about: there exactly when the decision is review.
    pub candidate: Option<Table>,
    /// What remains unknown about the cells that failed, as far as the audit reached.
    pub brackets: Vec<Bracket>,
    /// Hints, from public structure alone.
    pub hints: Vec<Hint>,
    /// Why it was withheld or sent to review.
    pub reasons: Vec<String>,
    profile: Name,
    profile_digest: Digest,
    labels: Vec<(usize, Vec<String>)>,
}

impl Judgement {
    /// The verdict, as it goes on the record. Empty cells that fail the zero rule alone are counted and not listed.
    #[must_use]
    pub fn verdict(&self, output: Name, route: Route) -> Verdict {
        let count = |kind| {
            self.cells
                .iter()
                .filter(|cell| cell.suppression == kind)
                .count() as u64
        };
        let cells = self
            .labels
            .iter()
            .filter_map(|(cell, labels)| {
                let outcome = self.cells.get(*cell)?;
                Some(CellVerdict {
                    cell: labels.clone(),
                    status: outcome.status,
                    suppressed: outcome.suppression != Suppression::None,
                    failed: outcome.failed.clone(),
                })
            })
            .collect();
        let released = match self.decision {
            Decision::Release => count(Suppression::None),
            Decision::Withhold | Decision::Review => 0,
        };
        Verdict {
            output,
            route,
            profile: self.profile.clone(),
            profile_digest: self.profile_digest,
            decision: self.decision,
            cells_total: self.cells.len() as u64,
            cells_released: released,
            cells_failed: count(Suppression::Primary),
            cells_complementary: count(Suppression::Complementary),
            cells,
            hints: self.hints.clone(),
            reasons: self.reasons.clone(),
        }
    }
}

/// Judges the statistics of a table.
///
/// Released: a table in canonical order, every cell of the frame a row, blank where a rule failed and where a figure would
/// give a blank one back. Withheld: input that is no number, an empty table, a table that would be mostly blank, too
/// large, or whose blanks are not proven to stay unknown. Review: contributions over which dominance is not defined.
#[must_use]
pub fn judge(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    protection: Protection,
) -> Judgement {
    judge_keeping_blank(statistics, shape, profile, protection, &[])
}

/// As [`judge`], and the cells `blank` (rows of the table) stay blank whatever the rules say of them: those of an earlier edition, whose
/// figures would follow from the change.
#[must_use]
pub fn judge_keeping_blank(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    protection: Protection,
    blank: &[usize],
) -> Judgement {
    let mut judgement = Judgement {
        cells: Vec::new(),
        decision: Decision::Withhold,
        table: None,
        candidate: None,
        brackets: Vec::new(),
        hints: Vec::new(),
        reasons: Vec::new(),
        profile: profile.name().clone(),
        profile_digest: profile.digest(),
        labels: Vec::new(),
    };
    let reason = decide(
        statistics,
        shape,
        profile,
        protection,
        blank,
        &mut judgement,
    );
    if let Err(reason) = reason {
        judgement.decision = Decision::Withhold;
        judgement.reasons.push(reason.to_owned());
    }
    judgement.hints = hints(shape, judgement.decision);
    judgement.labels = judgement
        .cells
        .iter()
        .filter(|cell| {
            cell.suppression == Suppression::Complementary
                || (cell.status != Status::Pass && !cell.empty)
        })
        .take(CELL_VERDICTS_MAX)
        .map(|cell| (cell.cell, shape.labels(cell.cell)))
        .collect();
    judgement
}

/// Decides, or says why the whole stays.
fn decide(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    protection: Protection,
    blank: &[usize],
    judgement: &mut Judgement,
) -> Result<(), &'static str> {
    if statistics.lattice() != shape.lattice() || statistics.protection() != protection {
        return Err("the statistics are not those of this output");
    }
    judgement.cells = cells::unjudged(statistics);
    if statistics.is_broken() {
        return Err("a value or a sum is no finite number");
    }
    if judgement.cells.iter().all(|cell| cell.empty) {
        return Err("the table is empty");
    }
    if protection == Protection::None {
        return publish(statistics, shape, profile, None, judgement);
    }
    cells::hold_against(statistics, shape, profile, &mut judgement.cells);
    for cell in blank {
        if let Some(outcome) = judgement.cells.get_mut(*cell) {
            outcome.suppression = Suppression::Primary;
        }
    }
    within_share(profile, &judgement.cells)?;
    let plan = protect(statistics, profile, &primaries(&judgement.cells))
        .map_err(|unprotected| unprotected.reason())?;
    apply(plan, judgement);
    within_share(profile, &judgement.cells)?;
    publish(
        statistics,
        shape,
        profile,
        profile.settings().rounding.as_ref(),
        judgement,
    )
}

fn primaries(cells: &[CellOutcome]) -> Vec<usize> {
    cells
        .iter()
        .filter(|cell| cell.suppression == Suppression::Primary && !cell.empty)
        .map(|cell| cell.cell)
        .collect()
}

fn apply(plan: Plan, judgement: &mut Judgement) {
    for cell in plan.complementary {
        if let Some(outcome) = judgement.cells.get_mut(cell)
            && outcome.suppression == Suppression::None
        {
            outcome.suppression = Suppression::Complementary;
        }
    }
    judgement.brackets = plan.brackets;
}

/// Whether enough is left to be of use.
fn within_share(profile: &Profile, cells: &[CellOutcome]) -> Result<(), &'static str> {
    let filled = cells.iter().filter(|cell| !cell.empty).count() as u64;
    let blank = cells
        .iter()
        .filter(|cell| !cell.empty && cell.suppression != Suppression::None)
        .count() as u64;
    if blank == filled {
        return Err("every cell that is not empty would be blank");
    }
    let share = rules::real(blank) / rules::real(filled);
    if share > profile.settings().suppression.suppressed_share_max {
        return Err("too many cells would be blank for the table to be of use");
    }
    Ok(())
}

fn publish(
    statistics: &Statistics,
    shape: &Shape,
    profile: &Profile,
    rounding: Option<&Rounding>,
    judgement: &mut Judgement,
) -> Result<(), &'static str> {
    let table = table::build(statistics, shape, rounding, &judgement.cells)
        .map_err(|_| "the table could not be built")?;
    if let Some(size) = &profile.settings().size {
        let figure = rules::size(table.rows() as u64, table::bytes(&table), size);
        if figure.status != Status::Pass {
            return Err("the table is larger than the profile allows");
        }
    }
    if judgement.cells.iter().any(|c| c.status == Status::Review) {
        judgement.decision = Decision::Review;
        judgement
            .reasons
            .push("contributions are negative, so that dominance is not defined".to_owned());
        judgement.candidate = Some(table);
    } else {
        judgement.decision = Decision::Release;
        judgement.table = Some(table);
    }
    Ok(())
}

/// Hints from the shape alone: the same for every reason and for all data.
fn hints(shape: &Shape, decision: Decision) -> Vec<Hint> {
    let mut hints = Vec::new();
    match decision {
        Decision::Release => {}
        Decision::Review => hints.push(Hint::AwaitReview),
        Decision::Withhold => {
            if !shape.dimensions().is_empty() {
                hints.push(Hint::CoarserBanding);
            }
            if shape.dimensions().len() > 1 {
                hints.push(Hint::FewerDimensions);
            }
        }
    }
    hints
}

#[cfg(test)]
mod tests;
