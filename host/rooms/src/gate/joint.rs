//! Outputs and earlier releases about the same rows, judged together: one pass over the rows, one accumulator per table and one over
//! the finest cells of all of them.

mod cut;
mod tables;

use arrow::array::RecordBatch;
use tokio::runtime::Runtime;
use yunei_disclosure::linked::{
    Atoms, Frame, Joint, LinkedError, LinkedTable, Piece, judge_linked,
};
use yunei_disclosure::{
    AccumulateError, Accumulator, Arrangement, Block, Input, InputRole, Profile, Protection,
    SubjectKey, SubjectRows,
};
use yunei_model::{Decision, Route, Table, Value, Verdict};

use self::cut::Cut;
use self::tables::Tables;
use super::alternatives;
use super::coding::{Numbers, groups, subjects};
use super::earlier::review;
use super::parts::Parts;
use super::{failed, rows};
use crate::{GatePlan, JointPlan, LinkedPlan, RoomError};

/// Why a revision that is linked with other tables goes to people.
const OPENS: &str =
    "together with linked tables it would show what an edition that it revises left blank";

/// Why a joint plan with a table that was merged goes to people.
const UNTOLD: &str = "under which bandings a merged table left is not told by its labels";

/// Why people decide beside an earlier release whose rows are others by now.
const CHANGED: &str = "earlier releases are about rows that overlap with these, and are not the same in this snapshot";

/// Whether the rows that an earlier release is about are others by now.
fn has_changed(
    earlier: &LinkedPlan,
    parts: &mut Parts<'_>,
    runtime: &Runtime,
) -> Result<bool, RoomError> {
    match earlier.then_and_now {
        Some(views) => Ok(!cut::are_same(parts, views, runtime)?),
        None => Ok(false),
    }
}

/// Judges outputs together with each other and with the earlier releases of a joint plan, and puts their verdicts in place of those that
/// each got by itself. What is beyond a limit goes to people.
pub fn judge(
    plan: &GatePlan,
    joint: &JointPlan,
    profile: &Profile,
    parts: &mut Parts<'_>,
    plaintext: &[u8],
    runtime: &Runtime,
    outputs: &mut [(Verdict, Option<Table>)],
) -> Result<(), RoomError> {
    let changed = joint
        .released
        .iter()
        .map(|earlier| has_changed(earlier, parts, runtime));
    let changed: Vec<bool> = changed.collect::<Result<_, _>>()?;
    let mut joint = joint.clone();
    let mut of_each = changed.iter();
    // What cannot be computed anew takes no part, and people decide.
    joint.released.retain(|_| of_each.next() != Some(&true));
    let merged = as_merged(&joint, outputs)?;
    let Some(joint) = &merged else {
        for (index, _) in &joint.candidates {
            if let Some((verdict, _)) = outputs.get_mut(*index) {
                review(verdict, UNTOLD.to_owned());
            }
        }
        return Ok(());
    };
    let (views, name) = parts.open(joint.view)?;
    let tables = Tables::read(plan, joint, parts, plaintext)?;
    let mut gathering = match Gathering::begin(tables, joint) {
        Ok(gathering) => gathering,
        Err(Halt::Beyond(error)) => return beyond(joint, &error, outputs),
        Err(Halt::Failed(error)) => return Err(error),
    };
    let unprepared = |_: &RecordBatch| Ok(());
    match rows::each(&views, name, runtime, unprepared, |batch, ()| {
        gathering.take(batch)
    }) {
        Ok(()) => {}
        Err(Halt::Beyond(error)) => return beyond(joint, &error, outputs),
        Err(Halt::Failed(error)) => return Err(error),
    }
    for (index, verdict, table) in gathering.judge(joint, profile)? {
        if let Some(output) = outputs.get_mut(index) {
            let (alone, _) = std::mem::replace(output, (verdict, table));
            let revision = plan.revisions.iter().find(|r| r.output == output.0.output);
            if revision.is_some_and(|r| opens(output.1.as_ref(), &r.blank)) {
                review(&mut output.0, OPENS.to_owned());
            }
            let changed = changed.iter().filter(|changed| **changed).count();
            if changed > 0 {
                review(&mut output.0, format!("{changed} {CHANGED}"));
            }
            // Why people must decide about the output by itself stays a reason.
            if alone.decision == Decision::Review {
                for reason in alone.reasons {
                    if !output.0.reasons.contains(&reason) {
                        review(&mut output.0, reason);
                    }
                }
            }
        }
    }
    Ok(())
}

/// A joint plan with every table that merges under the bandings that it came to: of a candidate by itself, of an earlier one when it left.
fn as_merged(
    joint: &JointPlan,
    outputs: &[(Verdict, Option<Table>)],
) -> Result<Option<JointPlan>, RoomError> {
    let mut joint = joint.clone();
    for (index, output) in &mut joint.candidates {
        let table = outputs.get(*index).and_then(|(_, table)| table.as_ref());
        // Without a table the output goes to people whatever it is judged with.
        let Some(table) = table else { continue };
        match alternatives::as_merged(output, table)? {
            Some(step) => *output = step,
            None => return Ok(None),
        }
    }
    for released in &mut joint.released {
        match alternatives::as_merged(&released.output, &released.table)? {
            Some(step) => released.output = step,
            None => return Ok(None),
        }
    }
    Ok(Some(joint))
}

/// Whether a table shows a figure in one of these rows.
fn opens(table: Option<&Table>, blank: &[usize]) -> bool {
    table.is_some_and(|table| {
        let figures = table.columns().iter().flat_map(|column| {
            let values = blank.iter().filter_map(|row| column.values.get(*row));
            values.filter(|value| matches!(value, Value::Integer(_) | Value::Number(_)))
        });
        figures.count() > 0
    })
}

/// Sends the outputs of a joint plan to people: the audit says nothing about them.
fn beyond(
    joint: &JointPlan,
    error: &LinkedError,
    outputs: &mut [(Verdict, Option<Table>)],
) -> Result<(), RoomError> {
    let tables = joint.candidates.len() + joint.released.len();
    for (index, _) in &joint.candidates {
        if let Some((verdict, _)) = outputs.get_mut(*index) {
            let released = joint.released.len();
            review(
                verdict,
                format!("{error}: {tables} tables, {released} released before"),
            );
        }
    }
    Ok(())
}

/// Why a joint audit ends early.
enum Halt {
    /// It is beyond a limit: people decide.
    Beyond(LinkedError),
    /// It failed.
    Failed(RoomError),
}

impl From<RoomError> for Halt {
    fn from(error: RoomError) -> Self {
        Self::Failed(error)
    }
}

impl From<LinkedError> for Halt {
    fn from(error: LinkedError) -> Self {
        Self::Beyond(error)
    }
}

/// The accumulator of the finest cells. More figures than it can hold are for people.
fn finest(frame: &Frame, protection: Protection) -> Result<Accumulator, Halt> {
    let finest = Accumulator::arranged(frame.shape(), protection, Arrangement::Rising);
    finest.map_err(|error| match error {
        AccumulateError::TooLarge { .. } => Halt::Beyond(LinkedError::Figures),
        error => Halt::Failed(failed(&error)),
    })
}

/// Everything that a row passes through.
struct Gathering {
    tables: Tables,
    frame: Frame,
    atoms: Atoms,
    /// The columns of the atoms' measures: positions among the tables' values.
    inputs: Vec<usize>,
    accumulators: Vec<Accumulator>,
    finest: Accumulator,
    /// How rows are told apart, where not all tables are over the same ones.
    cut: Option<Cut>,
    rows: usize,
}

/// A batch as tables take it.
struct Taken<'b> {
    rows: usize,
    /// The code of each row on each axis.
    codes: Vec<Vec<u32>>,
    numbers: Vec<Numbers>,
    subjects: Vec<SubjectRows<'b>>,
    groups: Vec<SubjectKey<'b>>,
}

impl<'b> Taken<'b> {
    fn read(tables: &mut Tables, batch: &'b RecordBatch, start: usize) -> Result<Self, RoomError> {
        let codes = tables.codes(batch, start)?;
        let mut numbers: Vec<Numbers> = Vec::new();
        tables.numbers(batch, start, &mut numbers)?;
        let named = |position: Option<usize>| {
            let column = position.map(|index| {
                let column = batch.columns().get(index);
                column.ok_or_else(|| RoomError::protocol("a column that is not there"))
            });
            column.transpose()
        };
        let subjects = named(tables.subject)?.map(subjects).transpose()?;
        let groups = named(tables.group)?.map(groups).transpose()?;
        Ok(Self {
            rows: batch.num_rows(),
            codes,
            numbers,
            subjects: subjects.unwrap_or_default(),
            groups: groups.unwrap_or_default(),
        })
    }

    /// Hands the rows to an accumulator, with the cell of each.
    fn add(
        &self,
        accumulator: &mut Accumulator,
        cells: &[u32],
        columns: &[usize],
    ) -> Result<(), RoomError> {
        let inputs: Option<Vec<Input<'_>>> = columns
            .iter()
            .map(|column| self.numbers.get(*column).map(Numbers::input))
            .collect();
        let inputs = inputs.ok_or_else(|| RoomError::protocol("a measure without its column"))?;
        let block = Block {
            subjects: &self.subjects,
            groups: &self.groups,
            cells,
            inputs: &inputs,
        };
        accumulator.block(&block).map_err(|e| failed(&e))
    }
}

impl Gathering {
    fn begin(tables: Tables, joint: &JointPlan) -> Result<Self, Halt> {
        let cut = joint.cut.as_ref().map(|plan| {
            let candidates = joint.candidates.iter().map(|_| plan.candidates.clone());
            let released = joint.released.iter().map(|earlier| earlier.pieces.clone());
            Cut::new(plan, candidates.chain(released).collect())
        });
        let cut = cut.transpose()?;
        let axes = tables.parties.iter().flat_map(|p| p.axes.iter().cloned());
        let axes = axes.chain(cut.iter().map(|cut| cut.axis().clone()));
        let readings = tables
            .parties
            .iter()
            .flat_map(|p| p.readings.iter().cloned());
        let frame = Frame::new(axes, readings)?;
        let accumulator = |shape: &_| {
            Accumulator::arranged(shape, tables.protection, Arrangement::Rising)
                .map_err(|e| failed(&e))
        };
        let accumulators = tables.parties.iter().map(|p| accumulator(&p.shape));
        let mut inputs = Vec::new();
        for slot in frame.shape().inputs() {
            let reading = frame.readings().get(slot.measure);
            let column = reading.and_then(|reading| match slot.role {
                InputRole::Value => reading.value.as_ref(),
                InputRole::Denominator => reading.denominator.as_ref(),
                InputRole::Weight => reading.weight.as_ref(),
            });
            let position = column.and_then(|column| tables.value(column));
            inputs
                .push(position.ok_or_else(|| RoomError::protocol("a measure without its column"))?);
        }
        Ok(Self {
            accumulators: accumulators.collect::<Result<_, RoomError>>()?,
            finest: finest(&frame, tables.protection)?,
            atoms: Atoms::new(&frame),
            inputs,
            frame,
            tables,
            cut,
            rows: 0,
        })
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), Halt> {
        let Some(cut) = &mut self.cut else {
            let taken = Taken::read(&mut self.tables, batch, self.rows)?;
            self.rows += taken.rows;
            for table in 0..self.accumulators.len() {
                self.add_to_table(table, &taken)?;
            }
            return self.add_to_atoms(&taken, &[]);
        };
        let pieces = cut.pieces(batch)?;
        let (groups, together) = (cut.groups(), cut.together());
        for (within, tables) in groups {
            let (rows, _) = cut::rows_in(batch, &pieces, &within)?;
            let taken = Taken::read(&mut self.tables, &rows, 0)?;
            for table in tables {
                self.add_to_table(table, &taken)?;
            }
        }
        let (rows, pieces) = cut::rows_in(batch, &pieces, &together)?;
        let taken = Taken::read(&mut self.tables, &rows, 0)?;
        self.add_to_atoms(&taken, &pieces)
    }

    fn add_to_table(&mut self, table: usize, taken: &Taken<'_>) -> Result<(), RoomError> {
        let party = self.tables.parties.get(table);
        let (Some(party), Some(accumulator)) = (party, self.accumulators.get_mut(table)) else {
            return Err(RoomError::protocol("a table that is not there"));
        };
        let mut cells = vec![0_u32; taken.rows];
        for (axis, stride) in party.sources.iter().zip(&party.strides) {
            let codes = taken.codes.get(*axis).into_iter().flatten();
            for (cell, code) in cells.iter_mut().zip(codes) {
                *cell += code * stride;
            }
        }
        taken.add(accumulator, &cells, &party.inputs)
    }

    /// `pieces` is the piece of each row, where there is a cut.
    fn add_to_atoms(&mut self, taken: &Taken<'_>, pieces: &[u32]) -> Result<(), Halt> {
        let mut keys = vec![0_u64; taken.rows];
        for (axis, stride) in self.frame.axes().iter().zip(self.frame.strides()) {
            let is_cut = self.cut.as_ref().is_some_and(|cut| cut.axis() == axis);
            let source = self.tables.source(axis);
            let codes = source.and_then(|source| taken.codes.get(source));
            let codes = if is_cut {
                pieces
            } else {
                codes.map_or(&[][..], Vec::as_slice)
            };
            for (key, code) in keys.iter_mut().zip(codes) {
                *key += u64::from(*code) * stride;
            }
        }
        let numbered = keys.into_iter().map(|key| self.atoms.number(key));
        let cells = numbered.collect::<Result<Vec<u32>, LinkedError>>()?;
        taken.add(&mut self.finest, &cells, &self.inputs)?;
        Ok(())
    }

    fn judge(
        self,
        joint: &JointPlan,
        profile: &Profile,
    ) -> Result<Vec<(usize, Verdict, Option<Table>)>, RoomError> {
        self.tables.check_rows(self.rows)?;
        let mut statistics = Vec::with_capacity(self.accumulators.len());
        for accumulator in self.accumulators {
            statistics.push(accumulator.finish().map_err(|e| failed(&e))?);
        }
        let finest = self.finest.finish().map_err(|e| failed(&e))?;
        let parties = self.tables.parties.iter().zip(&statistics).enumerate();
        let cut = self.cut.as_ref();
        let piece = |table: usize| {
            let cut = cut?;
            let codes = cut.tables.get(table)?;
            Some(Piece {
                axis: cut.axis(),
                codes,
            })
        };
        let linked: Vec<LinkedTable<'_>> = parties
            .map(|(table, (party, statistics))| LinkedTable {
                piece: piece(table),
                shape: &party.shape,
                statistics,
                axes: &party.axes,
                readings: &party.readings,
                standing: party.standing(),
            })
            .collect();
        let together = Joint {
            frame: &self.frame,
            atoms: &self.atoms,
            statistics: &finest,
        };
        let judgements = judge_linked(&together, &linked, profile, self.tables.protection);
        let judged = joint.candidates.iter().zip(judgements);
        Ok(judged
            .map(|((index, output), judgement)| {
                let route = if output.derived {
                    Route::Reviewed
                } else {
                    Route::Recomputed
                };
                let verdict = judgement.verdict(output.name.clone(), route);
                (*index, verdict, judgement.table.or(judgement.candidate))
            })
            .collect())
    }
}
