//! The tables of a joint plan: which axes they have in common, and where their values come from.

use arrow::array::{ArrayRef, RecordBatch};
use yunei_disclosure::linked::{Axis, Reading, Standing};
use yunei_disclosure::{InputRole, Protection, Shape};
use yunei_model::{Digest, Name, OnFailure, Table, Value};

use super::super::coding::{Coder, Numbers};
use super::super::compute;
use super::super::derived::DerivedColumns;
use super::super::parts::Parts;
use super::super::unseal;
use crate::seal::Sealer;
use crate::{
    DimensionPlan, GatePlan, JointPlan, MeasurePlan, OutputPlan, RoomError, SealedPlan, Source,
};

/// Hexadecimal digits of a derived column's name: as many as make it nobody else's.
const FINGERPRINT_DIGITS: usize = 40;

/// Where one axis or one column of values comes from.
enum Origin {
    /// A column of the view.
    Column(usize),
    /// A derived column: which derivation, and which of its columns.
    Derived(usize, usize),
}

/// A table.
pub struct Party {
    pub shape: Shape,
    pub axes: Vec<Axis>,
    pub readings: Vec<Reading>,
    /// Position among [`Tables`]' axes, per dimension.
    pub sources: Vec<usize>,
    pub strides: Vec<u32>,
    /// Position among [`Tables`]' values, per input.
    pub inputs: Vec<usize>,
    /// Which rows an earlier release shows; `None` for a candidate.
    shown: Option<Vec<bool>>,
    /// What a candidate asks for where a cell fails.
    on_failure: OnFailure,
}

impl Party {
    pub fn standing(&self) -> Standing<'_> {
        match (&self.shown, self.on_failure) {
            (None, OnFailure::Suppress) => Standing::Candidate,
            (None, asked) => Standing::Asking(asked),
            (Some(shown), _) => Standing::Released { shown },
        }
    }
}

/// An axis as rows are coded on it.
struct CodedAxis {
    axis: Axis,
    origin: Origin,
    coder: Option<Coder>,
}

/// All tables of a joint plan.
pub struct Tables {
    pub parties: Vec<Party>,
    pub protection: Protection,
    pub subject: Option<usize>,
    pub group: Option<usize>,
    axes: Vec<CodedAxis>,
    values: Vec<(Name, Origin)>,
    derived: Vec<DerivedColumns>,
}

impl Tables {
    /// Reads what the plan says: candidates first, in its order.
    pub fn read(
        plan: &GatePlan,
        joint: &JointPlan,
        parts: &mut Parts<'_>,
        plaintext: &[u8],
    ) -> Result<Self, RoomError> {
        let first = joint.candidates.first().map(|(_, output)| output);
        let subject = first.and_then(|output| output.subject);
        let mut tables = Self {
            parties: Vec::new(),
            protection: if subject.is_some() {
                Protection::Subjects
            } else {
                Protection::None
            },
            subject,
            group: first.and_then(|output| output.group),
            axes: Vec::new(),
            values: Vec::new(),
            derived: Vec::new(),
        };
        let view = plan.views.get(joint.view);
        let view = view.ok_or_else(|| RoomError::protocol("a view that is not there"))?;
        let columns: Vec<&Name> = view.columns.iter().map(|column| &column.name).collect();
        if joint.candidates.iter().any(|(_, output)| output.derived) {
            let own = DerivedColumns::read(&plan.derived, plaintext)?;
            tables.derived.push(own);
        }
        for (_, output) in &joint.candidates {
            tables.add(output, 0, &columns, None)?;
        }
        for released in &joint.released {
            if let Some(sealed) = &released.sealed {
                let derived = open(plan, sealed, parts)?;
                tables.derived.push(derived);
            }
            let derivation = tables.derived.len().saturating_sub(1);
            tables.add(
                &released.output,
                derivation,
                &columns,
                Some(&released.table),
            )?;
        }
        Ok(tables)
    }

    fn add(
        &mut self,
        output: &OutputPlan,
        derivation: usize,
        columns: &[&Name],
        released: Option<&Table>,
    ) -> Result<(), RoomError> {
        let shape = compute::shape(output)?;
        let mut axes = Vec::new();
        let mut sources = Vec::new();
        for dimension in &output.dimensions {
            let coded = self.axis(dimension, derivation, columns)?;
            axes.push(coded.axis.clone());
            sources.push(self.place(coded));
        }
        let mut readings = Vec::new();
        for measure in &output.measures {
            readings.push(self.reading(measure, derivation, columns)?);
        }
        let mut inputs = Vec::new();
        for slot in shape.inputs() {
            let reading = readings.get(slot.measure);
            let column = reading.and_then(|reading| match slot.role {
                InputRole::Value => reading.value.as_ref(),
                InputRole::Denominator => reading.denominator.as_ref(),
                InputRole::Weight => reading.weight.as_ref(),
            });
            let position = column.and_then(|column| self.value(column));
            inputs
                .push(position.ok_or_else(|| RoomError::protocol("a measure without its column"))?);
        }
        let strides: Result<Vec<u32>, _> = shape.strides().into_iter().map(u32::try_from).collect();
        self.parties.push(Party {
            strides: strides.map_err(RoomError::protocol)?,
            shown: released.map(|table| shown(table, &shape)),
            on_failure: output.on_failure,
            shape,
            axes,
            readings,
            sources,
            inputs,
        });
        Ok(())
    }

    fn axis(
        &self,
        dimension: &DimensionPlan,
        derivation: usize,
        columns: &[&Name],
    ) -> Result<CodedAxis, RoomError> {
        match dimension {
            DimensionPlan::Banded {
                column, banding, ..
            } => {
                let kind = serde_json::to_vec(&banding.kind).map_err(RoomError::protocol)?;
                Ok(CodedAxis {
                    axis: Axis {
                        field: named(columns, *column)?,
                        banding: Digest::of(&kind),
                        labels: banding.labels().len(),
                    },
                    origin: Origin::Column(*column),
                    coder: Some(Coder::new(banding.clone())),
                })
            }
            DimensionPlan::Derived { column, labels, .. } => {
                let field = self.derived_name(derivation, *column)?;
                Ok(CodedAxis {
                    axis: Axis {
                        banding: Digest::of(field.as_str().as_bytes()),
                        field,
                        labels: labels.len() + 1,
                    },
                    origin: Origin::Derived(derivation, *column),
                    coder: None,
                })
            }
        }
    }

    /// The place of an axis among those of all tables.
    fn place(&mut self, coded: CodedAxis) -> usize {
        match self.source(&coded.axis) {
            Some(place) => place,
            None => {
                self.axes.push(coded);
                self.axes.len() - 1
            }
        }
    }

    /// Where an axis stands among those of all tables.
    pub fn source(&self, axis: &Axis) -> Option<usize> {
        self.axes.iter().position(|coded| coded.axis == *axis)
    }

    /// Where a column of values stands among those of all tables.
    pub fn value(&self, name: &Name) -> Option<usize> {
        self.values.iter().position(|(known, _)| known == name)
    }

    fn reading(
        &mut self,
        measure: &MeasurePlan,
        derivation: usize,
        columns: &[&Name],
    ) -> Result<Reading, RoomError> {
        let value = match measure.values {
            Some(Source::Column(column)) => Some((named(columns, column)?, Origin::Column(column))),
            Some(Source::Derived(column)) => {
                let name = self.derived_name(derivation, column)?;
                Some((name, Origin::Derived(derivation, column)))
            }
            None => None,
        };
        let of_column = |column: Option<usize>| -> Result<Option<(Name, Origin)>, RoomError> {
            column
                .map(|column| Ok((named(columns, column)?, Origin::Column(column))))
                .transpose()
        };
        let (denominator, weight) = (of_column(measure.denominator)?, of_column(measure.weight)?);
        let mut take = |column: Option<(Name, Origin)>| {
            let (name, origin) = column?;
            if self.value(&name).is_none() {
                self.values.push((name.clone(), origin));
            }
            Some(name)
        };
        Ok(Reading {
            aggregate: measure.aggregate,
            value: take(value),
            denominator: take(denominator),
            weight: take(weight),
        })
    }

    /// A derived column is named by its values: the same ones from two runs are one column.
    fn derived_name(&self, derivation: usize, column: usize) -> Result<Name, RoomError> {
        let derived = self.derived.get(derivation);
        let derived =
            derived.ok_or_else(|| RoomError::protocol("a derivation that is not there"))?;
        let fingerprint = derived.fingerprint(column)?;
        let digits = fingerprint.get(..FINGERPRINT_DIGITS).unwrap_or_default();
        Name::parse(&format!("derived-{digits}")).map_err(RoomError::protocol)
    }

    /// The code of each row on each axis.
    pub fn codes(&mut self, batch: &RecordBatch, start: usize) -> Result<Vec<Vec<u32>>, RoomError> {
        let mut all = Vec::with_capacity(self.axes.len());
        for coded in &mut self.axes {
            let mut codes = vec![0_u32; batch.num_rows()];
            match (&coded.origin, &mut coded.coder) {
                (Origin::Column(index), Some(coder)) => {
                    coder.add_codes(column(batch, *index)?, 1, &mut codes)?;
                }
                (Origin::Derived(derivation, index), _) => {
                    let derived = self.derived.get(*derivation);
                    let derived = derived
                        .ok_or_else(|| RoomError::protocol("a derivation that is not there"))?;
                    derived.add_codes(*index, start, 1, &mut codes)?;
                }
                (Origin::Column(_), None) => {
                    return Err(RoomError::protocol("a dimension that nothing computes"));
                }
            }
            all.push(codes);
        }
        Ok(all)
    }

    /// The values of each row in each column.
    pub fn numbers(
        &self,
        batch: &RecordBatch,
        start: usize,
        into: &mut Vec<Numbers>,
    ) -> Result<(), RoomError> {
        for (_, origin) in &self.values {
            let mut read = Numbers::default();
            match origin {
                Origin::Column(index) => read.read(column(batch, *index)?)?,
                Origin::Derived(derivation, index) => {
                    let derived = self.derived.get(*derivation);
                    let derived = derived
                        .ok_or_else(|| RoomError::protocol("a derivation that is not there"))?;
                    let (values, validity) = derived.numbers(*index, start, batch.num_rows())?;
                    read.set(values, validity);
                }
            }
            into.push(read);
        }
        Ok(())
    }

    /// Every derivation must have exactly so many rows.
    pub fn check_rows(&self, rows: usize) -> Result<(), RoomError> {
        if self.derived.iter().all(|derived| derived.has_rows(rows)) {
            Ok(())
        } else {
            Err(RoomError::protocol(
                "derived columns of another length than the snapshot",
            ))
        }
    }
}

/// The derived columns of an earlier run.
fn open(
    plan: &GatePlan,
    sealed: &SealedPlan,
    parts: &mut Parts<'_>,
) -> Result<DerivedColumns, RoomError> {
    let mut file = parts.next_sealed()?;
    let sealer = Sealer::new(&sealed.key, &sealed.digest_key);
    let plaintext = unseal(plan, &sealer, &mut file, &sealed.digest, sealed.bytes)?;
    DerivedColumns::read(&sealed.derived, &plaintext)
}

fn named(columns: &[&Name], column: usize) -> Result<Name, RoomError> {
    let name = columns.get(column).map(|name| (*name).clone());
    name.ok_or_else(|| RoomError::protocol("a column that is not there"))
}

fn column(batch: &RecordBatch, index: usize) -> Result<&ArrayRef, RoomError> {
    batch
        .columns()
        .get(index)
        .ok_or_else(|| RoomError::protocol("a column that is not there"))
}

/// Which rows of a released table show a figure in any measure. A table of another shape counts as one that shows everything.
fn shown(table: &Table, shape: &Shape) -> Vec<bool> {
    if table.rows() != shape.rows() {
        return vec![true; shape.rows()];
    }
    let measures = || table.columns().iter().skip(shape.dimensions().len());
    (0..shape.rows())
        .map(|row| {
            measures().any(|column| {
                column
                    .values
                    .get(row)
                    .is_some_and(|value| !matches!(value, Value::Absent))
            })
        })
        .collect()
}
