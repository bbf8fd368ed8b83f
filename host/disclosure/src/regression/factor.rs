//! Streamed QR: the triangular factor of all rows seen so far, updated block by block.
//!
//! `[R; block]` is reduced to a new `R` by Householder reflections: backward stable column by column, unlike normal equations,
//! which square the condition number.

use nalgebra::{DMatrix, DVector};

/// Rows that are gathered before they are folded in.
const BLOCK_ROWS: usize = 256;
/// The smallest singular value of the factor with columns of length 1, relative to the largest, below which columns count as
/// dependent: about 2¹⁶ times the rounding of doubles.
const RANK_TOLERANCE: f64 = 1e-11;

/// The factor of a matrix with a response as its last column.
#[derive(Debug)]
pub(super) struct Factor {
    /// The factor in the first rows, gathered rows after it.
    stacked: DMatrix<f64>,
    gathered: usize,
}

impl Factor {
    /// Of no row, with `columns` columns and a response.
    pub(super) fn new(columns: usize) -> Self {
        let width = columns + 1;
        Self {
            stacked: DMatrix::zeros(width + BLOCK_ROWS, width),
            gathered: 0,
        }
    }

    /// Adds a row with its response, both weighed by `weight` (the square root of the weight of the row).
    pub(super) fn add(&mut self, line: &[f64], response: f64, weight: f64) {
        let width = self.stacked.ncols();
        let row = width + self.gathered;
        let values = line.iter().copied().chain([response]);
        for (into, value) in self.stacked.row_mut(row).iter_mut().zip(values) {
            *into = value * weight;
        }
        self.gathered += 1;
        if self.gathered == BLOCK_ROWS {
            self.fold();
        }
    }

    fn fold(&mut self) {
        let width = self.stacked.ncols();
        let factor = self.stacked.clone().qr().r();
        self.stacked.fill(0.0);
        self.stacked
            .view_mut((0, 0), (width, width))
            .copy_from(&factor);
        self.gathered = 0;
    }

    /// The solution of the least squares problem.
    pub(super) fn solve(mut self) -> Option<Solution> {
        self.fold();
        let columns = self.stacked.ncols() - 1;
        let factor = self.stacked.view((0, 0), (columns, columns)).into_owned();
        let right = self
            .stacked
            .view((0, columns), (columns, 1))
            .column(0)
            .into_owned();
        let last = self.stacked.get((columns, columns)).copied()?;
        if !factor.iter().chain(right.iter()).all(|v| v.is_finite()) || !last.is_finite() {
            return None;
        }
        Some(Solution {
            factor,
            right,
            residual_squares: last * last,
        })
    }
}

/// A reduced least squares problem.
#[derive(Debug)]
pub(super) struct Solution {
    factor: DMatrix<f64>,
    right: DVector<f64>,
    /// Sum of the squares of the residuals.
    pub(super) residual_squares: f64,
}

impl Solution {
    /// Coefficients, and the inverse of the cross-products; none when columns depend on each other.
    pub(super) fn coefficients(&self) -> Option<(DVector<f64>, DMatrix<f64>)> {
        let mut scaled = self.factor.clone();
        let mut lengths = Vec::with_capacity(scaled.ncols());
        for mut column in scaled.column_iter_mut() {
            let length = column.norm();
            if !(length.is_finite() && length > 0.0) {
                return None;
            }
            column /= length;
            lengths.push(length);
        }
        let singular = scaled.clone().singular_values();
        let (least, most) = (singular.min(), singular.max());
        if least.is_nan() || least <= RANK_TOLERANCE * most {
            return None;
        }
        let lengths = DVector::from_vec(lengths);
        let coefficients = scaled
            .solve_upper_triangular(&self.right)?
            .component_div(&lengths);
        let identity = DMatrix::identity(scaled.nrows(), scaled.ncols());
        let mut inverse = scaled.solve_upper_triangular(&identity)?;
        for (mut row, length) in inverse.row_iter_mut().zip(lengths.iter()) {
            row /= *length;
        }
        let crossed = &inverse * inverse.transpose();
        Some((coefficients, crossed))
    }
}
