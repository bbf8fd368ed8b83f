//! Figures of all rules in all cells, passed or not, and what stays unknown of blank cells: for those who supervise.

use yunei_model::{
    BracketColumn, BracketOf, CHECK_BRACKETS_MAX, CHECK_FIGURES_MAX, CheckedAxis, Checks, Name,
    RuleColumn,
};

use super::{CellOutcome, Suppression};
use crate::rules::Figure;
use crate::shape::{Shape, TOTAL};

/// What is proven to stay unknown of one blank cell in one quantity: each end is the cell's value in another table that nobody could
/// tell from this one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proven {
    /// Row of the table.
    pub cell: usize,
    /// What it is about.
    pub of: BracketOf,
    /// Index of the measure; absent for subjects and rows.
    pub measure: Option<usize>,
    /// Lower end.
    pub low: f64,
    /// Upper end; nothing where nothing that is shown adds up with the cell.
    pub high: Option<f64>,
    /// How low the lower end must lie, where a level is asked for.
    pub low_needed: Option<f64>,
    /// How high the upper end must lie, where a level is asked for.
    pub high_needed: Option<f64>,
}

impl Proven {
    /// About a cell with this value, of which `below` and `above` are proven and `levels` (down, up) asked for; none where nothing is.
    pub(crate) fn about(
        cell: usize,
        (of, measure): (BracketOf, Option<usize>),
        value: f64,
        (below, above): (f64, f64),
        (down, up): (f64, f64),
    ) -> Option<Self> {
        let asked = down > 0.0 || up > 0.0;
        (asked || below > 0.0 || above > 0.0).then(|| Self {
            cell,
            of,
            measure,
            low: value - below,
            high: Some(value + above),
            low_needed: (down > 0.0).then_some(value - down),
            high_needed: (up > 0.0).then_some(value + up),
        })
    }
}

/// Figures as they are found: cell by cell, rule by rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ledger {
    columns: Vec<Column>,
    /// Cells that have all their figures here.
    cells: u32,
    /// Places in all columns.
    places: usize,
    /// Column after the one that was noted last: rules come in the same order in most cells.
    next: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    rule: &'static str,
    measure: Option<Name>,
    found: RuleColumn,
}

impl Ledger {
    /// Begins a cell; cells come in order. Whether there is room for it.
    pub(crate) fn begin(&mut self, cell: usize) -> bool {
        self.next = 0;
        let room = self.places < CHECK_FIGURES_MAX;
        // INVARIANT: a cell is below CELLS_MAX, which fits 32 bits.
        if room && self.cells as usize == cell {
            self.cells += 1;
        }
        self.cells as usize == cell + 1
    }

    /// Takes a figure of the cell that was begun. Rules that are held several times against one cell have as many columns.
    pub(crate) fn note(&mut self, rule: &'static str, measure: Option<&Name>, figure: &Figure) {
        let Some(row) = self.cells.checked_sub(1) else {
            return;
        };
        let is = |column: &Column| {
            column.rule == rule
                && column.measure.as_ref() == measure
                && column.found.values.len() <= row as usize
        };
        let place = match self.columns.get(self.next) {
            Some(column) if is(column) => Some(self.next),
            _ => self.columns.iter().position(is),
        };
        let place = place.or_else(|| {
            // INVARIANT: rules' names are names.
            self.columns.push(Column {
                rule,
                measure: measure.cloned(),
                found: RuleColumn {
                    rule: Name::parse(rule).ok()?,
                    measure: measure.cloned(),
                    bound: figure.bound,
                    values: Vec::new(),
                    failed: Vec::new(),
                    review: Vec::new(),
                },
            });
            Some(self.columns.len() - 1)
        });
        let Some((place, column)) = place.and_then(|at| Some((at, self.columns.get_mut(at)?)))
        else {
            return;
        };
        let before = column.found.values.len();
        column.found.note(row, figure.status, figure.value);
        self.places += column.found.values.len() - before;
        self.next = place + 1;
    }

    /// What was found in cells along one axis, none of them blank.
    pub(crate) fn along(self, axis: CheckedAxis) -> Checks {
        Checks {
            axes: vec![axis],
            cells: self.cells,
            rules: self.columns.into_iter().map(|c| c.found).collect(),
            ..Checks::default()
        }
    }

    const fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// The table that the figures are about: its dimensions, and names of its measures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Frame {
    axes: Vec<CheckedAxis>,
    measures: Vec<Name>,
}

impl Frame {
    pub(crate) fn of(shape: &Shape) -> Self {
        let margin = shape.totals().then(|| TOTAL.to_owned());
        let axes = shape.dimensions().iter().map(|dimension| CheckedAxis {
            name: dimension.name.clone(),
            labels: dimension
                .labels
                .iter()
                .cloned()
                .chain(margin.clone())
                .collect(),
        });
        Self {
            axes: axes.collect(),
            measures: shape.measures().iter().map(|m| m.name.clone()).collect(),
        }
    }
}

/// All of it in columns; none where no rule was held against a cell.
pub(super) fn checks(
    frame: &Frame,
    ledger: &Ledger,
    cells: &[CellOutcome],
    proven: &[Proven],
) -> Option<Checks> {
    if ledger.is_empty() {
        return None;
    }
    let blank = |kind: Suppression| {
        let blank = cells.iter().filter(move |cell| cell.suppression == kind);
        blank
            .filter_map(|cell| u32::try_from(cell.cell).ok())
            .collect()
    };
    Some(Checks {
        axes: frame.axes.clone(),
        cells: ledger.cells,
        primary: blank(Suppression::Primary),
        complementary: blank(Suppression::Complementary),
        rules: ledger.columns.iter().map(|c| c.found.clone()).collect(),
        brackets: brackets(frame, cells, proven),
    })
}

/// What stays unknown of the cells that are blank.
fn brackets(frame: &Frame, cells: &[CellOutcome], proven: &[Proven]) -> Vec<BracketColumn> {
    let is_blank = |proven: &&Proven| {
        let outcome = cells.get(proven.cell);
        outcome.is_some_and(|outcome| outcome.suppression != Suppression::None)
    };
    let mut kept: Vec<&Proven> = proven.iter().filter(is_blank).collect();
    kept.sort_by_key(|proven| proven.cell);
    let mut columns: Vec<((BracketOf, Option<usize>), BracketColumn)> = Vec::new();
    for proven in kept.into_iter().take(CHECK_BRACKETS_MAX) {
        let key = (proven.of, proven.measure);
        let Ok(row) = u32::try_from(proven.cell) else {
            continue;
        };
        let place = columns.iter().position(|(of, _)| *of == key);
        let place = place.unwrap_or_else(|| {
            let measure = proven.measure.and_then(|m| frame.measures.get(m)).cloned();
            columns.push((key, BracketColumn::new(proven.of, measure)));
            columns.len() - 1
        });
        if let Some((_, column)) = columns.get_mut(place)
            && column.cells.last() != Some(&row)
        {
            let needed = (proven.low_needed, proven.high_needed);
            column.push(row, (proven.low, proven.high), needed);
        }
    }
    columns.sort_by_key(|(key, _)| (key.1, key.0));
    columns.into_iter().map(|(_, column)| column).collect()
}

#[cfg(test)]
mod tests;
