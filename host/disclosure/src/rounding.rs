//! Rounding of released figures.

use crate::profile::{Rounding, RoundingMethod};

/// Rounds a count.
///
/// `nearest`: to the nearest multiple of the base, halves up (ACRO, OpenSAFELY). `midpoint`: `⌈x/b⌉·b − b/2·[x≠0]`, the middle
/// of the class that the count falls in (OpenSAFELY's midpoint-6).
///
/// ```
/// # use yunei_disclosure::{Rounding, RoundingMethod, round_count};
/// let nearest = Rounding { method: RoundingMethod::Nearest, base: 10, figure_digits: None };
/// assert_eq!([14, 15, 24, 25].map(|n| round_count(n, &nearest)), [10, 20, 20, 30]);
/// let midpoint = Rounding { method: RoundingMethod::Midpoint, base: 6, figure_digits: None };
/// assert_eq!([0, 1, 6, 7, 12].map(|n| round_count(n, &midpoint)), [0, 3, 3, 9, 9]);
/// ```
#[must_use]
pub fn round_count(count: u64, rounding: &Rounding) -> u64 {
    let base = rounding.base.max(1);
    match rounding.method {
        RoundingMethod::Nearest => count.saturating_add(base / 2) / base * base,
        RoundingMethod::Midpoint => {
            if count == 0 {
                0
            } else {
                (count.div_ceil(base).saturating_mul(base)).saturating_sub(base / 2)
            }
        }
    }
}

/// Rounds a weighted count, which need not be whole, in the same way. `unit` is what one row weighs, about: the base is that of counts, in
/// rows of that weight, so that weights of a hundred do not make a base of ten tell how many there are. See [`weight_unit`].
///
/// ```
/// # use yunei_disclosure::{Rounding, RoundingMethod, round_weighted};
/// let nearest = Rounding { method: RoundingMethod::Nearest, base: 10, figure_digits: None };
/// assert_eq!(round_weighted(2_310.5, &nearest, 1.0), 2_310.0);
/// assert_eq!(round_weighted(2_310.5, &nearest, 100.0), 2_000.0);
/// ```
#[must_use]
pub fn round_weighted(count: f64, rounding: &Rounding, unit: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a base has at most seven digits"
    )]
    let base = rounding.base.max(1) as f64 * unit;
    match rounding.method {
        RoundingMethod::Nearest => (count / base + 0.5).floor() * base,
        RoundingMethod::Midpoint if count == 0.0 => 0.0,
        RoundingMethod::Midpoint => (count / base).ceil() * base - base / 2.0,
    }
}

/// What one row weighs, about: the mean weight, up to the next of 1, 2 and 5 times a power of ten. 1 where there is no mean weight.
///
/// ```
/// # use yunei_disclosure::weight_unit;
/// assert_eq!([1.0, 1.2, 130.0, 0.003, 0.0].map(weight_unit), [1.0, 2.0, 200.0, 0.005, 1.0]);
/// ```
#[must_use]
pub fn weight_unit(mean_weight: f64) -> f64 {
    if !mean_weight.is_finite() || mean_weight <= 0.0 {
        return 1.0;
    }
    // Decimal text rounds exactly, and is read back as the nearest double.
    let exponent = mean_weight.log10().floor();
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .filter_map(|step| format!("{step}e{exponent}").parse().ok())
        .find(|unit| *unit >= mean_weight)
        .unwrap_or(1.0)
}

/// Rounds a figure to significant decimal digits, so that its low bits carry nothing.
///
/// ```
/// # use yunei_disclosure::round_figure;
/// assert_eq!(round_figure(1234.5678, 6), 1234.57);
/// assert_eq!(round_figure(-0.000_123_456_78, 6), -0.000_123_457);
/// ```
#[must_use]
pub fn round_figure(figure: f64, digits: u32) -> f64 {
    if figure == 0.0 || !figure.is_finite() {
        return figure;
    }
    // Decimal text rounds exactly, to even on ties; powers of ten in binary would not.
    let places = usize::try_from(digits.saturating_sub(1)).unwrap_or(16);
    format!("{figure:.places$e}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests;
