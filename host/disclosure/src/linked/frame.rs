//! The joint frame of several tables: its axes, what is summed over it, and the atoms that have rows.

use std::collections::HashMap;

use thiserror::Error;
use yunei_model::{Aggregate, Digest, Name};

use crate::shape::{Dimension, MEASURES_MAX, Measure, Shape, ShapeError};

/// Axes of a joint frame at most.
pub const AXES_MAX: usize = 24;
/// Atoms of a joint frame at most: finest cells over all axes that are not empty.
pub const ATOMS_MAX: usize = 200_000;
/// Tables that are judged together at most.
pub const TABLES_MAX: usize = 64;

/// One axis of a joint frame. Two dimensions of two tables are the same axis exactly when these are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Axis {
    /// The field, or derived category, that the labels are of. Axes of one field are coarsenings of the same values, nested or crossing.
    pub field: Name,
    /// Digest of the banding's definition: labels that mean the same have the same digest.
    pub banding: Digest,
    /// Number of labels.
    pub labels: usize,
}

/// What a measure reads. Two measures of two tables tell of each other exactly when they sum the same columns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reading {
    /// Aggregate.
    pub aggregate: Aggregate,
    /// Column of values: the field, or the derived number. Neither may have the other's name.
    pub value: Option<Name>,
    /// Column of denominators.
    pub denominator: Option<Name>,
    /// Column of weights.
    pub weight: Option<Name>,
}

impl Reading {
    /// The columns that it reads, in the order of [`Shape::inputs`].
    pub(super) fn columns(&self) -> impl Iterator<Item = &Name> {
        [&self.value, &self.denominator, &self.weight]
            .into_iter()
            .flatten()
    }

    /// The reading whose sums this one is made of; `None` where it needs rows and subjects alone.
    pub(super) fn summed(&self) -> Option<Self> {
        let aggregate = match self.aggregate {
            Aggregate::DistinctSubjects => return None,
            Aggregate::Count if self.weight.is_none() => return None,
            // A mean is a sum over a number of rows or weights that are summed too.
            Aggregate::Sum | Aggregate::Mean => Aggregate::Mean,
            other => other,
        };
        Some(Self {
            aggregate,
            ..self.clone()
        })
    }
}

/// The joint frame of several tables over one row set.
#[derive(Debug, Clone)]
pub struct Frame {
    axes: Vec<Axis>,
    strides: Vec<u64>,
    readings: Vec<Reading>,
    shape: Shape,
}

impl Frame {
    /// The frame of tables with these axes and readings, each taken once.
    ///
    /// # Errors
    /// [`LinkedError`] when there are too many axes, measures, or combinations to number.
    pub fn new(
        axes: impl IntoIterator<Item = Axis>,
        readings: impl IntoIterator<Item = Reading>,
    ) -> Result<Self, LinkedError> {
        let axes = distinct(axes);
        let readings = distinct(readings.into_iter().filter_map(|r| r.summed()));
        if axes.len() > AXES_MAX {
            return Err(LinkedError::Axes { axes: axes.len() });
        }
        if readings.len() > MEASURES_MAX {
            return Err(LinkedError::Measures {
                measures: readings.len(),
            });
        }
        let mut combinations = 1_u64;
        let mut strides = Vec::with_capacity(axes.len());
        for axis in axes.iter().rev() {
            strides.push(combinations);
            let labels = u64::try_from(axis.labels.max(1)).unwrap_or(u64::MAX);
            combinations = combinations
                .checked_mul(labels)
                .ok_or(LinkedError::Combinations)?;
        }
        strides.reverse();
        let capacity = usize::try_from(combinations).map_or(ATOMS_MAX, |c| c.min(ATOMS_MAX));
        Ok(Self {
            shape: shape_of(&readings, capacity)?,
            axes,
            strides,
            readings,
        })
    }

    /// The axes, each once.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// What each code of an axis adds to an atom's key, per axis: `key = Σ code·stride`.
    #[must_use]
    pub fn strides(&self) -> &[u64] {
        &self.strides
    }

    /// What the atoms' measures read, in the order of the measures of [`Self::shape`]. Empty when all tables count.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// The shape to accumulate the atoms in, with [`crate::Accumulator`]: one dimension, whose codes are what [`Atoms::number`] tells.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(super) fn axis(&self, axis: &Axis) -> Option<usize> {
        self.axes.iter().position(|a| a == axis)
    }

    /// The measure of the atoms that has what a table's measure sums.
    pub(super) fn measure(&self, reading: &Reading) -> Option<usize> {
        let summed = reading.summed()?;
        self.readings.iter().position(|r| *r == summed)
    }

    /// The measures of the atoms that sum a column as it is: neither weighed, nor over a part of its rows. The column is that of an
    /// input of [`Self::shape`].
    pub(super) fn plain_sums(&self, input: usize) -> Vec<usize> {
        let Some(column) = self.readings.iter().flat_map(Reading::columns).nth(input) else {
            return Vec::new();
        };
        let is_plain = |reading: &Reading| {
            let (value, weight) = (reading.value.as_ref(), reading.weight.as_ref());
            reading.denominator.is_none()
                && match (value, weight) {
                    (Some(only), None) | (None, Some(only)) => only == column,
                    _ => false,
                }
        };
        let readings = self.readings.iter().enumerate();
        let plain = readings.filter(|(_, reading)| is_plain(reading));
        plain.map(|(measure, _)| measure).collect()
    }

    /// The code of an atom on an axis.
    pub(super) fn code(&self, key: u64, axis: usize) -> usize {
        let stride = self.strides.get(axis).copied().unwrap_or(1);
        let labels = self.axes.get(axis).map_or(1, |a| a.labels.max(1));
        usize::try_from(key / stride).map_or(0, |quotient| quotient % labels)
    }
}

fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

fn shape_of(readings: &[Reading], capacity: usize) -> Result<Shape, LinkedError> {
    let name = |text: &str| {
        Name::parse(text).map_err(|_| LinkedError::Measures {
            measures: readings.len(),
        })
    };
    let mut measures = Vec::with_capacity(readings.len().max(1));
    for (index, reading) in readings.iter().enumerate() {
        measures.push(Measure {
            name: name(&format!("m{index}"))?,
            title: None,
            aggregate: reading.aggregate,
            weighted: reading.weight.is_some(),
        });
    }
    if measures.is_empty() {
        measures.push(Measure {
            name: name("rows")?,
            title: None,
            aggregate: Aggregate::Count,
            weighted: false,
        });
    }
    let atom = Dimension {
        name: name("atom")?,
        title: None,
        labels: (0..capacity).map(|label| label.to_string()).collect(),
        sensitive: false,
    };
    Ok(Shape::new(vec![atom], measures, false)?.reading(columns(readings)))
}

/// Which column each input of the shape is: one of the same name is the same.
fn columns(readings: &[Reading]) -> Vec<usize> {
    let mut known: Vec<&Name> = Vec::new();
    let mut columns = Vec::new();
    for name in readings.iter().flat_map(Reading::columns) {
        let place = known.iter().position(|known| *known == name);
        columns.push(place.unwrap_or_else(|| {
            known.push(name);
            known.len() - 1
        }));
    }
    columns
}

/// The atoms that have rows, numbered as they come.
#[derive(Debug, Clone)]
pub struct Atoms {
    capacity: usize,
    numbers: HashMap<u64, u32>,
    keys: Vec<u64>,
}

impl Atoms {
    /// No atoms yet.
    #[must_use]
    pub fn new(frame: &Frame) -> Self {
        Self {
            capacity: frame.shape.cells(),
            numbers: HashMap::new(),
            keys: Vec::new(),
        }
    }

    /// The number of the atom with this key (`Σ code·stride` over [`Frame::strides`]).
    ///
    /// # Errors
    /// [`LinkedError::Atoms`] past [`ATOMS_MAX`]: people decide.
    #[inline]
    pub fn number(&mut self, key: u64) -> Result<u32, LinkedError> {
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        if self.keys.len() >= self.capacity {
            return Err(LinkedError::Atoms);
        }
        // INVARIANT: ATOMS_MAX fits 32 bits.
        let number = u32::try_from(self.keys.len()).map_err(|_| LinkedError::Atoms)?;
        self.numbers.insert(key, number);
        self.keys.push(key);
        Ok(number)
    }

    /// Number of atoms.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Keys by number.
    pub(super) fn keys(&self) -> &[u64] {
        &self.keys
    }
}

/// Why tables cannot be judged together. Each means that people decide.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkedError {
    /// More than [`AXES_MAX`].
    #[error("linked tables have at most {AXES_MAX} axes together, these have {axes}")]
    Axes {
        /// Number of axes.
        axes: usize,
    },
    /// More than [`MEASURES_MAX`].
    #[error("linked tables have at most {MEASURES_MAX} measures together, these have {measures}")]
    Measures {
        /// Number of measures.
        measures: usize,
    },
    /// More combinations of labels than can be numbered.
    #[error("linked tables have more combinations of labels than can be numbered")]
    Combinations,
    /// More atoms than [`ATOMS_MAX`].
    #[error("linked tables have at most {ATOMS_MAX} finest cells together, these have more")]
    Atoms,
    /// More figures over the finest cells than can be held.
    #[error("linked tables have more figures over their finest cells than can be held")]
    Figures,
    /// A joint shape that cannot be.
    #[error("linked tables have no joint shape")]
    Shape(
        /// What is wrong with it.
        #[from]
        ShapeError,
    ),
}
