//! The verdict on a table: rules cell by cell, suppression, and what leaves.

mod cells;
mod figures;
mod repeat;
mod table;
mod together;
mod unlike;
mod weighed;

#[cfg(test)]
pub(crate) use cells::hold_and_keep;
pub(crate) use cells::{hold_against, unjudged};
pub use figures::Proven;
pub(crate) use table::{exact, shown, unit};
pub(crate) use together::fail_together;
pub(crate) use unlike::{fails_between, is_nobody, lies_somewhere, varied};
pub(crate) use weighed::is_system;

use yunei_model::{
    CellVerdict, Column, Decision, Digest, Hint, Name, Overlaps, Route, RuleFigure, Status, Table,
    TableError, Value, Verdict,
};

use crate::accumulate::{Protection, Statistics};
use crate::profile::{Profile, Rounding};
use crate::rules;
use crate::shape::Shape;
use crate::suppress::{Bracket, Pattern, Plan};
use figures::Frame;
pub(crate) use figures::Ledger;

/// Verdicts of single cells in one verdict at most; the counts are always those of all.
const CELL_VERDICTS_MAX: usize = 10_000;

/// A count as it is shown, by row of the table and count.
pub(crate) type Shown<'a> = dyn Fn(usize, u64) -> u64 + 'a;

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
    /// How good the choice of blanks is, over all tables that were protected together; absent where nothing was chosen.
    pub pattern: Option<Pattern>,
    /// Hints, from public structure alone.
    pub hints: Vec<Hint>,
    /// Why it was withheld or sent to review.
    pub reasons: Vec<String>,
    /// What is proven to stay unknown of each blank cell.
    pub proven: Vec<Proven>,
    profile: Name,
    profile_digest: Digest,
    labels: Vec<(usize, Vec<String>)>,
    ledger: Ledger,
    frame: Frame,
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
            routine: false,
            overlaps: Overlaps::default(),
            checks: figures::checks(&self.frame, &self.ledger, &self.cells, &self.proven),
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
    let mut trial = Trial::open(statistics, shape, profile, protection);
    if trial.is_open() && protection == Protection::Subjects {
        for cell in blank {
            trial.keep_blank(*cell);
        }
        let failed = primaries(trial.cells());
        match together::protect(statistics, shape, profile, &failed) {
            Ok(plan) => trial.apply(plan),
            Err(unprotected) => {
                trial.send(unprotected.reason().to_owned(), Decision::Withhold);
            }
        }
    }
    trial.close()
}

/// Outcomes of the rules cell by cell, before anything is suppressed.
pub(crate) fn statuses(statistics: &Statistics, shape: &Shape, profile: &Profile) -> Vec<Status> {
    let mut cells = cells::unjudged(statistics);
    cells::hold_against(statistics, shape, profile, &mut cells);
    cells.into_iter().map(|cell| cell.status).collect()
}

/// A table between the rules and the verdict.
pub(crate) struct Trial<'a> {
    statistics: &'a Statistics,
    shape: &'a Shape,
    profile: &'a Profile,
    protection: Protection,
    judgement: Judgement,
    /// Whether the rules were held against its cells.
    judged: bool,
    /// Where it ended, if it did.
    ended: Option<Decision>,
}

impl<'a> Trial<'a> {
    /// Holds a table against the rules. It ends here when it cannot leave whatever is suppressed.
    pub(crate) fn open(
        statistics: &'a Statistics,
        shape: &'a Shape,
        profile: &'a Profile,
        protection: Protection,
    ) -> Self {
        let mut trial = Self::new(statistics, shape, profile, protection);
        trial.enter();
        if trial.judged
            && let Err(reason) = cells::within_share(profile, &trial.judgement.cells)
        {
            trial.send(reason.to_owned(), Decision::Withhold);
        }
        trial
    }

    /// Holds a table of subjects' data against the rules, however much of it fails.
    pub(crate) fn judged(
        statistics: &'a Statistics,
        shape: &'a Shape,
        profile: &'a Profile,
    ) -> Self {
        let mut trial = Self::new(statistics, shape, profile, Protection::Subjects);
        trial.enter();
        trial
    }

    fn new(
        statistics: &'a Statistics,
        shape: &'a Shape,
        profile: &'a Profile,
        protection: Protection,
    ) -> Self {
        Self {
            statistics,
            shape,
            profile,
            protection,
            judgement: Judgement {
                cells: Vec::new(),
                decision: Decision::Withhold,
                table: None,
                candidate: None,
                brackets: Vec::new(),
                pattern: None,
                hints: Vec::new(),
                reasons: Vec::new(),
                profile: profile.name().clone(),
                profile_digest: profile.digest(),
                labels: Vec::new(),
                proven: Vec::new(),
                ledger: Ledger::default(),
                frame: Frame::of(shape),
            },
            judged: false,
            ended: None,
        }
    }

    fn enter(&mut self) {
        if let Err(reason) = self.admit() {
            self.send(reason.to_owned(), Decision::Withhold);
        }
    }

    fn admit(&mut self) -> Result<(), &'static str> {
        let statistics = self.statistics;
        if statistics.lattice() != self.shape.lattice()
            || statistics.protection() != self.protection
        {
            return Err("the statistics are not those of this output");
        }
        self.judgement.cells = cells::unjudged(statistics);
        if statistics.is_broken() {
            return Err("a value or a sum is no finite number");
        }
        if self.judgement.cells.iter().all(|cell| cell.empty) {
            return Err("the table is empty");
        }
        if self.protection == Protection::None {
            return Ok(());
        }
        cells::hold_and_keep(
            statistics,
            self.shape,
            self.profile,
            &mut self.judgement.cells,
            &mut self.judgement.ledger,
        );
        self.judged = true;
        Ok(())
    }

    /// Whether it has not ended yet.
    pub(crate) const fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the rules were held against its cells.
    pub(crate) const fn is_judged(&self) -> bool {
        self.judged
    }

    /// Its cells as they stand.
    pub(crate) fn cells(&self) -> &[CellOutcome] {
        &self.judgement.cells
    }

    /// Ends it, unless it has ended.
    pub(crate) fn send(&mut self, reason: String, decision: Decision) {
        if self.ended.is_none() {
            self.ended = Some(decision);
            self.judgement.reasons.push(reason);
        }
    }

    /// Blanks a cell that would give back one that failed.
    pub(crate) fn blank(&mut self, cell: usize) {
        if let Some(outcome) = self.judgement.cells.get_mut(cell)
            && outcome.suppression == Suppression::None
        {
            outcome.suppression = Suppression::Complementary;
        }
    }

    /// Blanks a cell as if it had failed.
    fn keep_blank(&mut self, cell: usize) {
        if let Some(outcome) = self.judgement.cells.get_mut(cell) {
            outcome.suppression = Suppression::Primary;
        }
    }

    /// Takes note of what stays unknown.
    pub(crate) fn bracket(&mut self, bracket: Bracket) {
        self.judgement.brackets.push(bracket);
    }

    /// Takes note of what is proven to stay unknown.
    pub(crate) fn prove(&mut self, proven: Proven) {
        self.judgement.proven.push(proven);
    }

    /// Takes note of how good the choice of blanks is.
    pub(crate) fn patterned(&mut self, pattern: Pattern) {
        self.judgement.pattern = Some(pattern);
    }

    fn apply(&mut self, plan: Plan) {
        for cell in plan.complementary {
            self.blank(cell);
        }
        self.judgement.brackets = plan.brackets;
        self.judgement.proven = plan.proven;
        self.judgement.pattern = Some(plan.pattern);
    }

    /// Shows every cell, whatever failed: something else than blanks protects it.
    pub(crate) fn show_all(&mut self) {
        for outcome in &mut self.judgement.cells {
            outcome.suppression = Suppression::None;
        }
    }

    /// The judgement.
    pub(crate) fn close(self) -> Judgement {
        let rounding = self.profile.settings().rounding.as_ref();
        let rounding = rounding.filter(|_| self.protection == Protection::Subjects);
        let shape = self.shape;
        self.close_as(shape, rounding, None)
    }

    /// The judgement, with the titles of another shape, another rounding, and counts shown as `counts` says.
    pub(crate) fn close_as(
        mut self,
        titled: &Shape,
        rounding: Option<&Rounding>,
        counts: Option<&Shown<'_>>,
    ) -> Judgement {
        if self.ended != Some(Decision::Withhold) {
            let cells = &self.judgement.cells;
            let table = table::build(self.statistics, titled, rounding, cells);
            let table = table.and_then(|table| match counts {
                Some(counts) => counted_as(&table, counts),
                None => Ok(table),
            });
            if let Err(reason) = self.publish(table.ok()) {
                self.send(reason.to_owned(), Decision::Withhold);
            }
        }
        let mut judgement = self.judgement;
        judgement.decision = self.ended.unwrap_or(Decision::Release);
        judgement.hints = hints(self.shape, judgement.decision);
        judgement.labels = judgement
            .cells
            .iter()
            .filter(|cell| {
                cell.suppression == Suppression::Complementary
                    || (cell.status != Status::Pass && !cell.empty)
            })
            .take(CELL_VERDICTS_MAX)
            .map(|cell| (cell.cell, self.shape.labels(cell.cell)))
            .collect();
        judgement
    }

    /// Why people decide about a table whose blanks hold.
    fn for_people(&self) -> Option<&'static str> {
        let mut cells = self.judgement.cells.iter();
        if cells.any(|cell| cell.status == Status::Review) {
            return Some("contributions are negative, so that dominance is not defined");
        }
        let settings = self.profile.settings();
        let is_system = self.protection == Protection::Subjects
            && is_system(self.statistics, self.shape, settings, |_| true, |_| true);
        is_system.then_some("a column is summed under weights that could be solved for its values")
    }

    fn publish(&mut self, table: Option<Table>) -> Result<(), &'static str> {
        if self.ended == Some(Decision::Review) {
            self.judgement.candidate = table;
            return Ok(());
        }
        if self.protection == Protection::Subjects {
            cells::within_share(self.profile, &self.judgement.cells)?;
        }
        let table = table.ok_or("the table could not be built")?;
        if let Some(size) = &self.profile.settings().size {
            let figure = rules::size(table.rows() as u64, table::bytes(&table), size);
            if figure.status != Status::Pass {
                return Err("the table is larger than the profile allows");
            }
        }
        match self.for_people() {
            Some(reason) => {
                self.send(reason.to_owned(), Decision::Review);
                self.judgement.candidate = Some(table);
            }
            None => self.judgement.table = Some(table),
        }
        Ok(())
    }
}

/// The table with every count as it is to be shown.
fn counted_as(table: &Table, counts: &Shown<'_>) -> Result<Table, TableError> {
    let value = |(row, value): (usize, &Value)| match value {
        Value::Integer(count) => {
            let count = counts(row, u64::try_from(*count).unwrap_or(0));
            i64::try_from(count).map_or(Value::Absent, Value::Integer)
        }
        other => other.clone(),
    };
    let columns = table.columns().iter().map(|column| Column {
        name: column.name.clone(),
        title: column.title.clone(),
        values: column.values.iter().enumerate().map(value).collect(),
    });
    Table::new(columns.collect())
}

fn primaries(cells: &[CellOutcome]) -> Vec<usize> {
    cells
        .iter()
        .filter(|cell| cell.suppression == Suppression::Primary && !cell.empty)
        .map(|cell| cell.cell)
        .collect()
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
