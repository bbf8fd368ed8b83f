//! Who stands behind each coefficient: one more pass over the rows that were fitted.
//!
//! A coefficient of least squares is a weighted sum of the response, `βⱼ = Σ aᵢⱼ yᵢ` with `aᵢⱼ = rᵢⱼ / Σ rᵢⱼ²`, where `rⱼ` is column j
//! with the other columns taken out (Frisch and Waugh 1933; Lovell 1963). So it is a cell like any other: its *information* is
//! `Σ rᵢⱼ²`, its *contributions* are `aᵢⱼ yᵢ`, and both are gathered per data subject.

use yunei_model::{Aggregate, Name, RegressionKind};

use super::{Design, DesignColumn, Estimates, TermValue};
use crate::accumulate::{
    AccumulateError, Accumulator, Arrangement, Block, ChannelRole, Input, Presence, Protection,
    Statistics, SubjectKey, SubjectRows,
};
use crate::rules::Contributions;
use crate::shape::{MEASURES_MAX, Measure, Shape};

/// What one figure of the examination tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    /// Rows that were fitted.
    Row,
    /// Information on the coefficient of a column.
    Information(usize),
    /// Contributions to the coefficient of a column.
    Contribution(usize),
    /// Rows in the class of an indicator, or with another number than most.
    Inside(usize),
    /// Rows outside the class.
    Outside(usize),
    /// Rows with a response of 1.
    Event,
    /// Rows with a response of 0.
    NoEvent,
}

/// Gathers who stands behind each coefficient; the rows must come in the snapshot's order.
pub struct Examination<'a> {
    design: &'a Design,
    estimates: &'a Estimates,
    protection: Protection,
    figures: Vec<Figure>,
    accumulators: Vec<Accumulator>,
    line: Vec<f64>,
    columns: Vec<Column>,
}

/// One figure over the rows of a block.
#[derive(Debug, Clone, Default)]
struct Column {
    values: Vec<f64>,
    present: Vec<u8>,
}

impl Column {
    fn clear(&mut self, rows: usize) {
        self.values.clear();
        self.present.clear();
        self.present.resize(rows.div_ceil(8), 0);
    }

    fn push(&mut self, value: Option<f64>) {
        let row = self.values.len();
        if let Some(byte) = self.present.get_mut(row / 8).filter(|_| value.is_some()) {
            *byte |= 1 << (row % 8);
        }
        self.values.push(value.unwrap_or(0.0));
    }

    fn input(&self) -> Input<'_> {
        Input {
            values: &self.values,
            presence: Presence::Bits {
                bytes: &self.present,
                offset: 0,
            },
        }
    }
}

impl std::fmt::Debug for Examination<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Examination({} figures)", self.figures.len())
    }
}

/// Who stands behind one coefficient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind {
    pub(super) information: Contributions,
    pub(super) contributions: Option<Contributions>,
    pub(super) inside: Option<u64>,
    pub(super) outside: Option<u64>,
}

/// Who stands behind a model. Holds figures that may not leave: it has no revealing `Debug`.
pub struct Support {
    pub(super) protection: Protection,
    /// Distinct subjects, or groups where they are fewer.
    pub(super) units: u64,
    pub(super) columns: Vec<Behind>,
    pub(super) events: Option<(u64, u64)>,
    pub(super) broken: bool,
}

impl std::fmt::Debug for Support {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Support({} parameters)", self.columns.len())
    }
}

impl<'a> Examination<'a> {
    /// Begins.
    ///
    /// # Errors
    /// [`AccumulateError`] past a limit.
    pub fn new(
        design: &'a Design,
        estimates: &'a Estimates,
        protection: Protection,
    ) -> Result<Self, AccumulateError> {
        let figures = figures(design);
        let accumulators = figures
            .chunks(MEASURES_MAX)
            .map(|chunk| {
                let shape = shape_of(chunk.len())?;
                Accumulator::arranged(&shape, protection, Arrangement::Rising)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            design,
            estimates,
            protection,
            columns: vec![Column::default(); figures.len()],
            figures,
            accumulators,
            line: Vec::new(),
        })
    }

    /// A block of rows in snapshot order: whose they are, the groups that they name, responses, and one column for each term.
    ///
    /// # Errors
    /// [`AccumulateError`] when subjects are out of order.
    pub fn observe(
        &mut self,
        subjects: &[SubjectRows<'_>],
        groups: &[SubjectKey<'_>],
        responses: &[Option<f64>],
        terms: &[Vec<TermValue>],
    ) -> Result<(), AccumulateError> {
        let mut columns = std::mem::take(&mut self.columns);
        for column in &mut columns {
            column.clear(responses.len());
        }
        for (row, response) in responses.iter().enumerate() {
            let response = response.filter(|_| self.design.expand(row, terms, &mut self.line));
            for (figure, column) in self.figures.iter().zip(&mut columns) {
                column.push(response.and_then(|response| self.measure(*figure, response)));
            }
        }
        let cells = vec![0; responses.len()];
        let inputs: Vec<Input<'_>> = columns.iter().map(Column::input).collect();
        let chunks = self
            .accumulators
            .iter_mut()
            .zip(inputs.chunks(MEASURES_MAX));
        for (accumulator, inputs) in chunks {
            accumulator.block(&Block {
                subjects,
                groups,
                cells: &cells,
                inputs,
            })?;
        }
        self.columns = columns;
        Ok(())
    }

    /// A figure of the row whose line was written last.
    fn measure(&self, figure: Figure, response: f64) -> Option<f64> {
        let estimates = self.estimates;
        let line = &self.line;
        let weight = || estimates.weight(self.design.kind(), line);
        let partial = |column: usize| -> f64 {
            estimates
                .partial
                .column(column)
                .iter()
                .zip(line)
                .map(|(a, x)| a * x)
                .sum()
        };
        let at = |column: usize| line.get(column).copied().unwrap_or(f64::NAN);
        let most = |column: usize| estimates.majority.get(column).copied().unwrap_or(f64::NAN);
        let scale = |column: usize| estimates.diagonal.get(column).copied().unwrap_or(f64::NAN);
        let indicator = |column: usize| {
            matches!(
                self.design.columns().get(column),
                Some(DesignColumn::Indicator { .. })
            )
        };
        let one = |there: bool| there.then_some(1.0);
        match figure {
            Figure::Row => Some(1.0),
            Figure::Information(column) => {
                let part = partial(column);
                Some(weight() * part * part)
            }
            Figure::Contribution(column) => {
                Some((partial(column) * scale(column) * response).abs())
            }
            Figure::Inside(column) if indicator(column) => one(at(column) == 1.0),
            Figure::Inside(column) => one(at(column) != most(column)),
            Figure::Outside(column) => one(at(column) != 1.0),
            Figure::Event => one(response == 1.0),
            Figure::NoEvent => one(response != 1.0),
        }
    }

    /// Ends.
    ///
    /// # Errors
    /// As [`Accumulator::finish`].
    pub fn finish(self) -> Result<Support, AccumulateError> {
        let mut statistics = Vec::new();
        for accumulator in self.accumulators {
            statistics.push(accumulator.finish()?);
        }
        let of = |wanted: Figure| {
            let place = self.figures.iter().position(|f| *f == wanted)?;
            found(statistics.get(place / MEASURES_MAX)?, place % MEASURES_MAX)
        };
        let units = |wanted: Figure| of(wanted).map(|(_, units)| units);
        let nothing = Contributions {
            largest: [0.0; 3],
            units: 0,
            total: 0.0,
        };
        let columns = (0..self.design.columns().len())
            .map(|column| Behind {
                information: of(Figure::Information(column)).map_or(nothing, |(c, _)| c),
                contributions: of(Figure::Contribution(column)).map(|(c, _)| c),
                inside: units(Figure::Inside(column)),
                outside: units(Figure::Outside(column)),
            })
            .collect();
        Ok(Support {
            protection: self.protection,
            units: units(Figure::Row).unwrap_or(0),
            columns,
            events: units(Figure::Event).zip(units(Figure::NoEvent)),
            broken: statistics.iter().any(Statistics::is_broken),
        })
    }
}

/// Contributions to a figure, and the units that have it.
fn found(statistics: &Statistics, measure: usize) -> Option<(Contributions, u64)> {
    let channel = statistics.channel_of(measure, ChannelRole::Value)?;
    let contributions = statistics.contributions(0, channel);
    let units = contributions.units.min(statistics.subjects(0));
    Some((contributions, units))
}

fn figures(design: &Design) -> Vec<Figure> {
    let mut figures = vec![Figure::Row];
    for (index, column) in design.columns().iter().enumerate() {
        figures.push(Figure::Information(index));
        if design.kind() == RegressionKind::Linear {
            figures.push(Figure::Contribution(index));
        }
        match column {
            DesignColumn::Intercept => {}
            DesignColumn::Number { .. } => figures.push(Figure::Inside(index)),
            DesignColumn::Indicator { .. } => {
                figures.push(Figure::Inside(index));
                figures.push(Figure::Outside(index));
            }
        }
    }
    if design.kind() == RegressionKind::Logistic {
        figures.push(Figure::Event);
        figures.push(Figure::NoEvent);
    }
    figures
}

/// One cell with so many sums.
fn shape_of(sums: usize) -> Result<Shape, AccumulateError> {
    let too_large = AccumulateError::TooLarge {
        name: "measures_max",
        limit: MEASURES_MAX,
        asked: sums,
    };
    let measures = (0..sums)
        .map(|number| {
            Name::parse(&format!("figure-{number}")).map(|name| Measure {
                name,
                title: None,
                aggregate: Aggregate::Sum,
                weighted: false,
            })
        })
        .collect::<Result<Vec<_>, _>>();
    let shape = measures
        .ok()
        .and_then(|measures| Shape::new(Vec::new(), measures, false).ok());
    shape.ok_or(too_large)
}
