//! A table computed from the microdata: the gate's own accumulator and rules, once per combination of layers.

use std::borrow::Cow;
use std::collections::HashMap;

use yunei_model::{Name, Status};

use super::ReviewError;
use super::axis::Axis;
use super::columns::Columns;
use super::frame::{Frame, Pass};
use super::measured::{self, Measured};
use super::ordinal::{self, Entry};
use super::spec::{Spec, wrong};
use crate::accumulate::{Accumulator, Protection, Statistics, SubjectKey};
use crate::judge;
use crate::profile::{Profile, Rounding};
use crate::rules::{Contributions, Figure};
use crate::shape::{Dimension, Shape};

/// The rows in the order of their subjects.
pub(super) struct Rows {
    /// Rows that are looked at at all, by subject.
    pub(super) order: Vec<usize>,
    /// Subject and group of each row.
    keys: Vec<(SubjectKey<'static>, SubjectKey<'static>)>,
    /// Unit of each row: its group, or the subject itself.
    pub(super) units: Vec<u32>,
}

impl Rows {
    pub(super) fn new(spec: &Spec, columns: &Columns, kept: &[bool]) -> Result<Self, ReviewError> {
        let subjects = numbered(columns, spec.subject.as_deref())?;
        let groups = spec
            .group
            .as_deref()
            .map(|group| numbered(columns, Some(group)))
            .transpose()?
            .unwrap_or_else(|| vec![None; columns.rows()]);
        let mut order: Vec<usize> = (0..columns.rows())
            .filter(|row| kept.get(*row).copied().unwrap_or(false))
            .collect();
        order.sort_by_key(|row| (subjects.get(*row).copied().flatten(), *row));
        let key = |code: &Option<u32>| {
            code.map_or(SubjectKey::Absent, |code| {
                SubjectKey::Integer(i128::from(code))
            })
        };
        Ok(Self {
            units: units(&order, &subjects, &groups),
            keys: subjects
                .iter()
                .zip(&groups)
                .map(|(subject, group)| (key(subject), key(group)))
                .collect(),
            order,
        })
    }
}

impl Rows {
    /// Subject and group of a row.
    pub(super) fn of(&self, row: usize) -> (SubjectKey<'static>, SubjectKey<'static>) {
        self.keys.get(row).copied().unwrap_or_default()
    }
}

/// A number for every distinct text of a column; for every row where there is no column.
fn numbered(columns: &Columns, name: Option<&str>) -> Result<Vec<Option<u32>>, ReviewError> {
    let Some(name) = name else {
        return Ok((0..columns.rows())
            .map(|row| u32::try_from(row).ok())
            .collect());
    };
    let column = columns.column(name)?;
    let mut known: HashMap<Cow<'_, str>, u32> = HashMap::new();
    let mut number = |text| {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        *known.entry(text).or_insert(next)
    };
    Ok((0..columns.rows())
        .map(|row| column.text(row).map(&mut number))
        .collect())
}

/// The unit of each row: the first group that its subject's rows name, or the subject. Rows without a subject are one unit.
fn units(order: &[usize], subjects: &[Option<u32>], groups: &[Option<u32>]) -> Vec<u32> {
    let at = |list: &[Option<u32>], row: usize| list.get(row).copied().flatten();
    let mut group_of: HashMap<Option<u32>, u32> = HashMap::new();
    for row in order {
        if let Some(group) = at(groups, *row) {
            group_of.entry(at(subjects, *row)).or_insert(group);
        }
    }
    let mut known: HashMap<(bool, Option<u32>), u32> = HashMap::new();
    (0..subjects.len())
        .map(|row| {
            let subject = at(subjects, row);
            let group = group_of.get(&subject).copied();
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            *known
                .entry((group.is_some(), group.or(subject)))
                .or_insert(next)
        })
        .collect()
}

/// A rule that did not pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failed {
    pub(super) rule: String,
    pub(super) measure: Option<usize>,
    pub(super) figure: Figure,
}

struct Passed {
    statistics: Statistics,
    outcomes: Vec<judge::CellOutcome>,
    shape: Shape,
    /// What one row of each measure weighs, about.
    units: Vec<f64>,
}

/// A table, every cell counted and held against the rules.
pub(super) struct Counted<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) measures: Vec<Measured>,
    passes: Vec<Passed>,
    /// Pass and cell within it, per cell.
    places: Vec<(u32, u32)>,
    /// Figures that the accumulator does not have, per measure and cell.
    extras: HashMap<(usize, usize), f64>,
    failures: HashMap<usize, Vec<Failed>>,
}

impl<'a> Counted<'a> {
    /// Counts a table over the rows that `kept` keeps.
    pub(super) fn new(
        frame: Frame<'a>,
        measures: Vec<Measured>,
        rows: &Rows,
        kept: &[bool],
        profile: &Profile,
    ) -> Result<Self, ReviewError> {
        let mut counted = Self {
            places: vec![(u32::MAX, 0); frame.cells()],
            passes: Vec::new(),
            extras: HashMap::new(),
            failures: HashMap::new(),
            frame,
            measures,
        };
        for pass in counted.frame.passes() {
            let shape = counted.shape(&pass)?;
            let statistics = counted.accumulate(&shape, &pass, rows, kept)?;
            let mut outcomes = judge::unjudged(&statistics);
            judge::hold_against(&statistics, &shape, profile, &mut outcomes);
            for (index, cell) in pass.cells.iter().enumerate() {
                if let Some(place) = counted.places.get_mut(*cell) {
                    *place = (
                        super::axis::narrow(counted.passes.len()),
                        super::axis::narrow(index),
                    );
                }
            }
            let measures = shape.measures().iter().enumerate();
            let units = measures.map(|(index, measure)| judge::unit(&statistics, measure, index));
            counted.passes.push(Passed {
                units: units.collect(),
                statistics,
                outcomes,
                shape,
            });
            counted.ordinals(&pass, rows, kept, profile);
        }
        Ok(counted)
    }

    fn shape(&self, pass: &Pass) -> Result<Shape, ReviewError> {
        let mut dimensions = Vec::with_capacity(pass.layers.len());
        for (index, (axis, layer)) in self.frame.axes.iter().zip(&pass.layers).enumerate() {
            let count = axis.layers.get(*layer).map_or(0, |layer| layer.nodes.len());
            dimensions.push(Dimension {
                name: Name::parse(&format!("d{index}"))
                    .map_err(|error| wrong(error.to_string()))?,
                title: None,
                labels: (0..count).map(|label| label.to_string()).collect(),
                sensitive: axis.sensitive,
            });
        }
        let measures = self.measures.iter().map(|m| m.shape.clone()).collect();
        let columns = measured::columns(&self.measures);
        Ok(Shape::new(dimensions, measures, false)?.reading(columns))
    }

    fn accumulate(
        &self,
        shape: &Shape,
        pass: &Pass,
        rows: &Rows,
        kept: &[bool],
    ) -> Result<Statistics, ReviewError> {
        let mut accumulator = Accumulator::new(shape, Protection::Subjects)?;
        let inputs: Vec<_> = self.measures.iter().flat_map(|m| &m.inputs).collect();
        let mut values = vec![None; inputs.len()];
        for row in &rows.order {
            let kept = kept.get(*row).copied().unwrap_or(false);
            let Some(cell) = kept.then(|| self.frame.cell_in(pass, *row)).flatten() else {
                continue;
            };
            for (value, input) in values.iter_mut().zip(&inputs) {
                *value = input.get(*row).copied().flatten();
            }
            let (subject, group) = rows.of(*row);
            accumulator.row_in_group(subject, group, cell, &values)?;
        }
        Ok(accumulator.finish()?)
    }

    /// Figures of order and spread, over the rows of each cell of a pass.
    fn ordinals(&mut self, pass: &Pass, rows: &Rows, kept: &[bool], profile: &Profile) {
        for (measure, measured) in self.measures.iter().enumerate() {
            let Some((extra, values)) = &measured.extra else {
                continue;
            };
            let mut entries: HashMap<usize, Vec<Entry>> = HashMap::new();
            for row in &rows.order {
                let value = values.get(*row).copied().flatten();
                let kept = kept.get(*row).copied().unwrap_or(false);
                if let (true, Some(value), Some(cell)) =
                    (kept, value, self.frame.cell_in(pass, *row))
                {
                    let unit = rows.units.get(*row).copied().unwrap_or(0);
                    entries.entry(cell).or_default().push((value, unit));
                }
            }
            for (index, mut entries) in entries {
                let Some(cell) = pass.cells.get(index).copied() else {
                    continue;
                };
                let figure = ordinal::figure(*extra, &mut entries);
                if let Some(figure) = figure {
                    self.extras.insert((measure, cell), figure);
                }
                let found = ordinal::failures(*extra, figure, &entries, profile.settings());
                let found = found.into_iter().map(|(rule, figure)| Failed {
                    rule: rule.to_owned(),
                    measure: Some(measure),
                    figure,
                });
                self.failures.entry(cell).or_default().extend(found);
            }
        }
    }

    fn at(&self, cell: usize) -> Option<(&Passed, usize)> {
        let (pass, place) = self.places.get(cell).copied()?;
        Some((self.passes.get(pass as usize)?, place as usize))
    }

    /// Rows in a cell.
    pub(super) fn rows(&self, cell: usize) -> u64 {
        self.at(cell)
            .map_or(0, |(pass, place)| pass.statistics.rows(place))
    }

    /// Distinct units in a cell.
    pub(super) fn units(&self, cell: usize) -> u64 {
        self.at(cell)
            .map_or(0, |(pass, place)| pass.statistics.units(place))
    }

    /// Whether a value or a sum somewhere is no finite number.
    pub(super) fn is_broken(&self) -> bool {
        self.passes.iter().any(|pass| pass.statistics.is_broken())
            || self.extras.values().any(|figure| !figure.is_finite())
    }

    /// Whether it weighs one column in ways that could be solved for its values.
    pub(super) fn is_system(&self, profile: &Profile) -> bool {
        let settings = profile.settings();
        let is_system = |pass: &Passed| {
            judge::is_system(&pass.statistics, &pass.shape, settings, |_| true, |_| true)
        };
        self.passes.iter().any(is_system)
    }

    /// Whether no row is in the table.
    pub(super) fn is_empty(&self) -> bool {
        (0..self.frame.cells()).all(|cell| self.rows(cell) == 0)
    }

    /// The rules that a cell does not pass.
    pub(super) fn failed(&self, cell: usize) -> Vec<Failed> {
        let Some((pass, place)) = self.at(cell) else {
            return Vec::new();
        };
        let of_measure = |name: &Name| {
            let measures = pass.shape.measures();
            measures.iter().position(|measure| &measure.name == name)
        };
        let mut failed: Vec<Failed> = pass
            .outcomes
            .get(place)
            .map(|outcome| outcome.failed.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|rule| Failed {
                rule: rule.rule.to_string(),
                measure: rule.measure.as_ref().and_then(of_measure),
                figure: Figure {
                    status: rule.status,
                    value: rule.value,
                    bound: rule.bound,
                },
            })
            .collect();
        for more in self.failures.get(&cell).into_iter().flatten() {
            // A share is a mean too, of which the accumulator says the same.
            let is = |known: &Failed| known.rule == more.rule && known.measure == more.measure;
            if !failed.iter().any(is) {
                failed.push(more.clone());
            }
        }
        failed
    }

    /// The worst of those.
    pub(super) fn status(&self, cell: usize) -> Status {
        worst(self.failed(cell).iter().map(|failed| failed.figure.status))
    }

    /// The figure of a measure in a cell, not rounded. None where it is not defined.
    pub(super) fn figure(&self, cell: usize, measure: usize) -> Option<f64> {
        let measured = self.measures.get(measure)?;
        if measured.is_ordinal() {
            return self.extras.get(&(measure, cell)).copied();
        }
        let (pass, place) = self.at(cell)?;
        judge::exact(&pass.statistics, &measured.shape, measure, place)
    }

    /// The figure of a measure in a cell as the gate would show it. None where it is not defined, or not the gate's to compute.
    pub(super) fn shown(&self, cell: usize, measure: usize, rounding: &Rounding) -> Option<f64> {
        let measured = self.measures.get(measure).filter(|m| !m.is_ordinal())?;
        let (pass, place) = self.at(cell)?;
        let unit = pass.units.get(measure).copied()?;
        judge::shown(
            &pass.statistics,
            &measured.shape,
            measure,
            place,
            rounding,
            unit,
        )
    }

    /// The denominator of a ratio.
    pub(super) fn denominator(&self, cell: usize, measure: usize) -> Option<f64> {
        let (pass, place) = self.at(cell)?;
        let role = crate::accumulate::ChannelRole::Denominator;
        let channel = pass.statistics.channel_of(measure, role)?;
        Some(pass.statistics.contributions(place, channel).total)
    }

    /// The rows that units gave to a cell.
    pub(super) fn rows_given(&self, cell: usize) -> Option<Contributions> {
        let (pass, place) = self.at(cell)?;
        Some(pass.statistics.contributions(place, 0))
    }

    /// The contributions to a cell in one role of a measure, where it has that.
    pub(super) fn contributions_as(
        &self,
        cell: usize,
        measure: usize,
        role: crate::accumulate::ChannelRole,
    ) -> Option<Contributions> {
        let (pass, place) = self.at(cell)?;
        let channel = pass.statistics.channel_of(measure, role)?;
        Some(pass.statistics.contributions(place, channel))
    }

    /// Whether every axis has a total, and nothing else above its labels.
    fn has_totals(&self) -> bool {
        let with_margins =
            |axis: &Axis| axis.layers.len() == 2 && axis.nodes.len() == axis.leaves + 1;
        !self.frame.axes.is_empty() && self.frame.axes.iter().all(|a| with_margins(a))
    }

    /// Whether it is a table that the gate itself could judge: with plain margins or none, of figures that the gate computes.
    pub(super) fn is_plain(&self) -> bool {
        let without = |axis: &Axis| axis.layers.len() == 1;
        let plain = self.has_totals() || self.frame.axes.iter().all(|a| without(a));
        plain && self.measures.iter().all(|measure| measure.extra.is_none())
    }

    /// What the gate itself says of the table: none where it is not one table with plain margins, or has figures that the
    /// gate does not compute.
    pub(super) fn judged(
        &self,
        rows: &Rows,
        kept: &[bool],
        profile: &Profile,
    ) -> Result<Option<judge::Judgement>, ReviewError> {
        if !self.is_plain() {
            return Ok(None);
        }
        let totals = self.has_totals();
        let Some(pass) = self.frame.passes().into_iter().next() else {
            return Ok(None);
        };
        let finest = self.shape(&pass)?;
        let shape = Shape::new(
            finest.dimensions().to_vec(),
            finest.measures().to_vec(),
            totals,
        )?
        .reading(measured::columns(&self.measures));
        let statistics = self.accumulate(&shape, &pass, rows, kept)?;
        Ok(Some(judge::judge(
            &statistics,
            &shape,
            profile,
            Protection::Subjects,
        )))
    }

    /// The contributions to a cell that a sum or a mean adds up.
    pub(super) fn contributions(&self, cell: usize, measure: usize) -> Option<Contributions> {
        use crate::accumulate::ChannelRole::{Value, Weight};
        let (pass, place) = self.at(cell)?;
        let channel = pass
            .statistics
            .channel_of(measure, Value)
            .or_else(|| pass.statistics.channel_of(measure, Weight))?;
        Some(pass.statistics.contributions(place, channel))
    }
}

/// The worst of several outcomes.
pub(super) fn worst(of: impl Iterator<Item = Status>) -> Status {
    of.fold(Status::Pass, |worst, status| match (worst, status) {
        (Status::Fail, _) | (_, Status::Fail) => Status::Fail,
        (Status::Review, _) | (_, Status::Review) => Status::Review,
        (Status::Pass, Status::Pass) => Status::Pass,
    })
}
