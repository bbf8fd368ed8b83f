//! Bounds of contributions, as whole numbers of steps.

use yunei_model::{Contribution, ContributionMeasure, STEPS_MAX};

use crate::PrivacyError;

/// Steps, as a power of two, that the greater bound of a measure without a step of its own is from zero at least.
const STEPS_LOG2: i32 = 15;

/// One measure's values as whole numbers of steps.
///
/// INVARIANT: `low` ≤ `high`, and both are at most [`STEPS_MAX`] from zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice {
    step: f64,
    low: i64,
    high: i64,
    default: i64,
}

impl Lattice {
    fn of(measure: &ContributionMeasure) -> Result<Self, PrivacyError> {
        let reason = |what: &str| PrivacyError::Bounds {
            reason: format!("measure `{}` {what}", measure.name),
        };
        let finite = measure.min.is_finite() && measure.max.is_finite();
        if !finite || measure.min > measure.max {
            return Err(reason("has no lower bound below a finite upper one"));
        }
        let reach = measure.min.abs().max(measure.max.abs());
        let step = measure.step.unwrap_or_else(|| power_of_two(reach));
        if !step.is_normal() || step < 0.0 || reach / step > STEPS_MAX {
            return Err(reason("has no step that fits its bounds"));
        }
        let mut lattice = Self {
            step,
            low: steps(measure.min / step),
            high: steps(measure.max / step),
            default: 0,
        };
        lattice.default = lattice.point(if measure.default.is_nan() {
            0.0
        } else {
            measure.default
        });
        Ok(lattice)
    }

    /// A value as steps, clamped to the bounds; what is no number is the measure's default.
    ///
    /// Any rounding will do: it is a function of one subject's rows alone, and the bounds hold after it.
    #[must_use]
    pub fn point(&self, value: f64) -> i64 {
        if value.is_nan() {
            return self.default;
        }
        self.clamp(steps(value / self.step))
    }

    /// Steps, clamped to the bounds.
    #[must_use]
    pub fn clamp(&self, steps: i64) -> i64 {
        steps.clamp(self.low, self.high)
    }

    /// The value of so many steps. What is left of exactness does not matter: it is a function of a figure that has its noise.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "figures are released as doubles, after the noise"
    )]
    pub fn value(&self, steps: i64) -> f64 {
        // Adding zero turns a negative zero into zero.
        steps as f64 * self.step + 0.0
    }

    /// The size of one step.
    #[must_use]
    pub const fn step(&self) -> f64 {
        self.step
    }

    /// The most that one unit adds to, or takes from, the sum of one cell: max(|low|, |high|), in steps.
    #[must_use]
    pub fn reach(&self) -> u64 {
        self.low.unsigned_abs().max(self.high.unsigned_abs())
    }
}

/// The greatest power of two that is at most 2⁻¹⁵ of `reach`.
fn power_of_two(reach: f64) -> f64 {
    if reach == 0.0 {
        return 1.0;
    }
    // Rounding up the logarithm of a value just below a power of two costs a step of twice the size, and no more.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "exponents of doubles are far within"
    )]
    let exponent = reach.log2().floor() as i32;
    2.0_f64.powi(exponent - STEPS_LOG2)
}

/// To the nearest whole number; casts of floats saturate, and bounds are applied after it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, and is clamped to the bounds"
)]
fn steps(value: f64) -> i64 {
    value.round_ties_even() as i64
}

/// What one privacy unit can contribute at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    cells: usize,
    cells_per_unit: usize,
    lattices: Vec<Lattice>,
}

impl Bounds {
    /// The bounds that a manifest sets.
    ///
    /// # Errors
    /// [`PrivacyError::Bounds`] when they are none.
    pub fn of(contribution: &Contribution) -> Result<Self, PrivacyError> {
        let reason = |reason: &str| PrivacyError::Bounds {
            reason: reason.to_owned(),
        };
        if contribution.cells.is_empty() || contribution.measures.is_empty() {
            return Err(reason("it has no cell or no measure"));
        }
        let cells_per_unit = usize::try_from(contribution.cells_per_subject)
            .map_err(|_| reason("too many cells"))?;
        if cells_per_unit == 0 || cells_per_unit > contribution.cells.len() {
            return Err(reason("a subject touches at least one of its cells"));
        }
        Ok(Self {
            cells: contribution.cells.len(),
            cells_per_unit,
            lattices: contribution
                .measures
                .iter()
                .map(Lattice::of)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Cells of the table.
    #[must_use]
    pub const fn cells(&self) -> usize {
        self.cells
    }

    /// Cells that one unit touches at most.
    #[must_use]
    pub const fn cells_per_unit(&self) -> usize {
        self.cells_per_unit
    }

    /// The measures' lattices, in the manifest's order.
    #[must_use]
    pub fn lattices(&self) -> &[Lattice] {
        &self.lattices
    }

    /// Sensitivity of one measure's column in the L1 norm, in steps: a unit changes `c` cells at most, each by [`Lattice::reach`].
    #[must_use]
    pub fn sensitivity_l1(&self, lattice: &Lattice) -> u64 {
        (self.cells_per_unit as u64).saturating_mul(lattice.reach())
    }

    /// Square of one measure's sensitivity in the L2 norm, in steps: `c` cells, each changed by [`Lattice::reach`] at most.
    #[must_use]
    pub fn sensitivity_l2_squared(&self, lattice: &Lattice) -> u128 {
        let reach = u128::from(lattice.reach());
        (self.cells_per_unit as u128).saturating_mul(reach.saturating_mul(reach))
    }
}
