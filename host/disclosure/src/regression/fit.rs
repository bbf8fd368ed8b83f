//! Fitting: one pass for a linear model, a few for a logistic one.

use nalgebra::{DMatrix, DVector};
use yunei_model::RegressionKind;

use super::factor::Factor;
use super::{Design, PASSES_MAX, RegressionFault, TermValue};
use crate::rules::real;

/// Change of the deviance, relative to it, at which a logistic model has converged.
const CONVERGED: f64 = 1e-10;
/// A linear predictor beyond this is a probability of 0 or 1 to all digits: the terms tell the response apart.
const PREDICTOR_MAX: f64 = 30.0;

/// What follows after a pass over all rows.
#[derive(Debug)]
pub enum Step {
    /// Another pass over the same rows.
    Again,
    /// The estimates.
    Done(Box<Estimates>),
}

/// The gate's own estimates. Holds figures that may not leave: it has no revealing `Debug`.
pub struct Estimates {
    /// Coefficients, in the order of the design's columns.
    pub(super) coefficients: Vec<f64>,
    /// Their standard errors.
    pub(super) errors: Vec<f64>,
    /// R² of a linear model, 1 − deviance / null deviance (McFadden) of a logistic one.
    pub(super) r_squared: f64,
    /// Residual standard error of a linear model.
    pub(super) residual_error: Option<f64>,
    /// Rows without an absent value.
    pub(super) rows: u64,
    /// What turns a row of the design into the part of it that bears on each coefficient alone: column j of the inverse
    /// cross-products over its diagonal.
    pub(super) partial: DMatrix<f64>,
    /// The diagonal of the inverse cross-products.
    pub(super) diagonal: Vec<f64>,
    /// The value that more than half of the rows have in each column, if there is one.
    pub(super) majority: Vec<f64>,
}

impl std::fmt::Debug for Estimates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Estimates({} parameters)", self.coefficients.len())
    }
}

/// Fits a model: rows in any order, the same ones in every pass.
#[derive(Debug)]
pub struct Fit<'a> {
    design: &'a Design,
    factor: Factor,
    pass: u32,
    rows: u64,
    finite: bool,
    binary: bool,
    /// Mean of the response, and the sum of squares about it (Welford).
    mean: f64,
    squares: f64,
    raw_squares: f64,
    coefficients: Option<DVector<f64>>,
    deviance: f64,
    deviance_before: f64,
    predictor_max: f64,
    majority: Vec<Majority>,
    line: Vec<f64>,
}

impl<'a> Fit<'a> {
    /// Begins.
    #[must_use]
    pub fn new(design: &'a Design) -> Self {
        let columns = design.columns.len();
        Self {
            design,
            factor: Factor::new(columns),
            pass: 0,
            rows: 0,
            finite: true,
            binary: true,
            mean: 0.0,
            squares: 0.0,
            raw_squares: 0.0,
            coefficients: None,
            deviance: 0.0,
            deviance_before: f64::INFINITY,
            predictor_max: 0.0,
            majority: vec![Majority::default(); columns],
            line: Vec::with_capacity(columns),
        }
    }

    /// A block of rows: responses, and one column of values for each term. A row with an absent value is left out.
    pub fn observe(&mut self, responses: &[Option<f64>], terms: &[Vec<TermValue>]) {
        let mut line = std::mem::take(&mut self.line);
        for (row, response) in responses.iter().enumerate() {
            if let Some(response) = response
                && self.design.expand(row, terms, &mut line)
            {
                self.take(*response, &line);
            }
        }
        self.line = line;
    }

    fn take(&mut self, response: f64, line: &[f64]) {
        if !response.is_finite() || !line.iter().all(|v| v.is_finite()) {
            self.finite = false;
            return;
        }
        self.rows += 1;
        if self.pass == 0 {
            let before = response - self.mean;
            self.mean += before / real(self.rows);
            self.squares += before * (response - self.mean);
            self.raw_squares += response * response;
            for (majority, value) in self.majority.iter_mut().zip(line) {
                majority.see(*value);
            }
        }
        match self.design.kind {
            RegressionKind::Linear => self.factor.add(line, response, 1.0),
            RegressionKind::Logistic => self.take_logistic(response, line),
        }
    }

    /// One row of iteratively reweighted least squares: weight μ(1 − μ), working response η + (y − μ)/w.
    fn take_logistic(&mut self, response: f64, line: &[f64]) {
        let event = response == 1.0;
        self.binary &= event || response == 0.0;
        let predictor = predictor(self.coefficients.as_ref(), line);
        self.predictor_max = self.predictor_max.max(predictor.abs());
        let probability = probability(predictor);
        let weight = (probability * (1.0 - probability)).max(f64::EPSILON);
        let likelihood = if event {
            probability
        } else {
            1.0 - probability
        };
        self.deviance -= 2.0 * likelihood.max(f64::MIN_POSITIVE).ln();
        let working = predictor + (response - probability) / weight;
        self.factor.add(line, working, weight.sqrt());
    }

    /// Ends a pass.
    ///
    /// # Errors
    /// [`RegressionFault`] when the model cannot be fitted.
    pub fn end_pass(&mut self) -> Result<Step, RegressionFault> {
        let columns = self.design.columns.len();
        // Squares may overflow where no value does, and R² over them would be 1.
        if !(self.finite && self.squares.is_finite() && self.raw_squares.is_finite()) {
            return Err(RegressionFault::NotFinite);
        }
        if !self.binary {
            return Err(RegressionFault::NotBinary);
        }
        if self.rows <= columns as u64 {
            return Err(RegressionFault::Saturated);
        }
        if self.squares <= 0.0 {
            return Err(RegressionFault::Constant);
        }
        if self.predictor_max > PREDICTOR_MAX {
            return Err(RegressionFault::Separated);
        }
        let factor = std::mem::replace(&mut self.factor, Factor::new(columns));
        let solution = factor.solve().ok_or(RegressionFault::NotFinite)?;
        let solved = solution.coefficients();
        let (coefficients, crossed) = solved.ok_or(RegressionFault::Dependent)?;
        self.pass += 1;
        match self.design.kind {
            RegressionKind::Linear => {
                let residual = real(self.rows - columns as u64);
                let variance = solution.residual_squares / residual;
                let total = if self.design.intercept() {
                    self.squares
                } else {
                    self.raw_squares
                };
                let estimates = self.estimates(&coefficients, &crossed, variance);
                Ok(Step::Done(Box::new(Estimates {
                    r_squared: 1.0 - solution.residual_squares / total,
                    residual_error: Some(variance.sqrt()),
                    ..estimates
                })))
            }
            RegressionKind::Logistic => self.end_logistic(coefficients, &crossed),
        }
    }

    fn end_logistic(
        &mut self,
        coefficients: DVector<f64>,
        crossed: &DMatrix<f64>,
    ) -> Result<Step, RegressionFault> {
        let change = (self.deviance - self.deviance_before).abs();
        if change <= CONVERGED * (self.deviance.abs() + CONVERGED) {
            let estimates = self.estimates(&coefficients, crossed, 1.0);
            // The deviance of a constant probability: that of the mean.
            let share = self.mean;
            let null =
                -2.0 * real(self.rows) * (share * share.ln() + (1.0 - share) * (1.0 - share).ln());
            return Ok(Step::Done(Box::new(Estimates {
                r_squared: 1.0 - self.deviance / null,
                ..estimates
            })));
        }
        if self.pass >= PASSES_MAX {
            return Err(RegressionFault::Separated);
        }
        self.coefficients = Some(coefficients);
        self.deviance_before = self.deviance;
        self.deviance = 0.0;
        self.rows = 0;
        Ok(Step::Again)
    }

    fn estimates(
        &self,
        coefficients: &DVector<f64>,
        crossed: &DMatrix<f64>,
        variance: f64,
    ) -> Estimates {
        let diagonal = crossed.diagonal();
        let mut partial = crossed.clone();
        for (mut column, own) in partial.column_iter_mut().zip(diagonal.iter()) {
            column /= *own;
        }
        Estimates {
            coefficients: coefficients.iter().copied().collect(),
            errors: diagonal.iter().map(|d| (d * variance).sqrt()).collect(),
            r_squared: f64::NAN,
            residual_error: None,
            rows: self.rows,
            partial,
            diagonal: diagonal.iter().copied().collect(),
            majority: self.majority.iter().map(|m| m.value).collect(),
        }
    }
}

impl Estimates {
    /// The weight of a row in the fit: 1, or μ(1 − μ) in a logistic model.
    pub(super) fn weight(&self, kind: RegressionKind, line: &[f64]) -> f64 {
        match kind {
            RegressionKind::Linear => 1.0,
            RegressionKind::Logistic => {
                let predictor: f64 = self.coefficients.iter().zip(line).map(|(b, x)| b * x).sum();
                let probability = probability(predictor);
                probability * (1.0 - probability)
            }
        }
    }
}

fn predictor(coefficients: Option<&DVector<f64>>, line: &[f64]) -> f64 {
    coefficients.map_or(0.0, |b| b.iter().zip(line).map(|(b, x)| b * x).sum())
}

fn probability(predictor: f64) -> f64 {
    1.0 / (1.0 + (-predictor).exp())
}

/// The value that more than half of a sequence has, if one does (Boyer and Moore, *A fast majority vote algorithm*, 1981).
#[derive(Debug, Clone, Copy, Default)]
struct Majority {
    value: f64,
    lead: u64,
}

impl Majority {
    fn see(&mut self, value: f64) {
        if self.lead == 0 {
            self.value = value;
            self.lead = 1;
        } else if value == self.value {
            self.lead += 1;
        } else {
            self.lead -= 1;
        }
    }
}
