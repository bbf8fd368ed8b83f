//! The gate's own figures for one output: read, band, accumulate per subject, judge.

use arrow::array::{ArrayRef, RecordBatch};
use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_disclosure::alternative::CellKeys;
use yunei_disclosure::{
    Accumulator, Arrangement, Block, Dimension, Input, InputRole, InputSlot, Measure, Profile,
    Protection, Shape, Statistics, judge_keeping_blank,
};
use yunei_model::{Name, OTHER, OnFailure, Route, Table, Verdict};

use super::alternatives::{self, NoiseKeys};
use super::coding::{Coder, Numbers, groups, subjects};
use super::decoys::Decoys;
use super::derived::DerivedColumns;
use super::{accumulated, rows, too_large};
use crate::{DimensionPlan, GatePlan, OutputPlan, RoomError, Source};

/// Where one input of the accumulator comes from.
#[derive(Debug, Clone, Copy)]
enum From {
    Column(usize),
    Derived(usize),
}

/// Everything that a row passes through.
pub struct Gathering<'a> {
    coding: Coding<'a>,
    adding: Adding<'a>,
}

/// From a batch to cells and numbers.
pub struct Coding<'a> {
    output: &'a OutputPlan,
    coders: Vec<Option<Coder>>,
    strides: Vec<u32>,
    sources: Vec<From>,
    derived: Option<DerivedColumns>,
    rows: usize,
}

/// A batch in cells and numbers.
pub struct Coded {
    cells: Vec<u32>,
    numbers: Vec<Numbers>,
}

/// From cells and numbers to figures, subject by subject.
pub struct Adding<'a> {
    output: &'a OutputPlan,
    decoys: Option<Decoys>,
    accumulator: Accumulator,
    noise: Option<NoiseKeys>,
}

/// What was seen of an output's rows beside its figures.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// A decoy.
    pub decoy: bool,
    /// A fact about the subject, summed in several cells for one subject: so many equations about the same unknowns.
    pub fact_twice: bool,
}

/// Computes and judges one output; says too what was seen in its rows. `repeats` is a table of the same structure over the same
/// rows that left before.
#[expect(
    clippy::too_many_arguments,
    reason = "one call; each is a different thing"
)]
pub fn output(
    plan: &GatePlan,
    output: &OutputPlan,
    profile: &Profile,
    views: &Views,
    view: &Name,
    plaintext: &[u8],
    repeats: Option<&Table>,
    runtime: &Runtime,
) -> Result<(Verdict, Option<Table>, Seen), RoomError> {
    let shape = shape(output)?;
    let protection = protection(output);
    if output.on_failure != OnFailure::Suppress {
        return alternatives::output(
            plan, output, profile, views, view, plaintext, repeats, runtime,
        );
    }
    let mut gathering = Gathering::begin(plan, output, plaintext)?;
    let (coding, adding) = gathering.halves();
    let code = |batch: &RecordBatch| coding.code(batch);
    rows::each(views, view, runtime, code, |batch, coded| {
        adding.add(batch, &coded)
    })?;
    gathering.check_rows()?;
    let decoy = gathering.saw_decoy();
    let (statistics, _) = gathering.finish()?;
    let seen = Seen {
        decoy,
        fact_twice: is_fact_twice(output, &statistics),
    };
    let revision = plan.revisions.iter().find(|r| r.output == output.name);
    let blank = revision.map(|r| r.blank.as_slice()).unwrap_or_default();
    let mut judgement = judge_keeping_blank(&statistics, &shape, profile, protection, blank);
    if let Some(released) = repeats {
        judgement = judgement.as_released(&statistics, &shape, profile, protection, released);
    }
    let verdict = judgement.verdict(output.name.clone(), route(output));
    Ok((verdict, judgement.table.or(judgement.candidate), seen))
}

/// Whether a measure is of a fact about the subject, and a subject in several cells.
pub(super) fn is_fact_twice(output: &OutputPlan, statistics: &Statistics) -> bool {
    let facts = output.measures.iter().any(|measure| measure.of_subject);
    facts && !statistics.units_are_apart()
}

impl<'a> Gathering<'a> {
    /// Nothing gathered yet.
    pub fn begin(
        plan: &GatePlan,
        output: &'a OutputPlan,
        plaintext: &[u8],
    ) -> Result<Self, RoomError> {
        let shape = shape(output)?;
        let strides: Vec<u32> = shape
            .strides()
            .into_iter()
            .map(u32::try_from)
            .collect::<Result<_, _>>()
            .map_err(RoomError::protocol)?;
        let classes = output.dimensions.iter().map(classes);
        let dimensions = strides.iter().copied().zip(classes).collect();
        let decoys = output.view.and_then(|view| plan.decoys.get(view));
        let coding = Coding {
            output,
            coders: output.dimensions.iter().map(coder).collect(),
            strides,
            sources: sources(output, &shape)?,
            derived: output
                .derived
                .then(|| DerivedColumns::read(&plan.derived, plaintext))
                .transpose()?,
            rows: 0,
        };
        let adding = Adding {
            output,
            decoys: Decoys::new(decoys, dimensions)?,
            accumulator: Accumulator::arranged(&shape, protection(output), Arrangement::Rising)
                .map_err(|e| accumulated(&e))?,
            noise: NoiseKeys::new(output, &shape)?,
        };
        Ok(Self { coding, adding })
    }

    /// What codes batches, and what adds them up: each in a thread of its own.
    pub const fn halves(&mut self) -> (&mut Coding<'a>, &mut Adding<'a>) {
        (&mut self.coding, &mut self.adding)
    }

    /// Whether what was derived has a row for each of the snapshot.
    pub fn check_rows(&self) -> Result<(), RoomError> {
        let Coding { derived, rows, .. } = &self.coding;
        if derived
            .as_ref()
            .is_some_and(|derived| !derived.has_rows(*rows))
        {
            return Err(RoomError::protocol(
                "derived columns of another length than the snapshot",
            ));
        }
        Ok(())
    }

    /// Whether a decoy was seen.
    pub fn saw_decoy(&self) -> bool {
        self.adding.decoys.as_ref().is_some_and(Decoys::seen)
    }

    /// What was gathered, with the keys of the noise where there is some.
    pub fn finish(self) -> Result<(Statistics, Option<CellKeys>), RoomError> {
        let Adding {
            accumulator, noise, ..
        } = self.adding;
        let statistics = accumulator.finish().map_err(|e| accumulated(&e))?;
        Ok((statistics, noise.map(NoiseKeys::into_keys)))
    }
}

impl Coding<'_> {
    /// The cells and numbers of the next batch.
    pub fn code(&mut self, batch: &RecordBatch) -> Result<Coded, RoomError> {
        let rows = batch.num_rows();
        let mut cells = vec![0_u32; rows];
        let dimensions = self.output.dimensions.iter().zip(&mut self.coders);
        for ((dimension, coder), stride) in dimensions.zip(&self.strides) {
            match (dimension, coder, &self.derived) {
                (DimensionPlan::Banded { column: index, .. }, Some(coder), _) => {
                    coder.add_codes(column(batch, *index)?, *stride, &mut cells)?;
                }
                (DimensionPlan::Derived { column: index, .. }, _, Some(derived)) => {
                    derived.add_codes(*index, self.rows, *stride, &mut cells)?;
                }
                _ => return Err(RoomError::protocol("a dimension that nothing computes")),
            }
        }
        let mut numbers: Vec<Numbers> = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            let mut read = Numbers::default();
            match (source, &self.derived) {
                (From::Column(index), _) => read.read(column(batch, *index)?)?,
                (From::Derived(index), Some(derived)) => {
                    let (values, validity) = derived.numbers(*index, self.rows, rows)?;
                    read.set(values, validity);
                }
                (From::Derived(_), None) => {
                    return Err(RoomError::protocol("a measure that nothing derives"));
                }
            }
            numbers.push(read);
        }
        self.rows += rows;
        Ok(Coded { cells, numbers })
    }
}

impl Adding<'_> {
    /// Adds a batch up, as it was coded.
    pub fn add(&mut self, batch: &RecordBatch, coded: &Coded) -> Result<(), RoomError> {
        let Coded { cells, numbers } = coded;
        let inputs: Vec<Input<'_>> = numbers.iter().map(Numbers::input).collect();
        let named = |index: usize| column(batch, index);
        let people = self
            .output
            .subject
            .map(|index| named(index).and_then(subjects));
        let people = people.transpose()?.unwrap_or_default();
        let merged = self.output.group.map(|index| named(index).and_then(groups));
        let merged = merged.transpose()?.unwrap_or_default();
        if let Some(decoys) = &mut self.decoys {
            decoys.look(&people, cells);
        }
        if let Some(noise) = &mut self.noise {
            noise.take(&people, cells);
        }
        let block = Block {
            subjects: &people,
            groups: &merged,
            cells,
            inputs: &inputs,
        };
        self.accumulator.block(&block).map_err(|e| accumulated(&e))
    }
}

fn column(batch: &RecordBatch, index: usize) -> Result<&ArrayRef, RoomError> {
    let column = batch.columns().get(index);
    column.ok_or_else(|| RoomError::protocol("a column that is not there"))
}

/// Whose data an output is about.
pub const fn protection(output: &OutputPlan) -> Protection {
    if output.subject.is_some() {
        Protection::Subjects
    } else {
        Protection::None
    }
}

/// The route of an output that the gate computes.
pub const fn route(output: &OutputPlan) -> Route {
    if output.derived {
        Route::Reviewed
    } else {
        Route::Recomputed
    }
}

pub(super) fn coder(dimension: &DimensionPlan) -> Option<Coder> {
    match dimension {
        DimensionPlan::Banded { banding, .. } => Some(Coder::new(banding.clone())),
        DimensionPlan::Derived { .. } => None,
    }
}

/// Classes of a dimension, the rest included.
fn classes(dimension: &DimensionPlan) -> u32 {
    let labels = match dimension {
        DimensionPlan::Banded { banding, .. } => banding.labels().len(),
        DimensionPlan::Derived { labels, .. } => labels.len() + 1,
    };
    u32::try_from(labels).unwrap_or(u32::MAX)
}

/// The dimensions of an output's table.
pub(super) fn dimensions(output: &OutputPlan) -> Vec<Dimension> {
    let dimensions = output.dimensions.iter().map(|dimension| match dimension {
        DimensionPlan::Banded {
            name,
            title,
            sensitive,
            banding,
            ..
        } => Dimension {
            name: name.clone(),
            title: title.clone(),
            labels: banding.labels(),
            sensitive: *sensitive,
        },
        DimensionPlan::Derived {
            name,
            labels,
            sensitive,
            ..
        } => {
            let labels = labels.iter().cloned().chain([OTHER.to_owned()]).collect();
            Dimension {
                name: name.clone(),
                title: None,
                labels,
                sensitive: *sensitive,
            }
        }
    });
    dimensions.collect()
}

/// The shape of an output.
pub fn shape(output: &OutputPlan) -> Result<Shape, RoomError> {
    let measures = output.measures.iter().map(|measure| Measure {
        name: measure.name.clone(),
        title: measure.title.clone(),
        aggregate: measure.aggregate,
        weighted: measure.weight.is_some(),
    });
    let shape = Shape::new(dimensions(output), measures.collect(), output.totals);
    let shape = shape.map_err(|e| too_large(&e))?;
    let columns = columns(output, &shape);
    Ok(shape.reading(columns))
}

/// Which column each input is, so that the same one is known under two measures.
fn columns(output: &OutputPlan, shape: &Shape) -> Vec<usize> {
    let number = |(place, slot): (usize, &InputSlot)| match source(output, slot) {
        Some(From::Column(index)) => index * 2,
        Some(From::Derived(index)) => index * 2 + 1,
        None => usize::MAX - place,
    };
    shape.inputs().iter().enumerate().map(number).collect()
}

fn source(output: &OutputPlan, slot: &InputSlot) -> Option<From> {
    let measure = output.measures.get(slot.measure)?;
    match slot.role {
        InputRole::Value => match measure.values? {
            Source::Column(index) => Some(From::Column(index)),
            Source::Derived(index) => Some(From::Derived(index)),
        },
        InputRole::Denominator => measure.denominator.map(From::Column),
        InputRole::Weight => measure.weight.map(From::Column),
    }
}

fn sources(output: &OutputPlan, shape: &Shape) -> Result<Vec<From>, RoomError> {
    shape
        .inputs()
        .iter()
        .map(|slot| {
            source(output, slot).ok_or_else(|| RoomError::protocol("a measure without its column"))
        })
        .collect()
}
