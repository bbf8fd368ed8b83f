//! Measures over microdata: which columns feed the gate's accumulator, and what an attacker could add up.

use std::collections::HashMap;
use std::sync::Arc;

use yunei_model::{Aggregate, Name};

use super::ReviewError;
use super::between::Cells;
use super::columns::Columns;
use super::spec::{Condition, MeasureSpec, Statistic, wrong};
use crate::rules::Contributions;
use crate::shape::Measure;

/// Values of a column, one per row.
pub(super) type Numbers = Arc<Vec<Option<f64>>>;

/// A figure that the accumulator does not have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extra {
    Minimum,
    Maximum,
    /// A percentile, from 0 to 100.
    Percentile(f64),
    Deviation,
    /// The share of rows whose value is 1 rather than 0: a mean, of which rules are held against both sides.
    Proportion,
}

/// Something that adds up over cells, and that a published measure tells of a cell.
#[derive(Debug, Clone)]
pub(super) struct Quantity {
    /// The same in every table that tells the same.
    pub(super) key: String,
    pub(super) source: Source,
    /// Whether it is the denominator of its measure.
    pub(super) under: bool,
    /// What lies between two figures of a table; none of a quantity that a measure tells by itself.
    pub(super) own: Option<Own>,
}

/// What lies between two figures of one table.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) cells: Arc<Cells>,
    /// The measure that shows the other figure; none where that is a number that many share.
    pub(super) beside: Option<usize>,
}

impl Own {
    /// Of the units of a cell for whom the figures differ, by how much.
    pub(super) fn contributions(&self, cell: usize) -> Contributions {
        let contributions = self.cells.contributions.get(cell);
        contributions.copied().unwrap_or_default()
    }

    /// Whether that must stay unknown of a cell.
    pub(super) fn needs(&self, cell: usize) -> bool {
        self.cells.needs.get(cell).copied().unwrap_or(true)
    }
}

impl Quantity {
    const fn new(key: String, source: Source) -> Self {
        Self {
            key,
            source,
            under: false,
            own: None,
        }
    }
}

/// What a row adds to a quantity.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// One.
    Rows,
    /// One for the first row of a unit.
    Units,
    /// A whole number: whether it has a value.
    Present(Numbers),
    /// One for the first row of a unit that has a value.
    UnitsOf(Numbers),
    /// A value, weighed.
    Sum(Numbers),
}

impl Source {
    /// Whether an attacker knows that it is whole.
    pub(super) const fn is_whole(&self) -> bool {
        !matches!(self, Self::Sum(_))
    }
}

/// A measure of a table, ready to be fed.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    /// As the gate's own shape has it.
    pub(super) shape: Measure,
    /// Columns in the order of the shape's inputs.
    pub(super) inputs: Vec<Numbers>,
    /// What is computed beside, over which values.
    pub(super) extra: Option<(Extra, Numbers)>,
    /// What it tells of a cell.
    pub(super) tells: Vec<Quantity>,
}

impl Measured {
    /// Whether it tells a quantity.
    pub(super) fn tells_of(&self, key: &str) -> bool {
        self.tells.iter().any(|told| told.key == key)
    }

    /// Whether its figure is computed beside the accumulator.
    pub(super) fn is_ordinal(&self) -> bool {
        let extra = self.extra.as_ref();
        extra.is_some_and(|(extra, _)| *extra != Extra::Proportion)
    }
}

/// Which column each input of these measures is: numbers that were read once are one column.
pub(super) fn columns(measures: &[Measured]) -> Vec<usize> {
    let mut known: Vec<&Numbers> = Vec::new();
    let mut columns = Vec::new();
    for input in measures.iter().flat_map(|measure| &measure.inputs) {
        let place = known.iter().position(|known| Arc::ptr_eq(known, input));
        columns.push(place.unwrap_or_else(|| {
            known.push(input);
            known.len() - 1
        }));
    }
    columns
}

/// Columns of numbers that were read already.
pub(super) struct Reader<'a> {
    columns: &'a Columns,
    read: HashMap<String, Numbers>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(columns: &'a Columns) -> Self {
        Self {
            columns,
            read: HashMap::new(),
        }
    }

    fn numbers(&mut self, name: &str) -> Result<Numbers, ReviewError> {
        if let Some(read) = self.read.get(name) {
            return Ok(Arc::clone(read));
        }
        let numbers = Arc::new(self.columns.numbers(name)?);
        self.read.insert(name.to_owned(), Arc::clone(&numbers));
        Ok(numbers)
    }

    /// One where the column has a value.
    fn present(&self, name: &str) -> Result<Numbers, ReviewError> {
        let column = self.columns.column(name)?;
        let rows = 0..self.columns.rows();
        Ok(Arc::new(
            rows.map(|row| column.text(row).map(|_| 1.0)).collect(),
        ))
    }

    /// One where the conditions hold, zero where they do not, nothing where a column of theirs has no value.
    fn indicator(&self, of: &[Condition]) -> Result<Numbers, ReviewError> {
        let mut indicator: Vec<Option<f64>> = self
            .columns
            .rows_of(of)?
            .into_iter()
            .map(|holds| Some(f64::from(u8::from(holds))))
            .collect();
        for condition in of.iter().filter(|c| c.present.is_none()) {
            let column = self.columns.column(&condition.column)?;
            for (row, value) in indicator.iter_mut().enumerate() {
                if column.text(row).is_none() {
                    *value = None;
                }
            }
        }
        Ok(Arc::new(indicator))
    }

    /// The measure of a spec; `index` is its place in the table.
    pub(super) fn measure(
        &mut self,
        spec: &MeasureSpec,
        index: usize,
    ) -> Result<Measured, ReviewError> {
        let weight = spec
            .weight
            .as_deref()
            .map(|w| self.numbers(w))
            .transpose()?;
        let named = |aggregate, weighted| -> Result<Measure, ReviewError> {
            Ok(Measure {
                name: Name::parse(&format!("m{index}"))
                    .map_err(|error| wrong(error.to_string()))?,
                title: None,
                aggregate,
                weighted,
            })
        };
        match spec.aggregate {
            Statistic::Count => self.count(spec, weight, named),
            Statistic::DistinctSubjects => Ok(Measured {
                shape: named(Aggregate::DistinctSubjects, false)?,
                inputs: Vec::new(),
                extra: None,
                tells: vec![Quantity::new("subjects".to_owned(), Source::Units)],
            }),
            Statistic::Sum | Statistic::Mean => {
                let values = self.numbers(column(spec)?)?;
                let aggregate = if spec.aggregate == Statistic::Sum {
                    Aggregate::Sum
                } else {
                    Aggregate::Mean
                };
                Ok(Measured {
                    shape: named(aggregate, weight.is_some())?,
                    tells: vec![sum(spec, column(spec)?, &values, weight.as_ref())],
                    inputs: std::iter::once(values).chain(weight).collect(),
                    extra: None,
                })
            }
            Statistic::Ratio => self.ratio(spec, weight, named),
            Statistic::Proportion => {
                let indicator = self.indicator(&spec.of)?;
                // The mean of its indicator, so that whatever holds for means holds for it.
                Ok(Measured {
                    shape: named(Aggregate::Mean, false)?,
                    inputs: vec![Arc::clone(&indicator)],
                    tells: vec![Quantity::new(
                        format!("proportion:{:?}", spec.of),
                        Source::Present(Arc::clone(&indicator)),
                    )],
                    extra: Some((Extra::Proportion, indicator)),
                })
            }
            _ => self.ordinal(spec, named),
        }
    }

    fn count(
        &mut self,
        spec: &MeasureSpec,
        weight: Option<Numbers>,
        named: impl Fn(Aggregate, bool) -> Result<Measure, ReviewError>,
    ) -> Result<Measured, ReviewError> {
        let Some(column) = &spec.column else {
            let tells = match (&weight, &spec.weight) {
                (Some(weights), Some(name)) => {
                    Quantity::new(format!("sum:1:{name}"), Source::Sum(Arc::clone(weights)))
                }
                _ => Quantity::new("rows".to_owned(), Source::Rows),
            };
            return Ok(Measured {
                shape: named(Aggregate::Count, weight.is_some())?,
                inputs: weight.into_iter().collect(),
                extra: None,
                tells: vec![tells],
            });
        };
        let present = self.present(column)?;
        let (key, source, weights) = match (weight, &spec.weight) {
            (Some(weights), Some(name)) => {
                let weights = product(&present, Some(&weights));
                let key = format!("sum:present({column}):{name}");
                (key, Source::Sum(Arc::clone(&weights)), weights)
            }
            _ => {
                let key = format!("present:{column}");
                (key, Source::Present(Arc::clone(&present)), present)
            }
        };
        Ok(Measured {
            shape: named(Aggregate::Count, true)?,
            inputs: vec![weights],
            extra: None,
            tells: vec![Quantity::new(key, source)],
        })
    }

    fn ratio(
        &mut self,
        spec: &MeasureSpec,
        weight: Option<Numbers>,
        named: impl Fn(Aggregate, bool) -> Result<Measure, ReviewError>,
    ) -> Result<Measured, ReviewError> {
        let (over, under) = (column(spec)?, spec.denominator.as_deref().unwrap_or(""));
        let (numerators, denominators) = (self.numbers(over)?, self.numbers(under)?);
        let both = |values: &Numbers, needs: &Numbers| -> Numbers {
            let pairs = values.iter().zip(needs.iter());
            Arc::new(pairs.map(|(v, n)| n.and(*v)).collect())
        };
        let (above, below) = (
            both(&numerators, &denominators),
            both(&denominators, &numerators),
        );
        Ok(Measured {
            shape: named(Aggregate::Ratio, weight.is_some())?,
            tells: vec![
                sum(spec, &format!("{over}/{under}"), &above, weight.as_ref()),
                Quantity {
                    under: true,
                    ..sum(
                        spec,
                        &format!("{under} under {over}"),
                        &below,
                        weight.as_ref(),
                    )
                },
            ],
            inputs: [numerators, denominators]
                .into_iter()
                .chain(weight)
                .collect(),
            extra: None,
        })
    }

    /// Figures of order and spread: their support is that of a mean or a count of values.
    fn ordinal(
        &mut self,
        spec: &MeasureSpec,
        named: impl Fn(Aggregate, bool) -> Result<Measure, ReviewError>,
    ) -> Result<Measured, ReviewError> {
        let name = column(spec)?;
        let values = self.numbers(name)?;
        let extra = match spec.aggregate {
            Statistic::Minimum => Extra::Minimum,
            Statistic::Maximum => Extra::Maximum,
            Statistic::StandardDeviation => Extra::Deviation,
            Statistic::Median => Extra::Percentile(50.0),
            _ => Extra::Percentile(spec.p.unwrap_or(50.0)),
        };
        let (shape, inputs) = if extra == Extra::Deviation {
            (named(Aggregate::Mean, false)?, vec![Arc::clone(&values)])
        } else {
            (named(Aggregate::Count, true)?, vec![self.present(name)?])
        };
        Ok(Measured {
            shape,
            inputs,
            extra: Some((extra, values)),
            tells: Vec::new(),
        })
    }
}

fn column(spec: &MeasureSpec) -> Result<&str, ReviewError> {
    spec.column
        .as_deref()
        .ok_or_else(|| wrong(format!("measure `{}` needs a column", spec.name)))
}

/// The sum that a sum or a mean tells. A mean tells it to whoever knows the number of rows; it is taken for known.
fn sum(spec: &MeasureSpec, column: &str, values: &Numbers, weight: Option<&Numbers>) -> Quantity {
    let weights = spec.weight.as_deref().unwrap_or("1");
    Quantity::new(
        format!("sum:{column}:{weights}"),
        Source::Sum(product(values, weight)),
    )
}

fn product(values: &Numbers, weight: Option<&Numbers>) -> Numbers {
    match weight {
        None => Arc::clone(values),
        Some(weights) => Arc::new(
            values
                .iter()
                .zip(weights.iter())
                .map(|(value, weight)| Some((*value)? * (*weight)?))
                .collect(),
        ),
    }
}
