//! A published table, held against what the microdata says: what is shown, what is blank, and what is wrong with it.

mod by_gate;
mod grid;
mod spelling;

use serde::Serialize;

use super::ReviewError;
use super::columns::{Column, Columns};
use super::counted::Counted;
use super::spec::{Absence, Statistic, TableSpec};

pub(super) use grid::Grid;
pub(super) use spelling::Liberty;

/// Problems of one table that are listed; the count is always that of all.
pub const PROBLEMS_MAX: usize = 1000;
/// Relative error of figures that are not rounded: what adding in another order may change.
const TOLERANCE: f64 = 1e-9;

/// Something that is wrong with a published table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code.
    pub code: &'static str,
    /// The table.
    pub table: String,
    /// Labels of the cell, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<Vec<String>>,
    /// The measure, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// What is wrong, in words.
    pub detail: String,
}

/// Problems so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) listed: Vec<Problem>,
    pub(super) count: u64,
}

impl Problems {
    fn note(&mut self, problem: Problem) {
        self.count += 1;
        if self.listed.len() < PROBLEMS_MAX {
            self.listed.push(problem);
        }
    }
}

/// What a table shows.
#[derive(Debug)]
pub(super) struct Published {
    /// Figures per measure and cell; none where it is blank.
    pub(super) shown: Vec<Vec<Option<f64>>>,
    pub(super) problems: Problems,
    /// What it could say beside its figures.
    pub(super) liberties: Vec<Liberty>,
}

impl Published {
    fn takes(&mut self, liberty: Liberty) {
        if !self.liberties.contains(&liberty) {
            self.liberties.push(liberty);
        }
    }

    /// Whether any measure is shown in a cell.
    pub(super) fn shows(&self, cell: usize) -> bool {
        self.shown
            .iter()
            .any(|figures| figures.get(cell).copied().flatten().is_some())
    }

    /// The figure shown.
    pub(super) fn figure(&self, cell: usize, measure: usize) -> Option<f64> {
        self.shown.get(measure)?.get(cell).copied().flatten()
    }

    /// Reads a table and holds every figure against the microdata.
    pub(super) fn read(
        spec: &TableSpec,
        given: &Columns,
        counted: &Counted<'_>,
        grids: &[Grid],
    ) -> Result<Self, ReviewError> {
        let cells = counted.frame.cells();
        let mut published = Self {
            shown: vec![vec![None; cells]; spec.measures.len()],
            problems: Problems::default(),
            liberties: Vec::new(),
        };
        let reading = Reading {
            spec,
            counted,
            grids,
            dimensions: spec
                .dimensions
                .iter()
                .map(|name| given.column(name))
                .collect::<Result<_, _>>()?,
            measures: spec
                .measures
                .iter()
                .map(|measure| given.column(&measure.name))
                .collect::<Result<_, _>>()?,
        };
        reading.columns(given, &mut published);
        if given.rows() == 0 {
            published
                .problems
                .note(reading.problem("empty-table", "the table has no rows"));
            return Ok(published);
        }
        let mut seen = vec![false; cells];
        let mut last = None;
        for row in 0..given.rows() {
            let cell = reading.row(row, &mut seen, &mut published);
            if cell.is_some() && cell < last {
                published.takes(Liberty::Order);
            }
            last = cell.max(last);
        }
        if spec.absent == Absence::Refuse {
            for (cell, _) in seen.iter().enumerate().filter(|(_, seen)| !**seen) {
                let problem = reading.problem("missing-cell", "the table has no row for this cell");
                published.problems.note(reading.of_cell(problem, cell));
            }
        }
        reading.figures(&mut published);
        reading.sums(&mut published);
        Ok(published)
    }
}

struct Reading<'a> {
    spec: &'a TableSpec,
    counted: &'a Counted<'a>,
    grids: &'a [Grid],
    dimensions: Vec<Column<'a>>,
    measures: Vec<Column<'a>>,
}

impl Reading<'_> {
    fn problem(&self, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            code,
            table: self.spec.name.clone(),
            cell: None,
            measure: None,
            detail: detail.into(),
        }
    }

    fn of_cell(&self, problem: Problem, cell: usize) -> Problem {
        Problem {
            cell: Some(self.counted.frame.labels(cell)),
            ..problem
        }
    }

    fn of_measure(&self, problem: Problem, measure: usize) -> Problem {
        Problem {
            measure: self.spec.measures.get(measure).map(|m| m.name.clone()),
            ..problem
        }
    }

    /// A column that the spec does not describe could carry anything.
    fn columns(&self, given: &Columns, published: &mut Published) {
        for name in given.names() {
            let described = self.spec.dimensions.contains(name)
                || self.spec.measures.iter().any(|m| &m.name == name);
            if !described {
                let detail = format!("the spec does not describe column `{name}`");
                published
                    .problems
                    .note(self.problem("undescribed-column", detail));
            }
        }
    }

    /// Reads a row; answers its cell.
    fn row(&self, row: usize, seen: &mut [bool], published: &mut Published) -> Option<usize> {
        let mut nodes = Vec::with_capacity(self.dimensions.len());
        for (column, axis) in self.dimensions.iter().zip(&self.counted.frame.axes) {
            let label = column.text(row).unwrap_or_default();
            match axis.place(&label) {
                Some(node) => nodes.push(node),
                None => {
                    let detail = format!(
                        "row {}: dimension `{}` has no such label in the source",
                        row + 1,
                        axis.name
                    );
                    published
                        .problems
                        .note(self.problem("unknown-label", detail));
                    return None;
                }
            }
        }
        let cell = self.counted.frame.cell(&nodes);
        if seen
            .get_mut(cell)
            .is_some_and(|seen| std::mem::replace(seen, true))
        {
            let problem = self.problem(
                "duplicate-cell",
                format!("row {} has the labels of an earlier one", row + 1),
            );
            published.problems.note(self.of_cell(problem, cell));
            return None;
        }
        for (measure, column) in self.measures.iter().enumerate() {
            self.figure(row, cell, (measure, column), published);
        }
        Some(cell)
    }

    /// Reads one figure of a row.
    fn figure(
        &self,
        row: usize,
        cell: usize,
        (measure, column): (usize, &Column<'_>),
        published: &mut Published,
    ) {
        let text = column.text(row);
        let Some(text) = text.filter(|text| !self.spec.blank.iter().any(|b| b == text)) else {
            return;
        };
        match column.number(row) {
            Ok(Some(number)) => {
                let decimals = self.spec.measures.get(measure).and_then(|m| m.decimals);
                if !spelling::is_plain(&text, number, decimals) {
                    published.takes(Liberty::Spelling);
                }
                let figures = published.shown.get_mut(measure);
                if let Some(slot) = figures.and_then(|figures| figures.get_mut(cell)) {
                    *slot = Some(number);
                }
            }
            Ok(None) => {}
            Err(_) => {
                let detail = format!("row {} has no finite number there", row + 1);
                let problem = self.of_cell(self.problem("not-a-number", detail), cell);
                published.problems.note(self.of_measure(problem, measure));
            }
        }
    }

    /// Every figure shown must be the one that the microdata gives.
    fn figures(&self, published: &mut Published) {
        let mut found = Vec::new();
        let mut loose = false;
        for (measure, grid) in self.grids.iter().enumerate() {
            for cell in 0..self.counted.frame.cells() {
                let Some(shown) = published.figure(cell, measure) else {
                    continue;
                };
                let code = match self.counted.figure(cell, measure) {
                    _ if grid.counts() && shown < 0.0 => "negative-count",
                    Some(exact) if grid.agrees(shown, exact) => {
                        loose |= !grid.is_rounded() && shown.total_cmp(&exact).is_ne();
                        self.finer(*grid, (cell, measure, shown), published);
                        continue;
                    }
                    Some(_) if grid.is_by_gate(self.counted, cell, measure, shown) => continue,
                    Some(_) => "wrong-figure",
                    None => "undefined-figure",
                };
                let detail = match code {
                    "negative-count" => "a count is negative",
                    "wrong-figure" => {
                        "the figure is not what the microdata gives, rounded as stated"
                    }
                    _ => "there is no such figure in an empty cell",
                };
                let problem = self.problem(code, detail);
                found.push(self.of_measure(self.of_cell(problem, cell), measure));
            }
        }
        if loose {
            published.takes(Liberty::Digits);
        }
        found
            .into_iter()
            .for_each(|problem| published.problems.note(problem));
    }

    /// Takes note of a share that is told more closely than the rounded numbers that it is made of.
    fn finer(
        &self,
        grid: Grid,
        (cell, measure, shown): (usize, usize, f64),
        published: &mut Published,
    ) {
        if grid.is_rounded_share() && !grid.is_by_gate(self.counted, cell, measure, shown) {
            published.takes(Liberty::Shares);
        }
    }

    /// Every group and total must be the sum of its labels, as far as rounding lets it.
    fn sums(&self, published: &mut Published) {
        let mut found = Vec::new();
        for (measure, grid) in self.grids.iter().enumerate() {
            if !matches!(grid.statistic, Statistic::Count | Statistic::Sum) {
                continue;
            }
            for cell in 0..self.counted.frame.cells() {
                for axis in 0..self.counted.frame.axes.len() {
                    if self.adds_up(published, *grid, measure, cell, axis) == Some(false) {
                        let name = self
                            .counted
                            .frame
                            .axes
                            .get(axis)
                            .map_or("", |a| a.name.as_str());
                        let detail = format!("the labels of `{name}` do not add up to it");
                        let problem = self.problem("non-additive", detail);
                        found.push(self.of_measure(self.of_cell(problem, cell), measure));
                    }
                }
            }
        }
        found
            .into_iter()
            .for_each(|problem| published.problems.note(problem));
    }

    /// Whether a margin is the sum of its labels; none where one of them is blank, or it is no margin.
    fn adds_up(
        &self,
        published: &Published,
        grid: Grid,
        measure: usize,
        cell: usize,
        axis: usize,
    ) -> Option<bool> {
        let frame = &self.counted.frame;
        let a = frame.axes.get(axis)?;
        let place = frame.node(cell, axis);
        if place < a.leaves {
            return None;
        }
        let margin = published.figure(cell, measure)?;
        let (mut low, mut high, mut scale) = (0.0, 0.0, margin.abs());
        for leaf in &a.nodes.get(place)?.leaves {
            let part = published.figure(frame.moved(cell, axis, *leaf as usize), measure)?;
            let (least, most) = grid.interval(part);
            low += least;
            high += most;
            scale += part.abs();
        }
        let (least, most) = grid.interval(margin);
        let slack = TOLERANCE * scale;
        Some(least <= high + slack && low <= most + slack)
    }
}

/// The cells of a table as the gate itself would publish them: rounded, blank where it says so.
pub(super) fn rounded(counted: &Counted<'_>, grids: &[Grid], blank: &[bool]) -> Published {
    let shown = grids
        .iter()
        .enumerate()
        .map(|(measure, grid)| {
            (0..counted.frame.cells())
                .map(|cell| {
                    let blank = blank.get(cell).copied().unwrap_or(true);
                    let figure = (!blank).then(|| counted.figure(cell, measure)).flatten();
                    figure.map(|exact| {
                        let by_gate = grid.by_gate(counted, cell, measure);
                        by_gate.unwrap_or_else(|| grid.round(exact))
                    })
                })
                .collect()
        })
        .collect();
    Published {
        shown,
        problems: Problems::default(),
        liberties: Vec::new(),
    }
}
