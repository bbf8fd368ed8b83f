//! The shape of an output: dimensions with fixed labels, measures, margins; and the lattice of its cells.

use thiserror::Error;
use yunei_model::{
    Aggregate, Derived, DerivedValue, FieldClass, Name, OTHER, Output, Resource, Text,
};

mod lattice;

pub(crate) use lattice::Lattice;

/// The label of a margin.
pub const TOTAL: &str = "total";
/// Dimensions of one output at most.
pub const DIMENSIONS_MAX: usize = 6;
/// Measures of one output at most.
pub const MEASURES_MAX: usize = 32;
/// Cells of one output at most, margins included.
pub const CELLS_MAX: usize = 1_000_000;

/// A dimension: a field under a registered banding, or a derived category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// The column's name.
    pub name: Name,
    /// What people read.
    pub title: Option<Text>,
    /// Labels in their fixed order.
    pub labels: Vec<String>,
    /// Whether to be in one of its classes is sensitive, so that class disclosure is looked for along it.
    pub sensitive: bool,
}

/// A measure: what is aggregated in each cell. Which column it reads is the gate's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The column's name.
    pub name: Name,
    /// What people read.
    pub title: Option<Text>,
    /// Aggregate.
    pub aggregate: Aggregate,
    /// Whether rows are weighed.
    pub weighted: bool,
}

/// What an input column is to its measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputRole {
    /// The value summed or averaged; the numerator of a ratio.
    Value,
    /// The denominator of a ratio.
    Denominator,
    /// The weight.
    Weight,
}

/// One column of values that the accumulator is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputSlot {
    /// Index of the measure.
    pub measure: usize,
    /// Role.
    pub role: InputRole,
}

/// Dimensions, measures, margins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    dimensions: Vec<Dimension>,
    measures: Vec<Measure>,
    lattice: Lattice,
    /// Which column each input is, as numbers; inputs of the same number are one column. Empty: each is its own.
    columns: Vec<usize>,
}

impl Shape {
    /// A shape. No dimensions means one cell; with `totals`, each dimension has the label [`TOTAL`] after its own.
    ///
    /// # Errors
    /// [`ShapeError`] for names or labels that are not distinct, aggregates that cannot be, and sizes past a limit.
    pub fn new(
        dimensions: Vec<Dimension>,
        measures: Vec<Measure>,
        totals: bool,
    ) -> Result<Self, ShapeError> {
        if dimensions.len() > DIMENSIONS_MAX {
            return Err(ShapeError::Dimensions {
                count: dimensions.len(),
            });
        }
        if measures.is_empty() || measures.len() > MEASURES_MAX {
            return Err(ShapeError::Measures {
                count: measures.len(),
            });
        }
        let mut names: Vec<&Name> = dimensions.iter().map(|d| &d.name).collect();
        names.extend(measures.iter().map(|m| &m.name));
        if let Some(name) = twice(&names) {
            return Err(ShapeError::NameTwice {
                name: (*name).clone(),
            });
        }
        for dimension in &dimensions {
            let labels: Vec<&str> = dimension.labels.iter().map(String::as_str).collect();
            let clash = (totals && labels.contains(&TOTAL)).then_some(TOTAL);
            if let Some(label) = clash.or_else(|| twice(&labels).copied()) {
                return Err(ShapeError::LabelTwice {
                    dimension: dimension.name.clone(),
                    label: label.to_owned(),
                });
            }
        }
        if let Some(measure) = measures
            .iter()
            .find(|m| m.weighted && m.aggregate == Aggregate::DistinctSubjects)
        {
            return Err(ShapeError::WeightedSubjects {
                measure: measure.name.clone(),
            });
        }
        let sizes: Vec<usize> = dimensions.iter().map(|d| d.labels.len()).collect();
        let lattice = Lattice::new(&sizes, totals && !sizes.is_empty())?;
        Ok(Self {
            dimensions,
            measures,
            lattice,
            columns: Vec::new(),
        })
    }

    /// The same shape, and which column each of [`Self::inputs`] reads, as numbers: measures that read one column under different
    /// weights are held against each other, and so are measures of two columns that differ in few rows. Without it each input counts as a
    /// column of its own, and nothing is asked of how far two of them differ.
    #[must_use]
    pub fn reading(mut self, columns: Vec<usize>) -> Self {
        self.columns = columns;
        self
    }

    /// Whether it was told which columns its inputs read.
    pub(crate) const fn knows_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The column that an input reads.
    pub(crate) fn column(&self, input: usize) -> usize {
        let known = self.columns.get(input).copied();
        // Past those that are known: numbers that no other input has.
        known.unwrap_or_else(|| usize::MAX - input)
    }

    /// The shape of a manifest's output over a resource; `derived` are the manifest's derived columns.
    ///
    /// # Errors
    /// [`ShapeError`]: as [`Self::new`], and for fields, bandings or categories that do not exist.
    pub fn of_output(
        output: &Output,
        resource: &Resource,
        derived: &[Derived],
    ) -> Result<Self, ShapeError> {
        let dimensions = output
            .dimensions
            .iter()
            .map(|dimension| match dimension {
                yunei_model::Dimension::Banded { field, banding } => {
                    banded(resource, field, banding)
                }
                yunei_model::Dimension::Derived { derived: name } => {
                    category(derived, name, resource)
                }
            })
            .collect::<Result<_, _>>()?;
        let measures = output
            .measures
            .iter()
            .map(|m| Measure {
                name: m.name.clone(),
                title: m.title.clone(),
                aggregate: m.aggregate,
                weighted: m.weight.is_some(),
            })
            .collect();
        let shape = Self::new(dimensions, measures, output.totals)?;
        let columns = columns(output, &shape);
        Ok(shape.reading(columns))
    }

    /// The dimensions.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The measures.
    #[must_use]
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// Whether margins are part of the table.
    #[must_use]
    pub const fn totals(&self) -> bool {
        self.lattice.totals()
    }

    /// Number of inner cells: the product of the numbers of labels.
    #[must_use]
    pub const fn cells(&self) -> usize {
        self.lattice.inner()
    }

    /// Number of rows of the table: inner cells and margins.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.lattice.count()
    }

    /// The index of the inner cell with these label codes, one per dimension: mixed radix, the last dimension fastest.
    #[must_use]
    pub fn cell(&self, codes: &[usize]) -> Option<usize> {
        if codes.len() != self.dimensions.len() {
            return None;
        }
        self.dimensions
            .iter()
            .zip(codes)
            .try_fold(0_usize, |index, (dimension, code)| {
                (*code < dimension.labels.len()).then(|| index * dimension.labels.len() + code)
            })
    }

    /// What each code of a dimension adds to the cell's index, per dimension: `cell = Σ code·stride`.
    #[must_use]
    pub fn strides(&self) -> Vec<usize> {
        let mut stride = 1;
        let mut strides: Vec<usize> = self
            .dimensions
            .iter()
            .rev()
            .map(|dimension| {
                let own = stride;
                stride *= dimension.labels.len();
                own
            })
            .collect();
        strides.reverse();
        strides
    }

    /// The input columns that the accumulator expects, in order: for each measure its value, denominator, weight as it has them.
    #[must_use]
    pub fn inputs(&self) -> Vec<InputSlot> {
        let mut slots = Vec::new();
        for (measure, described) in self.measures.iter().enumerate() {
            let mut push = |role| slots.push(InputSlot { measure, role });
            match described.aggregate {
                Aggregate::Count | Aggregate::DistinctSubjects => {}
                Aggregate::Sum | Aggregate::Mean => push(InputRole::Value),
                Aggregate::Ratio => {
                    push(InputRole::Value);
                    push(InputRole::Denominator);
                }
            }
            if described.weighted {
                push(InputRole::Weight);
            }
        }
        slots
    }

    /// The labels of a row of the table, [`TOTAL`] in margins.
    #[must_use]
    pub fn labels(&self, row: usize) -> Vec<String> {
        self.dimensions
            .iter()
            .enumerate()
            .map(|(axis, dimension)| {
                dimension
                    .labels
                    .get(self.lattice.coordinate(row, axis))
                    .map_or_else(|| TOTAL.to_owned(), Clone::clone)
            })
            .collect()
    }

    /// The same shape, its measures under other titles.
    pub(crate) fn retitled(&self, title: impl Fn(&Measure) -> Text) -> Self {
        let mut shape = self.clone();
        for measure in &mut shape.measures {
            measure.title = Some(title(measure));
        }
        shape
    }

    /// The dimensions along which class disclosure is looked for.
    pub(crate) fn sensitive_axes(&self) -> impl Iterator<Item = usize> {
        let dimensions = self.dimensions.iter().enumerate();
        dimensions
            .filter(|(_, dimension)| dimension.sensitive && dimension.labels.len() > 1)
            .map(|(axis, _)| axis)
    }

    pub(crate) const fn lattice(&self) -> &Lattice {
        &self.lattice
    }
}

fn twice<T: Ord>(items: &[T]) -> Option<&T> {
    let mut sorted: Vec<&T> = items.iter().collect();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find_map(|pair| matches!(pair, [a, b] if a == b).then(|| pair.first().copied()))
        .flatten()
}

/// Which column each input is: a derived one or a field, by name.
fn columns(output: &Output, shape: &Shape) -> Vec<usize> {
    let mut known: Vec<(bool, &Name)> = Vec::new();
    let mut number = |(place, slot): (usize, &InputSlot)| {
        let read = output.measures.get(slot.measure).and_then(|measure| {
            let field = match slot.role {
                InputRole::Value => measure.field.as_ref(),
                InputRole::Denominator => measure.denominator.as_ref(),
                InputRole::Weight => measure.weight.as_ref(),
            };
            let derived = || measure.derived.as_ref().map(|name| (true, name));
            field.map(|name| (false, name)).or_else(derived)
        });
        let Some(read) = read else {
            return usize::MAX - place;
        };
        let held = known.iter().position(|known| *known == read);
        held.unwrap_or_else(|| {
            known.push(read);
            known.len() - 1
        })
    };
    shape.inputs().iter().enumerate().map(&mut number).collect()
}

fn banded(resource: &Resource, field: &Name, banding: &Name) -> Result<Dimension, ShapeError> {
    let unknown = || ShapeError::Unknown {
        name: field.clone(),
    };
    let described = resource.field(field).ok_or_else(unknown)?;
    let labels = described.banding(banding).ok_or_else(unknown)?.labels();
    Ok(Dimension {
        name: field.clone(),
        title: Some(described.title.clone()),
        labels,
        sensitive: described.class == FieldClass::Sensitive,
    })
}

/// A derived category is as sensitive as what a module may have derived it from.
fn category(
    derived: &[Derived],
    name: &Name,
    resource: &Resource,
) -> Result<Dimension, ShapeError> {
    let found = derived.iter().find(|d| &d.name == name);
    let Some(DerivedValue::Category { labels }) = found.map(|d| &d.value) else {
        return Err(ShapeError::Unknown { name: name.clone() });
    };
    let mut labels = labels.clone();
    labels.push(OTHER.to_owned());
    Ok(Dimension {
        name: name.clone(),
        title: None,
        labels,
        sensitive: resource
            .schema
            .fields
            .iter()
            .any(|field| field.class == FieldClass::Sensitive),
    })
}

/// Why an output has no shape.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// More than [`DIMENSIONS_MAX`].
    #[error("an output has at most {DIMENSIONS_MAX} dimensions, this one has {count}")]
    Dimensions {
        /// Number of dimensions.
        count: usize,
    },
    /// None, or more than [`MEASURES_MAX`].
    #[error("an output has 1 to {MEASURES_MAX} measures, this one has {count}")]
    Measures {
        /// Number of measures.
        count: usize,
    },
    /// A dimension without labels.
    #[error("a dimension has no labels")]
    NoLabels,
    /// The same column twice.
    #[error("column `{name}` stands twice")]
    NameTwice {
        /// The column.
        name: Name,
    },
    /// The same label twice, or a label that margins have.
    #[error("label `{label}` of dimension `{dimension}` stands twice, or is that of a margin")]
    LabelTwice {
        /// The dimension.
        dimension: Name,
        /// The label.
        label: String,
    },
    /// Distinct subjects cannot be weighed.
    #[error("measure `{measure}` counts subjects and cannot be weighed")]
    WeightedSubjects {
        /// The measure.
        measure: Name,
    },
    /// More than [`CELLS_MAX`].
    #[error("an output has at most {CELLS_MAX} cells, margins included; this one has more")]
    TooManyCells,
    /// A field, banding or derived category that does not exist.
    #[error("`{name}` has no such banding, or is no derived category")]
    Unknown {
        /// The field or derived column.
        name: Name,
    },
}

#[cfg(test)]
mod tests;
