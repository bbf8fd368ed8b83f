//! The rules, each a small pure function: what it measures, against which bound, and what follows.
//!
//! Contributions `x₁ ≥ x₂ ≥ …` are those of distinct units (data subjects, merged by household or enterprise group where the
//! catalogue names one), `X` is their total and `n` their number.
//!
//! Sources: Hundepool, Domingo-Ferrer, Franconi, Giessing, Schulte Nordholt, Spicer, de Wolf, *Statistical Disclosure Control*, Wiley
//! 2012, chapters 4 and 5 ("the Handbook"); Cox, *Linear sensitivity measures in statistical disclosure control*, J. Stat.
//! Planning and Inference 5 (1981); Loeve, *Notes on sensitivity measures and protection levels*, Statistics Netherlands 2001;
//! the SDC Handbook of the Safe Data Access Professionals (2019) for percentiles, models and class disclosure.

use yunei_model::Status;

use crate::profile::{
    CONTRIBUTORS_MAX, DegreesOfFreedom, Dominance, Extremes, Indicator, ModelSize, Negative,
    PPercent, PriorPosterior, Size, Threshold, Zero,
};

/// What a rule measured, and what follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Outcome.
    pub status: Status,
    /// What was measured.
    pub value: f64,
    /// The bound that it was held against.
    pub bound: f64,
}

impl Figure {
    fn new(fails: bool, value: f64, bound: f64) -> Self {
        let status = if fails { Status::Fail } else { Status::Pass };
        Self {
            status,
            value,
            bound,
        }
    }
}

/// The contributions to one cell, as far as the dominance rules look at them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Contributions {
    /// The three largest, falling; 0 where there are fewer.
    pub largest: [f64; CONTRIBUTORS_MAX],
    /// Number of contributing units n.
    pub units: u64,
    /// Total X.
    pub total: f64,
}

impl Contributions {
    /// Of a list of contributions, in any order.
    #[must_use]
    pub fn of(list: &[f64]) -> Self {
        let mut sorted = list.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let at = |rank: usize| sorted.get(rank).copied().unwrap_or(0.0);
        Self {
            largest: [at(0), at(1), at(2)],
            units: list.len() as u64,
            total: list.iter().sum(),
        }
    }

    /// The sum of the `count` largest.
    #[must_use]
    pub fn top(&self, count: usize) -> f64 {
        self.largest.iter().take(count).sum()
    }

    /// `X − x₁ − x₂`: what hides the largest from the second largest. Exactly 0 for two units or fewer.
    #[must_use]
    pub fn remainder(&self) -> f64 {
        if self.units <= 2 {
            0.0
        } else {
            (self.total - self.top(2)).max(0.0)
        }
    }
}

/// A count as a figure.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts stay far below 2^53, and a lost unit there could not change an outcome"
)]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

/// Threshold (minimum frequency) rule: a cell with `0 < n < t` fails (`n ≤ t` where the profile says so).
///
/// Source: the Handbook, section 5.2.1. Empty cells are the business of [`zero`].
///
/// ```
/// # use yunei_disclosure::{Floor, Threshold, threshold};
/// # use yunei_model::Status;
/// let ten = Threshold { minimum: 10, fails: Floor::Below };
/// assert_eq!([0, 1, 9, 10].map(|n| threshold(n, &ten).status), [Status::Pass, Status::Fail, Status::Fail, Status::Pass]);
/// ```
#[must_use]
pub fn threshold(units: u64, rule: &Threshold) -> Figure {
    let (value, bound) = (real(units), real(rule.minimum));
    Figure::new(units > 0 && rule.fails.fails(value, bound), value, bound)
}

/// Indicator rule: fails when some units of a cell, but fewer than t, are unlike the others that have one value.
///
/// The sum or mean of a column with two values is a count in disguise, so that both sides of it are held against the threshold; likewise
/// the few whose value is not 0, and the few beside crowds, each of one value.
///
/// Source: the threshold rule, over the frequency table that such a sum is (the Handbook, section 5.2.1); SDC Handbook 2019, "class disclosure", for the
/// other side of it.
///
/// ```
/// # use yunei_disclosure::{Floor, Indicator, indicator};
/// # use yunei_model::Status;
/// let ten = Indicator { minimum: 10, fails: Floor::Below };
/// assert_eq!([0, 1, 9, 10].map(|n| indicator(n, &ten).status), [Status::Pass, Status::Fail, Status::Fail, Status::Pass]);
/// ```
#[must_use]
pub fn indicator(unlike: u64, rule: &Indicator) -> Figure {
    let (value, bound) = (real(unlike), real(rule.minimum));
    Figure::new(unlike > 0 && rule.fails.fails(value, bound), value, bound)
}

/// Zero rule: an empty cell fails where zeros are disclosive.
///
/// Source: ACRO, `zeros_are_disclosive`; the Handbook, section 5.2.3 (group disclosure).
#[must_use]
pub fn zero(units: u64, rule: &Zero) -> Figure {
    Figure::new(units == 0 && rule.disclosive, real(units), 1.0)
}

/// (n,k) dominance rule: fails when the n largest contributions make up the share k of the total or more (or more than k).
///
/// Source: the Handbook, section 4.2.1; Cox 1981. A total of nothing has no dominant part.
///
/// ```
/// # use yunei_disclosure::{Ceiling, Contributions, Dominance, dominance};
/// # use yunei_model::Status;
/// let at = Dominance { contributors: 2, share: 0.85, fails: Ceiling::AtOrAbove };
/// let above = Dominance { fails: Ceiling::Above, ..at };
/// let cell = Contributions::of(&[50.0, 35.0, 10.0, 5.0]);
/// assert_eq!(dominance(&cell, &at).status, Status::Fail);
/// assert_eq!(dominance(&cell, &above).status, Status::Pass);
/// ```
#[must_use]
pub fn dominance(cell: &Contributions, rule: &Dominance) -> Figure {
    if cell.total == 0.0 && cell.largest == [0.0; CONTRIBUTORS_MAX] {
        return Figure::new(false, 0.0, rule.share);
    }
    let share = if cell.units <= rule.contributors as u64 {
        1.0
    } else {
        cell.top(rule.contributors) / cell.total
    };
    Figure::new(rule.fails.fails(share, rule.share), share, rule.share)
}

/// p% rule: fails when the second largest contributor could tell the largest one's value to within p: `(X − x₁ − x₂)/x₁ < p`.
///
/// Source: the Handbook, section 4.2.2; Cox 1981. Where the largest contribution is 0 there is nothing to tell.
///
/// ```
/// # use yunei_disclosure::{Contributions, Floor, PPercent, p_percent};
/// # use yunei_model::Status;
/// let ten = PPercent { share: 0.10, fails: Floor::Below };
/// assert_eq!(p_percent(&Contributions::of(&[100.0, 50.0, 10.0]), &ten).status, Status::Pass);
/// assert_eq!(p_percent(&Contributions::of(&[100.0, 50.0, 9.0]), &ten).status, Status::Fail);
/// ```
#[must_use]
pub fn p_percent(cell: &Contributions, rule: &PPercent) -> Figure {
    let [largest, ..] = cell.largest;
    if largest == 0.0 {
        return Figure::new(false, 0.0, rule.share);
    }
    let value = cell.remainder() / largest;
    Figure::new(rule.fails.fails(value, rule.share), value, rule.share)
}

/// Prior–posterior (p,q) rule: fails when `(X − x₁ − x₂) < (p/q)·x₁`: everyone knew each contribution to within q % before, and
/// knows the largest to within p % after.
///
/// Source: the Handbook, section 4.2.2; Loeve 2001. The value and bound given are shares of x₁.
///
/// ```
/// # use yunei_disclosure::{Contributions, Floor, PriorPosterior, prior_posterior};
/// # use yunei_model::Status;
/// let rule = PriorPosterior { p: 25.0, q: 50.0, fails: Floor::Below };
/// assert_eq!(prior_posterior(&Contributions::of(&[100.0, 10.0, 50.0, 0.0]), &rule).status, Status::Fail);
/// assert_eq!(prior_posterior(&Contributions::of(&[100.0, 40.0, 30.0, 20.0]), &rule).status, Status::Pass);
/// ```
#[must_use]
pub fn prior_posterior(cell: &Contributions, rule: &PriorPosterior) -> Figure {
    let [largest, ..] = cell.largest;
    let bound = rule.p / rule.q;
    if largest == 0.0 {
        return Figure::new(false, 0.0, bound);
    }
    let remainder = cell.remainder();
    Figure::new(
        rule.fails.fails(remainder, bound * largest),
        remainder / largest,
        bound,
    )
}

/// Negative contributions: dominance is not defined, so people look.
///
/// Source: ACRO, `agg_negative`; Tambay and Fillion, *Strategies for processing tabular data using the G-Confid cell suppression
/// software*, Statistics Canada 2013.
#[must_use]
pub fn negative(any: bool, rule: &Negative) -> Figure {
    let status = if any { rule.outcome } else { Status::Pass };
    Figure {
        status,
        value: f64::from(u8::from(any)),
        bound: 1.0,
    }
}

/// Residual degrees of freedom: fails when there are fewer than d.
///
/// Source: SDC Handbook 2019, section on regressions; ACRO, `safe_dof_threshold`. For a mean in a table they are n − 1.
#[must_use]
pub fn degrees_of_freedom(residual: u64, rule: &DegreesOfFreedom) -> Figure {
    let (value, bound) = (real(residual), real(rule.minimum));
    Figure::new(rule.fails.fails(value, bound), value, bound)
}

/// Model size: fails when a model has more than r parameters per observation.
///
/// Source: DataSHIELD, `nfilter.glm`.
#[must_use]
pub fn model_size(parameters: u64, observations: u64, rule: &ModelSize) -> Figure {
    if observations == 0 {
        return Figure::new(true, f64::MAX, rule.share);
    }
    let value = real(parameters) / real(observations);
    Figure::new(rule.fails.fails(value, rule.share), value, rule.share)
}

/// Class disclosure: fails when all of a group, or none of it, is in a class. An empty group is the business of [`zero`].
///
/// Source: SDC Handbook 2019, "class disclosure"; the Handbook, section 5.2.3. The value given is the share in the class.
///
/// ```
/// # use yunei_disclosure::class_disclosure;
/// # use yunei_model::Status;
/// assert_eq!([0, 1, 49, 50].map(|n| class_disclosure(n, 50).status), [Status::Fail, Status::Pass, Status::Pass, Status::Fail]);
/// ```
#[must_use]
pub fn class_disclosure(in_class: u64, group: u64) -> Figure {
    if group == 0 {
        return Figure::new(false, 0.0, 1.0);
    }
    let fails = in_class == 0 || in_class >= group;
    Figure::new(fails, real(in_class) / real(group), 1.0)
}

/// Extremes: a minimum or maximum is one subject's value and fails unless the profile releases it.
///
/// Source: SDC Handbook 2019, "maxima and minima".
#[must_use]
pub fn extreme(rule: &Extremes) -> Figure {
    Figure::new(!rule.released, 1.0, 1.0)
}

/// Percentiles: fails when fewer than t subjects lie on either side.
///
/// Source: SDC Handbook 2019, "percentiles".
#[must_use]
pub fn percentile(below: u64, above: u64, rule: &Extremes) -> Figure {
    let (value, bound) = (below.min(above), rule.percentile_side_minimum);
    Figure::new(value < bound, real(value), real(bound))
}

/// Size of a table: fails past the profile's rows or bytes. The value and bound given are those of rows unless only bytes fail.
///
/// Source: OpenSAFELY's limits on output files.
#[must_use]
pub fn size(rows: u64, bytes: u64, rule: &Size) -> Figure {
    if rows <= rule.rows_max && bytes > rule.bytes_max {
        return Figure::new(true, real(bytes), real(rule.bytes_max));
    }
    Figure::new(rows > rule.rows_max, real(rows), real(rule.rows_max))
}

#[cfg(test)]
mod tests;
