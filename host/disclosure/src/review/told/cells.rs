//! What is told of each cell.

use yunei_model::Status;

use super::super::atoms::Told;
use super::super::attack::{Found, Need, concerns};
use super::super::counted::{Failed, worst};
use super::super::report::{Blank, BracketReport, CellReport, FigureReport, RuleReport, finite};
use super::super::spec::TableSpec;
use crate::rules::Figure;

/// Bytes of a table: of labels, and 8 for each number.
pub(super) fn bytes(cells: &[CellReport]) -> u64 {
    let of_cell = |cell: &CellReport| {
        let labels: usize = cell.cell.iter().map(String::len).sum();
        let figures = cell.figures.iter().filter(|f| f.shown.is_some()).count();
        (labels + figures * 8) as u64
    };
    cells.iter().map(of_cell).sum()
}

/// One table.
pub(super) struct One<'a> {
    pub(super) spec: &'a TableSpec,
    pub(super) told: &'a Told<'a>,
    pub(super) made: bool,
}

impl One<'_> {
    /// Whether a cell of that status keeps the table from being published. In a table that was made here, a cell that fails is blank.
    pub(super) fn leaks(&self, cells: &[CellReport], status: Status) -> bool {
        let blank = |cell: &CellReport| self.made && cell.blank == Blank::Primary;
        let leaks = |cell: &CellReport| {
            let given_back = cell.brackets.iter().any(|b| b.status == status);
            given_back || (cell.status == status && !blank(cell))
        };
        cells.iter().any(leaks)
    }

    /// Why it may not be published as it is, with numbers of cells.
    pub(super) fn reasons(&self, cells: &[CellReport]) -> Vec<String> {
        let bracketed = |cell: &CellReport, status| {
            cell.brackets.iter().any(|bracket| bracket.status == status)
        };
        let shown = |cell: &CellReport, status| {
            let kept = self.made && cell.blank == Blank::Primary;
            cell.status == status && !kept && !bracketed(cell, status)
        };
        let count = |is: &dyn Fn(&CellReport) -> bool| cells.iter().filter(|cell| is(cell)).count();
        let told = [
            (
                count(&|cell| shown(cell, Status::Fail)),
                "cells do not pass the rules and show figures",
            ),
            (
                count(&|cell| bracketed(cell, Status::Fail)),
                "blank cells can be worked out, or nearly, from what is shown",
            ),
            (
                count(&|cell| shown(cell, Status::Review)),
                "cells must be looked at by people",
            ),
            (
                count(&|cell| bracketed(cell, Status::Review)),
                "blank cells are not proven to stay unknown, within the limits of the audit",
            ),
        ];
        told.into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what}: {count}"))
            .collect()
    }

    pub(super) fn cell(
        &self,
        cell: usize,
        found: &[Found],
        difference: Option<&Figure>,
    ) -> CellReport {
        let counted = self.told.counted;
        let failed = counted.failed(cell);
        let measures = 0..counted.measures.len();
        let figures: Vec<FigureReport> = measures
            .clone()
            .map(|measure| FigureReport {
                measure: self.measure(measure),
                exact: counted.figure(cell, measure),
                shown: self.told.published.figure(cell, measure),
            })
            .collect();
        let blank = self.blank(&figures, &failed);
        let is_shown = |measure: usize| figures.get(measure).is_some_and(|f| f.shown.is_some());
        let mut rules: Vec<RuleReport> = failed.iter().map(|f| self.rule(f)).collect();
        let mut statuses: Vec<Status> = failed
            .iter()
            .filter(|f| {
                let about = |m: usize| concerns(f, m) && is_shown(m);
                (self.made && blank == Blank::Primary) || measures.clone().any(about)
            })
            .map(|f| f.figure.status)
            .collect();
        if let Some(figure) = difference {
            statuses.push(figure.status);
            rules.push(rule("differencing", None, *figure));
        }
        let brackets: Vec<BracketReport> = found.iter().map(|f| self.bracket(f)).collect();
        statuses.extend(brackets.iter().map(|bracket| bracket.status));
        CellReport {
            cell: counted.frame.labels(cell),
            status: worst(statuses.into_iter()),
            blank,
            units: counted.units(cell),
            figures,
            failed: rules,
            brackets,
        }
    }

    fn measure(&self, measure: usize) -> String {
        let spec = self.spec.measures.get(measure);
        spec.map_or_else(String::new, |spec| spec.name.clone())
    }

    fn blank(&self, figures: &[FigureReport], failed: &[Failed]) -> Blank {
        let could = figures.iter().filter(|f| f.exact.is_some()).count();
        let shown = figures.iter().filter(|f| f.shown.is_some()).count();
        let fails = failed.iter().any(|f| f.figure.status == Status::Fail);
        match (shown, self.made) {
            (0, true) if fails => Blank::Primary,
            (0, true) => Blank::Complementary,
            (0, false) => Blank::Given,
            _ if shown < could => Blank::Partly,
            _ => Blank::No,
        }
    }

    fn rule(&self, failed: &Failed) -> RuleReport {
        let measure = failed.measure.map(|measure| self.measure(measure));
        rule(&failed.rule, measure, failed.figure)
    }

    fn bracket(&self, found: &Found) -> BracketReport {
        let ends = found.ends().unwrap_or((None, None));
        let (low_needed, high_needed, width_needed) = match found.need {
            Need::Width(width) => (None, None, Some(width)),
            Need::Ends { low, high } => (finite(low), finite(high), None),
        };
        BracketReport {
            measure: self.measure(found.measure),
            between: found.beside.map(|measure| self.measure(measure)),
            low: ends.0.and_then(finite),
            high: ends.1.and_then(finite),
            respondents: found
                .inside()
                .map(|(low, high)| [low, high].map(|end| end.and_then(finite))),
            low_needed,
            high_needed,
            width_needed,
            exact: found.interval.is_some_and(|interval| interval.exact),
            proven: found.proven,
            status: found.status(),
        }
    }
}

fn rule(name: &str, measure: Option<String>, figure: Figure) -> RuleReport {
    RuleReport {
        rule: name.to_owned(),
        measure,
        status: figure.status,
        value: finite(figure.value),
        bound: figure.bound,
    }
}
