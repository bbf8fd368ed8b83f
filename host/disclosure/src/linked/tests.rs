use yunei_model::{Aggregate, Decision, Digest, Name};

use super::*;
use crate::fixture::{dimension, measure, name, profile};
use crate::{Accumulator, Measure, SubjectKey, Suppression};

mod attacker;
mod blanks;
mod columns;
mod examples;
mod given;
mod lines;
mod masks;
mod pieces;
mod respondents;
mod together;

/// Subjects with a code on every axis and a value; one row each.
pub(super) struct World {
    pub(super) axes: Vec<Axis>,
    pub(super) rows: Vec<(Vec<usize>, f64)>,
}

/// A table of a world: some of its axes, with or without totals.
pub(super) struct Drawn {
    pub(super) axes: Vec<Axis>,
    pub(super) readings: Vec<Reading>,
    pub(super) shape: Shape,
    pub(super) statistics: Statistics,
    pub(super) shown: Option<Vec<bool>>,
    pub(super) asking: Option<yunei_model::OnFailure>,
    pub(super) piece: Option<(Axis, Vec<bool>)>,
}

/// Judges tables about subjects with one row each, over their finest cells: by a subject's code on an axis and value in a column.
pub(super) fn judge_drawn(
    tables: &[Drawn],
    subjects: usize,
    under: &str,
    code: impl Fn(usize, &Name) -> usize,
    value: impl Fn(usize, &Name) -> Option<f64>,
) -> Vec<Judgement> {
    let frame = Frame::new(
        tables.iter().flat_map(|t| t.axes.clone()),
        tables.iter().flat_map(|t| t.readings.clone()),
    )
    .unwrap();
    let readings = frame.readings().iter();
    let columns: Vec<Name> = readings.flat_map(|r| r.columns().cloned()).collect();
    let mut atoms = Atoms::new(&frame);
    let mut accumulator = Accumulator::new(frame.shape(), Protection::Subjects).unwrap();
    for subject in 0..subjects {
        let axes = frame.axes().iter().zip(frame.strides());
        let key = axes.map(|(axis, stride)| stride * code(subject, &axis.field) as u64);
        let cell = atoms.number(key.sum()).unwrap() as usize;
        let values: Vec<_> = columns.iter().map(|c| value(subject, c)).collect();
        let subject = SubjectKey::Integer(subject as i128);
        accumulator.row(subject, cell, &values).unwrap();
    }
    let statistics = accumulator.finish().unwrap();
    let joint = Joint {
        frame: &frame,
        atoms: &atoms,
        statistics: &statistics,
    };
    let linked: Vec<LinkedTable<'_>> = tables.iter().map(Drawn::linked).collect();
    judge_linked(&joint, &linked, &profile(under), Protection::Subjects)
}

pub(super) fn axis(field: &str, banding: &str, labels: usize) -> Axis {
    Axis {
        field: name(field),
        banding: Digest::of(banding.as_bytes()),
        labels,
    }
}

pub(super) fn reading(measure: &Measure) -> Reading {
    let reads = !matches!(
        measure.aggregate,
        Aggregate::Count | Aggregate::DistinctSubjects
    );
    Reading {
        aggregate: measure.aggregate,
        value: reads.then(|| name("value")),
        denominator: None,
        weight: None,
    }
}

impl World {
    /// So many subjects in each cell over axes of these sizes, the last axis fastest, each with a value between 1 and 2.
    pub(super) fn of_counts(sizes: &[usize], counts: &[usize]) -> Self {
        let names = ["a", "b", "c", "d"];
        let axes = sizes.iter().zip(names).map(|(n, f)| axis(f, f, *n));
        let mut rows = Vec::new();
        for (cell, count) in counts.iter().enumerate() {
            let mut rest = cell;
            let mut codes = vec![0; sizes.len()];
            for (code, size) in codes.iter_mut().zip(sizes).rev() {
                *code = rest % size;
                rest /= size;
            }
            for k in 0..*count {
                rows.push((codes.clone(), 1.0 + (k % 7) as f64 / 7.0));
            }
        }
        Self {
            axes: axes.collect(),
            rows,
        }
    }

    pub(super) fn draw(&self, axes: &[usize], totals: bool, measures: &[Measure]) -> Drawn {
        self.draw_over(axes, totals, measures, None)
    }

    /// A table over those rows alone that have one of these codes on an axis.
    pub(super) fn draw_piece(&self, axes: &[usize], totals: bool, of: (usize, &[usize])) -> Drawn {
        self.draw_over(axes, totals, &count(), Some(of))
    }

    fn draw_over(
        &self,
        axes: &[usize],
        totals: bool,
        measures: &[Measure],
        piece: Option<(usize, &[usize])>,
    ) -> Drawn {
        let dimensions = axes.iter().map(|a| {
            let axis = &self.axes[*a];
            dimension(&format!("{}{a}", axis.field), axis.labels)
        });
        let shape = Shape::new(dimensions.collect(), measures.to_vec(), totals).unwrap();
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        let inputs = shape.inputs().len();
        for (subject, (codes, value)) in self.rows.iter().enumerate() {
            if piece.is_some_and(|(axis, of)| !of.contains(&codes[axis])) {
                continue;
            }
            let codes: Vec<usize> = axes.iter().map(|a| codes[*a]).collect();
            let cell = shape.cell(&codes).unwrap();
            accumulator
                .row(
                    SubjectKey::Integer(subject as i128),
                    cell,
                    &vec![Some(*value); inputs],
                )
                .unwrap();
        }
        Drawn {
            axes: axes.iter().map(|a| self.axes[*a].clone()).collect(),
            readings: measures.iter().map(reading).collect(),
            statistics: accumulator.finish().unwrap(),
            shape,
            shown: None,
            asking: None,
            piece: piece.map(|(axis, of)| {
                let axis = self.axes[axis].clone();
                let codes = (0..axis.labels).map(|code| of.contains(&code)).collect();
                (axis, codes)
            }),
        }
    }

    pub(super) fn judge(&self, tables: &[Drawn]) -> Vec<Judgement> {
        let frame = Frame::new(
            tables.iter().flat_map(|t| {
                let piece = t.piece.iter().map(|(axis, _)| axis.clone());
                t.axes.iter().cloned().chain(piece)
            }),
            tables.iter().flat_map(|t| t.readings.clone()),
        )
        .unwrap();
        let places: Vec<usize> = frame
            .axes()
            .iter()
            .map(|axis| self.axes.iter().position(|a| a == axis).unwrap())
            .collect();
        let mut atoms = Atoms::new(&frame);
        let mut accumulator = Accumulator::new(frame.shape(), Protection::Subjects).unwrap();
        let inputs = frame.shape().inputs().len();
        for (subject, (codes, value)) in self.rows.iter().enumerate() {
            let strides = frame.strides().iter().zip(&places);
            let key = strides.map(|(stride, place)| stride * codes[*place] as u64);
            let cell = atoms.number(key.sum()).unwrap() as usize;
            let subject = SubjectKey::Integer(subject as i128);
            accumulator
                .row(subject, cell, &vec![Some(*value); inputs])
                .unwrap();
        }
        let statistics = accumulator.finish().unwrap();
        let joint = Joint {
            frame: &frame,
            atoms: &atoms,
            statistics: &statistics,
        };
        let linked: Vec<LinkedTable<'_>> = tables.iter().map(Drawn::linked).collect();
        judge_linked(&joint, &linked, &profile("yunei"), Protection::Subjects)
    }
}

impl Drawn {
    pub(super) fn linked(&self) -> LinkedTable<'_> {
        LinkedTable {
            shape: &self.shape,
            statistics: &self.statistics,
            axes: &self.axes,
            readings: &self.readings,
            standing: match (&self.shown, self.asking) {
                (None, None) => Standing::Candidate,
                (None, Some(asked)) => Standing::Asking(asked),
                (Some(shown), _) => Standing::Released { shown },
            },
            piece: self
                .piece
                .as_ref()
                .map(|(axis, codes)| Piece { axis, codes }),
        }
    }

    /// With a dimension whose classes are sensitive.
    pub(super) fn sensitive(mut self, place: usize) -> Self {
        let mut dimensions = self.shape.dimensions().to_vec();
        dimensions[place].sensitive = true;
        let measures = self.shape.measures().to_vec();
        self.shape = Shape::new(dimensions, measures, false).unwrap();
        self
    }

    /// As it was released.
    pub(super) fn released(mut self, shown: Vec<bool>) -> Self {
        self.shown = Some(shown);
        self
    }

    /// As released under a judgement.
    pub(super) fn released_as(self, judgement: &Judgement) -> Self {
        let shown = shown(judgement);
        self.released(shown)
    }
}

pub(super) fn shown(judgement: &Judgement) -> Vec<bool> {
    let shown = |cell: &crate::CellOutcome| cell.suppression == Suppression::None;
    judgement.cells.iter().map(shown).collect()
}

pub(super) fn blanks(judgement: &Judgement) -> Vec<usize> {
    let blank = judgement.cells.iter().filter(|cell| !cell.empty);
    blank
        .filter(|cell| cell.suppression != Suppression::None)
        .map(|cell| cell.cell)
        .collect()
}

pub(super) fn count() -> Vec<Measure> {
    vec![measure("n", Aggregate::Count)]
}

pub(super) fn released(judgements: &[Judgement]) -> bool {
    judgements.iter().all(|j| j.decision == Decision::Release)
}
