//! Measures of the module's own, in a frame of registered bandings: the gate checks the table against the frame, counts the
//! subjects behind each cell itself, blanks the cells that fail, and computes least, greatest and percentile itself.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, RecordBatch};
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_disclosure::{
    Accumulator, Arrangement, Block, Figure, Judgement, Measure, Ordered, Profile, Protection,
    Shape, SubjectKey, SubjectRows, Suppression, extreme, judge, percentile, round_figure,
};
use yunei_model::{
    Aggregate, CellVerdict, Column, Decision, Hint, Name, OwnKind, Route, RuleFigure, Status,
    Table, Value, Verdict,
};

use super::coding::{Coder, Numbers, groups, subjects};
use super::compute::{coder, dimensions};
use super::{accumulated, failed, too_large};
use crate::{DimensionPlan, OutputPlan, OwnPlan, RoomError};

/// Name of the one measure of the frame's support.
const SUPPORT: &str = "support";
/// Values that are gathered for extremes and percentiles at most: about 640 MB.
const VALUES_MAX: usize = 40_000_000;

/// What was gathered about one output.
struct Gathered {
    judgement: Judgement,
    /// Values of each measure that the gate computes itself, by cell.
    values: Vec<BTreeMap<u32, Ordered>>,
}

/// Checks and judges one output; `written` is what the module wrote under its name.
pub fn output(
    output: &OutputPlan,
    profile: &Profile,
    views: &Views,
    view: &Name,
    written: Option<Table>,
    runtime: &Runtime,
) -> Result<(Verdict, Option<Table>), RoomError> {
    let protection = if output.subject.is_some() {
        Protection::Subjects
    } else {
        Protection::None
    };
    let shape = frame(output)?;
    let gathered = gather(output, profile, views, view, &shape, protection, runtime)?;
    let judgement = &gathered.judgement;
    let mut verdict = judgement.verdict(output.name.clone(), Route::Reviewed);
    verdict.cells_released = 0;
    if judgement.decision == Decision::Withhold {
        return Ok((verdict, None));
    }
    let Some(written) = written.filter(|table| is_in_frame(table, &shape, output)) else {
        verdict.decision = Decision::Withhold;
        verdict.hints = vec![Hint::StandardAggregate];
        verdict
            .reasons
            .push("the table is not that of the frame: columns, cells or their order".to_owned());
        return Ok((verdict, None));
    };
    let table = finish(
        output,
        profile,
        protection,
        &gathered,
        written,
        &mut verdict,
    )?;
    verdict.decision = Decision::Review;
    verdict.hints = vec![Hint::AwaitReview];
    let custom = output.own.iter().any(|m| m.kind == OwnKind::Custom);
    // INVARIANT: bytes of a module's own never leave without a person who saw them.
    verdict.routine = judgement.decision == Decision::Release && !custom;
    verdict.reasons.push(
        if custom {
            "measures are the module's own"
        } else {
            "extremes and percentiles are no sums of cells: no audit covers them"
        }
        .to_owned(),
    );
    Ok((verdict, Some(table)))
}

/// The frame, with the support as its one measure.
fn frame(output: &OutputPlan) -> Result<Shape, RoomError> {
    let support = Measure {
        name: Name::parse(SUPPORT).map_err(RoomError::protocol)?,
        title: None,
        aggregate: Aggregate::Count,
        weighted: false,
    };
    Shape::new(dimensions(output), vec![support], false).map_err(|e| too_large(&e))
}

fn gather(
    output: &OutputPlan,
    profile: &Profile,
    views: &Views,
    view: &Name,
    shape: &Shape,
    protection: Protection,
    runtime: &Runtime,
) -> Result<Gathered, RoomError> {
    let mut accumulator = Accumulator::arranged(shape, protection, Arrangement::Rising)
        .map_err(|e| accumulated(&e))?;
    let mut coders: Vec<Option<Coder>> = output.dimensions.iter().map(coder).collect();
    let strides: Vec<u32> = shape
        .strides()
        .into_iter()
        .map(u32::try_from)
        .collect::<Result<_, _>>()
        .map_err(RoomError::protocol)?;
    let mut values: Vec<BTreeMap<u32, Ordered>> = vec![BTreeMap::new(); output.own.len()];
    let mut taken = 0_usize;
    let mut subject = Subjects::default();
    let columns: Vec<usize> = (0..views.schema(view).map_err(|e| failed(&e))?.len()).collect();
    let mut stream = views.scan(view, &columns).map_err(|e| failed(&e))?;
    while let Some(batch) = runtime.block_on(stream.next()) {
        let batch = batch.map_err(|e| failed(&e))?;
        let mut cells = vec![0_u32; batch.num_rows()];
        for ((dimension, coder), stride) in output.dimensions.iter().zip(&mut coders).zip(&strides)
        {
            let (DimensionPlan::Banded { column, .. }, Some(coder)) = (dimension, coder) else {
                return Err(RoomError::protocol("a dimension that nothing computes"));
            };
            coder.add_codes(at(&batch, *column)?, *stride, &mut cells)?;
        }
        let subject_rows = output.subject.map(|c| at(&batch, c).and_then(subjects));
        let subject_rows = subject_rows.transpose()?.unwrap_or_default();
        let group_keys = output.group.map(|c| at(&batch, c).and_then(groups));
        let group_keys = group_keys.transpose()?.unwrap_or_default();
        let block = Block {
            subjects: &subject_rows,
            groups: &group_keys,
            cells: &cells,
            inputs: &[],
        };
        accumulator.block(&block).map_err(|e| accumulated(&e))?;
        if output.own.iter().all(|m| m.column.is_none()) {
            continue;
        }
        let ordinals = subject.number(&subject_rows, &group_keys, batch.num_rows());
        for (measure, by_cell) in output.own.iter().zip(&mut values) {
            let Some(column) = measure.column else {
                continue;
            };
            let mut numbers = Numbers::default();
            numbers.read(at(&batch, column)?)?;
            let numbers = numbers.options();
            taken = taken.saturating_add(numbers.len());
            if taken > VALUES_MAX {
                return Err(too_large(&"more values than can be put in order"));
            }
            for ((number, cell), ordinal) in numbers.iter().zip(&cells).zip(&ordinals) {
                if let Some(number) = number {
                    by_cell.entry(*cell).or_default().add(*number, *ordinal);
                }
            }
        }
    }
    let statistics = accumulator.finish().map_err(|e| accumulated(&e))?;
    Ok(Gathered {
        judgement: judge(&statistics, shape, profile, protection),
        values,
    })
}

/// Numbers subjects, merged by group where there is one, in the order of the snapshot.
///
/// INVARIANT: a subject has one number, whatever groups its rows name: that of the first one. Otherwise one subject would be as many.
#[derive(Default)]
struct Subjects {
    known: std::collections::HashMap<String, u64>,
}

impl Subjects {
    fn number(
        &mut self,
        subjects: &[SubjectRows<'_>],
        groups: &[SubjectKey<'_>],
        rows: usize,
    ) -> Vec<u64> {
        let mut numbers = Vec::with_capacity(rows);
        for subject in subjects {
            let from = numbers.len();
            let own = groups.iter().skip(from).take(subject.rows);
            let group = own.filter_map(key_text).next();
            let number = self.number_of(&subject.key, group);
            numbers.resize(from.saturating_add(subject.rows), number);
        }
        numbers.resize(rows, 0);
        numbers
    }

    /// Rows of nobody known count as one subject's: fewer subjects, never more.
    fn number_of(&mut self, subject: &SubjectKey<'_>, group: Option<String>) -> u64 {
        let Some(subject) = key_text(subject) else {
            return 0;
        };
        let subject = format!("s {subject}");
        if let Some(known) = self.known.get(&subject) {
            return *known;
        }
        let next = self.known.len() as u64 + 1;
        let number = match group {
            Some(group) => *self.known.entry(format!("g {group}")).or_insert(next),
            None => next,
        };
        self.known.insert(subject, number);
        number
    }
}

fn key_text(key: &SubjectKey<'_>) -> Option<String> {
    match key {
        SubjectKey::Absent => None,
        SubjectKey::Integer(integer) => Some(integer.to_string()),
        SubjectKey::Text(text) => Some((*text).to_owned()),
    }
}

/// Whether a table has exactly the columns of the output and the cells of the frame, in their order.
fn is_in_frame(table: &Table, shape: &Shape, output: &OutputPlan) -> bool {
    let dimensions = shape.dimensions().len();
    let wanted = shape
        .dimensions()
        .iter()
        .map(|d| &d.name)
        .chain(output.own.iter().map(|m| &m.name));
    let columns = table.columns();
    if !columns.iter().map(|c| &c.name).eq(wanted) || table.rows() != shape.rows() {
        return false;
    }
    let labelled = (0..shape.rows()).all(|row| {
        let labels = shape.labels(row).into_iter().map(Value::Text);
        let written = columns.iter().take(dimensions);
        labels.eq(written.filter_map(|c| c.values.get(row).cloned()))
    });
    // Figures are numbers: a text could say anything.
    let figures = columns.iter().skip(dimensions).flat_map(|c| &c.values);
    labelled
        && figures
            .into_iter()
            .all(|value| !matches!(value, Value::Text(_)))
}

/// The table that reviewers are asked about.
fn finish(
    output: &OutputPlan,
    profile: &Profile,
    protection: Protection,
    gathered: &Gathered,
    written: Table,
    verdict: &mut Verdict,
) -> Result<Table, RoomError> {
    let settings = profile.settings();
    let digits = settings
        .rounding
        .filter(|_| protection == Protection::Subjects)
        .and_then(|r| r.figure_digits);
    let press = Press {
        profile,
        protection,
        digits,
        judgement: &gathered.judgement,
    };
    let dimensions = output.dimensions.len();
    let labels: Vec<Column> = written.columns().iter().take(dimensions).cloned().collect();
    let mut columns = Vec::with_capacity(written.columns().len());
    for (index, column) in written.columns().iter().enumerate() {
        let Some(measure) = index.checked_sub(dimensions) else {
            columns.push(column.clone());
            continue;
        };
        let plan = output.own.get(measure);
        let plan = plan.ok_or_else(|| RoomError::protocol("a column of no measure"))?;
        let (values, found) = press.column(plan, column, gathered.values.get(measure));
        columns.push(Column {
            name: column.name.clone(),
            title: plan.title.clone(),
            values,
        });
        take(plan, &found, &press, &labels, verdict)?;
    }
    Table::new(columns).map_err(RoomError::protocol)
}

/// Takes into the verdict what was found of one measure: by row, rising.
fn take(
    plan: &OwnPlan,
    found: &[(u32, Figure)],
    press: &Press<'_>,
    labels: &[Column],
    verdict: &mut Verdict,
) -> Result<(), RoomError> {
    let rule = rule(plan)?;
    let fails = |(row, figure): &&(u32, Figure)| {
        figure.status != Status::Pass && !press.is_blank(*row as usize)
    };
    for (row, figure) in found.iter().filter(fails) {
        verdict.cells.push(CellVerdict {
            cell: labels_of(labels, *row as usize),
            status: Status::Fail,
            suppressed: true,
            failed: vec![RuleFigure {
                rule: rule.clone(),
                measure: Some(plan.name.clone()),
                status: figure.status,
                value: figure.value,
                bound: figure.bound,
            }],
        });
    }
    if let Some(checks) = &mut verdict.checks {
        let rows = found.iter().filter(fails).map(|(row, _)| *row);
        checks.primary.extend(rows);
        checks.primary.sort_unstable();
        checks.primary.dedup();
        let figures: Vec<_> = found
            .iter()
            .map(|(row, figure)| (*row, figure.status, figure.value, figure.bound))
            .collect();
        checks.add_rule(rule, Some(plan.name.clone()), &figures);
    }
    Ok(())
}

/// What makes the reviewers' columns.
struct Press<'a> {
    profile: &'a Profile,
    protection: Protection,
    digits: Option<u32>,
    judgement: &'a Judgement,
}

impl Press<'_> {
    fn is_blank(&self, row: usize) -> bool {
        let cell = self.judgement.cells.get(row);
        cell.is_none_or(|cell| cell.suppression != Suppression::None)
    }

    /// The values of a measure as reviewers see them, and what its rule says of each row where it applies.
    fn column(
        &self,
        plan: &OwnPlan,
        written: &Column,
        values: Option<&BTreeMap<u32, Ordered>>,
    ) -> (Vec<Value>, Vec<(u32, Figure)>) {
        let (mut shown, mut found) = (Vec::with_capacity(written.values.len()), Vec::new());
        for (row, value) in written.values.iter().enumerate() {
            let measured = measured(plan, self.profile, self.protection, values, row);
            let fails = measured.is_some_and(|figure| figure.status != Status::Pass);
            if let (Some(figure), Ok(row)) = (measured, u32::try_from(row)) {
                found.push((row, figure));
            }
            shown.push(if fails || self.is_blank(row) {
                Value::Absent
            } else {
                rounded(figure_of(plan, value, values, row), self.digits)
            });
        }
        (shown, found)
    }
}

fn labels_of(columns: &[Column], row: usize) -> Vec<String> {
    let text = |column: &Column| match column.values.get(row) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    columns.iter().map(text).collect()
}

/// The gate's own figure where it has one, else the module's.
fn figure_of(
    plan: &OwnPlan,
    written: &Value,
    values: Option<&BTreeMap<u32, Ordered>>,
    row: usize,
) -> Value {
    if plan.kind == OwnKind::Custom {
        return written.clone();
    }
    let cell = u32::try_from(row).ok();
    let ordered = cell.and_then(|cell| values?.get(&cell));
    let figure = ordered.and_then(|ordered| match plan.kind {
        OwnKind::Custom => None,
        OwnKind::Minimum => ordered.least(),
        OwnKind::Maximum => ordered.greatest(),
        OwnKind::Percentile => ordered.percentile(plan.percentile?),
    });
    figure.map_or(Value::Absent, Value::Number)
}

/// The rule that figures of this kind are held against.
fn rule(plan: &OwnPlan) -> Result<Name, RoomError> {
    let rule = match plan.kind {
        OwnKind::Percentile => "percentile",
        OwnKind::Custom | OwnKind::Minimum | OwnKind::Maximum => "extreme",
    };
    Name::parse(rule).map_err(RoomError::protocol)
}

/// What that rule says of a figure of the gate's own, where it applies.
fn measured(
    plan: &OwnPlan,
    profile: &Profile,
    protection: Protection,
    values: Option<&BTreeMap<u32, Ordered>>,
    row: usize,
) -> Option<Figure> {
    let rule = profile.settings().extremes.as_ref()?;
    if protection == Protection::None {
        return None;
    }
    match plan.kind {
        OwnKind::Custom => None,
        OwnKind::Minimum | OwnKind::Maximum => Some(extreme(rule)),
        OwnKind::Percentile => {
            let ordered = values?.get(&u32::try_from(row).ok()?)?;
            let (below, above) = ordered.sides(plan.percentile?)?;
            Some(percentile(below, above, rule))
        }
    }
}

fn rounded(value: Value, digits: Option<u32>) -> Value {
    let figure = match (&value, digits) {
        (Value::Number(figure), Some(digits)) => round_figure(*figure, digits),
        #[expect(
            clippy::cast_precision_loss,
            reason = "rounded to fewer digits than a double has"
        )]
        (Value::Integer(integer), Some(digits)) => round_figure(*integer as f64, digits),
        _ => return value,
    };
    if figure.is_finite() {
        Value::Number(figure + 0.0)
    } else {
        Value::Absent
    }
}

fn at(batch: &RecordBatch, index: usize) -> Result<&ArrayRef, RoomError> {
    batch
        .columns()
        .get(index)
        .ok_or_else(|| RoomError::protocol("a column that is not there"))
}

#[cfg(test)]
mod tests;
