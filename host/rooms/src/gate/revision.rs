//! Revisions: a table over newer data leaves beside the earlier editions of its period only when every cell that changes is changed by
//! enough subjects.
//!
//! Both states of the rows are read once, in the order of their subjects, and merged. Earlier editions are all compared with: two revisions
//! that each change much may together change little.

use std::cmp::Ordering;
use std::os::fd::OwnedFd;

use arrow::array::RecordBatch;
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::{Batches, ViewPlan, Views};
use yunei_disclosure::{
    InputRole, Profile, Revision, RevisionOutcome, Shape, SubjectKey, SubjectState,
};
use yunei_model::{Decision, Hint, OnFailure, Table, Value, Verdict};

use super::coding::{Coder, Numbers, groups};
use super::{Judged, compute, failed};
use crate::feed::open_views;
use crate::{DimensionPlan, GatePlan, OutputPlan, RoomError, Source};

/// Holds what was judged against the earlier editions of its period: where too few subjects change a cell, the late rows wait.
pub fn hold(
    plan: &GatePlan,
    profile: &Profile,
    outputs: &mut Judged,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
    runtime: &Runtime,
) -> Result<(), RoomError> {
    for revision in &plan.revisions {
        let output = plan.outputs.iter().find(|o| o.name == revision.output);
        let output = output
            .ok_or_else(|| RoomError::protocol("a revision of an output that is not there"))?;
        let (now, before) = (&revision.now, &revision.before);
        let outcomes = compare(now, before, output, profile, descriptors, runtime)?;
        let alone = plan
            .revisions
            .iter()
            .filter(|r| r.now.name == revision.now.name)
            .count()
            == 1;
        for (verdict, table) in outputs.iter_mut().filter(|(v, _)| v.output == output.name) {
            settle(verdict, table, output, outcomes.as_deref(), alone);
            keep_blank(verdict, table, output, &revision.blank);
        }
    }
    Ok(())
}

/// What came of a comparison becomes part of the verdict. None means that the gate cannot compare.
fn settle(
    verdict: &mut Verdict,
    table: &mut Option<Table>,
    output: &OutputPlan,
    outcomes: Option<&[RevisionOutcome]>,
    alone: bool,
) {
    let nobody = output.subject.is_none() && !is_guests(output);
    if verdict.decision == Decision::Withhold || nobody {
        return;
    }
    let mut review = |reason: &str| {
        verdict.reasons.push(reason.to_owned());
        verdict.routine = false;
        if verdict.decision == Decision::Release {
            verdict.decision = Decision::Review;
            verdict.cells_released = 0;
            verdict.hints.push(Hint::AwaitReview);
        }
    };
    let Some(outcomes) = outcomes else {
        review("it revises an edition that the gate cannot compare it with");
        return;
    };
    if !alone {
        review(
            "it revises several tables about the same rows, and their changes were compared one by one",
        );
    }
    for reason in beyond(output) {
        review(reason);
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.leaves()) {
        verdict.decision = Decision::Withhold;
        verdict.cells_released = 0;
        verdict.reasons.push(format!(
            "late rows wait: {} cells change against an earlier edition, {} of them by too few subjects, by one too much or by some \
             who are alike; the fewest subjects are {}",
            outcome.cells_changed,
            outcome.cells_held,
            outcome.subjects_min.unwrap_or(0),
        ));
        *table = None;
    }
}

/// Why people decide about what a comparison subject by subject does not hold against the rules: what lies between two changes, and the class
/// of those who are late. Public structure says so, whatever the rows are.
fn beyond(output: &OutputPlan) -> impl Iterator<Item = &'static str> {
    let mut measures = output.measures.iter();
    let weighed = measures.any(|m| m.weight.is_some() || m.denominator.is_some());
    let mut dimensions = output.dimensions.iter();
    let sensitive = dimensions.any(|dimension| match dimension {
        DimensionPlan::Banded { sensitive, .. } | DimensionPlan::Derived { sensitive, .. } => {
            *sensitive
        }
    });
    let mut columns: Vec<_> = output.measures.iter().filter_map(|m| m.values).collect();
    columns.dedup();
    let told = [
        (
            columns.len() > 1,
            "it revises figures of several columns, and what lies between their changes was not held against the rules",
        ),
        (
            weighed,
            "it revises figures that are weighed or divided, and what lies between their changes was not held against the rules",
        ),
        (
            sensitive,
            "it revises a table with a sensitive dimension, and the classes of those who changed were not held against the rules",
        ),
    ];
    told.into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, reason)| reason)
}

/// INVARIANT: what an earlier edition left blank is blank in what leaves now, whoever judged it.
fn keep_blank(
    verdict: &mut Verdict,
    table: &mut Option<Table>,
    output: &OutputPlan,
    blank: &[usize],
) {
    let opened = table.as_ref().is_some_and(|table| {
        let figures = table.columns().get(output.dimensions.len()..);
        blank.iter().any(|row| {
            let mut values = figures.into_iter().flatten().map(|c| c.values.get(*row));
            !values.all(|value| matches!(value, Some(Value::Absent)))
        })
    });
    if opened {
        verdict.decision = Decision::Withhold;
        verdict.cells_released = 0;
        verdict
            .reasons
            .push("it would show what an earlier edition left blank".to_owned());
        *table = None;
    }
}

/// Compares an output's rows now with those of each earlier release. None when that cannot be done.
pub fn compare(
    view: &ViewPlan,
    before: &[ViewPlan],
    output: &OutputPlan,
    profile: &Profile,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
    runtime: &Runtime,
) -> Result<Option<Vec<RevisionOutcome>>, RoomError> {
    let now = open_views(std::slice::from_ref(view), descriptors)?;
    let mut earlier = Vec::with_capacity(before.len());
    for before in before {
        earlier.push(open_views(std::slice::from_ref(before), descriptors)?);
    }
    let derived = output.derived || output.dimensions.iter().any(is_derived);
    // Subjects are compared one by one; whether they are of one household or group is not.
    // A merged table has other cells than the one that it revises, and noise is no contribution.
    let own = output.look || output.model.is_some() || !output.own.is_empty();
    let otherwise = own || output.on_failure != OnFailure::Suppress;
    if earlier.is_empty() || derived || otherwise || output.group.is_some() {
        return Ok(None);
    }
    let Some(subject) = output.subject else {
        return Ok(Some(Vec::new()));
    };
    let shape = compute::shape(output)?;
    let mut outcomes = Vec::with_capacity(earlier.len());
    for (before, plan) in earlier.iter().zip(before) {
        let mut sides = [
            Side::open(before, &plan.name, output, &shape, subject, runtime)?,
            Side::open(&now, &view.name, output, &shape, subject, runtime)?,
        ];
        outcomes.push(merge(&shape, &mut sides)?.judge(profile));
    }
    Ok(Some(outcomes))
}

/// Whether figures are the guest's, or a model's: there is nothing to compare subject by subject.
const fn is_guests(output: &OutputPlan) -> bool {
    output.derived || output.look || !output.own.is_empty() || output.model.is_some()
}

const fn is_derived(dimension: &DimensionPlan) -> bool {
    matches!(dimension, DimensionPlan::Derived { .. })
}

/// Merges two states in the order of their subjects.
fn merge(shape: &Shape, [before, now]: &mut [Side<'_>; 2]) -> Result<Revision, RoomError> {
    let mut revision = Revision::new(shape).map_err(|e| failed(&e))?;
    let mut nothing = SubjectState::default();
    before.step()?;
    now.step()?;
    loop {
        let order = match (&before.key, &now.key) {
            (None, None) => return Ok(revision),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(was), Some(is)) => was.cmp(is),
        };
        nothing.clear();
        let (was, is) = match order {
            Ordering::Less => (&mut before.rows, &mut nothing),
            Ordering::Equal => (&mut before.rows, &mut now.rows),
            Ordering::Greater => (&mut nothing, &mut now.rows),
        };
        revision.subject(was, is).map_err(|e| failed(&e))?;
        if order != Ordering::Greater {
            before.step()?;
        }
        if order != Ordering::Less {
            now.step()?;
        }
    }
}

/// A subject's key that is kept, in the order of snapshots: integers by value, texts by bytes. Rows that name nobody are not among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Integer(i128),
    Text(String),
    /// All rows that name nobody, as one subject, after all others.
    Absent,
}

/// One state of the rows, subject by subject.
struct Side<'a> {
    runtime: &'a Runtime,
    stream: Batches,
    output: &'a OutputPlan,
    coders: Vec<Coder>,
    strides: Vec<u32>,
    columns: Vec<usize>,
    subject: usize,
    /// The batch that is being read, coded.
    batch: Coded,
    row: usize,
    /// The present subject, and its rows; none at the end.
    key: Option<Key>,
    rows: SubjectState,
    /// Rows that name nobody: they may stand anywhere, and come last.
    absent: SubjectState,
    over: bool,
}

/// A batch as keys, cells and values.
#[derive(Default)]
struct Coded {
    keys: Vec<Option<Key>>,
    cells: Vec<u32>,
    values: Vec<Vec<Option<f64>>>,
}

impl<'a> Side<'a> {
    fn open(
        views: &Views,
        view: &yunei_model::Name,
        output: &'a OutputPlan,
        shape: &Shape,
        subject: usize,
        runtime: &'a Runtime,
    ) -> Result<Self, RoomError> {
        let columns: Vec<usize> = (0..views.schema(view).map_err(|e| failed(&e))?.len()).collect();
        let coders = output.dimensions.iter().filter_map(|d| match d {
            DimensionPlan::Banded { banding, .. } => Some(Coder::new(banding.clone())),
            DimensionPlan::Derived { .. } => None,
        });
        let strides = shape.strides().into_iter().map(u32::try_from);
        Ok(Self {
            runtime,
            stream: views.scan(view, &columns).map_err(|e| failed(&e))?,
            coders: coders.collect(),
            strides: strides
                .collect::<Result<_, _>>()
                .map_err(RoomError::protocol)?,
            columns: value_columns(output, shape)?,
            output,
            subject,
            batch: Coded::default(),
            row: 0,
            key: None,
            rows: SubjectState::default(),
            absent: SubjectState::default(),
            over: false,
        })
    }

    /// Goes on to the next subject and gathers its rows.
    fn step(&mut self) -> Result<(), RoomError> {
        let last = self.key.take();
        self.rows.clear();
        while self.fill()? {
            let Some(key) = self.batch.keys.get(self.row) else {
                break;
            };
            match (key, &self.key) {
                (None, _) => {}
                (Some(key), Some(present)) if key != present => {
                    if key < present {
                        return Err(RoomError::protocol("subjects that do not rise"));
                    }
                    return Ok(());
                }
                (Some(key), None) => {
                    if last.as_ref().is_some_and(|last| key <= last) {
                        return Err(RoomError::protocol("subjects that do not rise"));
                    }
                    self.key = Some(key.clone());
                }
                (Some(_), Some(_)) => {}
            }
            self.take_row()?;
        }
        if self.key.is_none() && last != Some(Key::Absent) && !self.absent.is_empty() {
            std::mem::swap(&mut self.rows, &mut self.absent);
            self.key = Some(Key::Absent);
        }
        Ok(())
    }

    fn take_row(&mut self) -> Result<(), RoomError> {
        let (key, cell, values) = (
            self.batch.keys.get(self.row),
            self.batch.cells.get(self.row),
            self.batch.values.get_mut(self.row),
        );
        let (Some(key), Some(cell), Some(values)) = (key, cell, values) else {
            return Err(RoomError::protocol(
                "a batch whose columns differ in length",
            ));
        };
        let rows = if key.is_some() {
            &mut self.rows
        } else {
            &mut self.absent
        };
        let values = std::mem::take(values);
        rows.push(*cell, values).map_err(|e| failed(&e))?;
        self.row += 1;
        Ok(())
    }

    /// Sees to it that there is a row to read; false at the end.
    fn fill(&mut self) -> Result<bool, RoomError> {
        while !self.over && self.row >= self.batch.cells.len() {
            match self.runtime.block_on(self.stream.next()) {
                Some(batch) => {
                    let batch = batch.map_err(|e| failed(&e))?;
                    self.batch = self.coded(&batch)?;
                    self.row = 0;
                }
                None => self.over = true,
            }
        }
        Ok(!self.over)
    }

    fn coded(&mut self, batch: &RecordBatch) -> Result<Coded, RoomError> {
        let column = |index: usize| {
            batch
                .columns()
                .get(index)
                .ok_or_else(|| RoomError::protocol("a column that is not there"))
        };
        let rows = batch.num_rows();
        let mut cells = vec![0_u32; rows];
        let banded = self.output.dimensions.iter().zip(&mut self.coders);
        for ((dimension, coder), stride) in banded.zip(&self.strides) {
            if let DimensionPlan::Banded { column: index, .. } = dimension {
                coder.add_codes(column(*index)?, *stride, &mut cells)?;
            }
        }
        let mut values = vec![Vec::with_capacity(self.columns.len()); rows];
        for index in &self.columns {
            let mut numbers = Numbers::default();
            numbers.read(column(*index)?)?;
            for (row, values) in values.iter_mut().enumerate() {
                values.push(numbers.at(row));
            }
        }
        let keys = groups(column(self.subject)?)?;
        let keys = keys.into_iter().map(|key| match key {
            SubjectKey::Absent => None,
            SubjectKey::Integer(integer) => Some(Key::Integer(integer)),
            SubjectKey::Text(text) => Some(Key::Text(text.to_owned())),
        });
        Ok(Coded {
            keys: keys.collect(),
            cells,
            values,
        })
    }
}

/// Columns of the view that the shape's inputs are read from.
fn value_columns(output: &OutputPlan, shape: &Shape) -> Result<Vec<usize>, RoomError> {
    let column = |slot: &yunei_disclosure::InputSlot| {
        let measure = output.measures.get(slot.measure)?;
        match slot.role {
            InputRole::Value => match measure.values? {
                Source::Column(index) => Some(index),
                Source::Derived(_) => None,
            },
            InputRole::Denominator => measure.denominator,
            InputRole::Weight => measure.weight,
        }
    };
    let columns = shape.inputs();
    let columns = columns.iter().map(|slot| {
        column(slot).ok_or_else(|| RoomError::protocol("a measure without its column"))
    });
    columns.collect()
}

#[cfg(test)]
mod tests;
