//! Noise: how much, and drawing it.

use opendp::domains::{AtomDomain, VectorDomain};
use opendp::measurements::{make_gaussian, make_laplace};
use opendp::measures::{MaxDivergence, ZeroConcentratedDivergence};
use opendp::metrics::{L1Distance, L2Distance};
use yunei_model::{Mechanism, PrivacyCharge};

use crate::{Bounds, PrivacyError};

/// Steps of the last digit by which a scale is raised until its privacy is within the charge.
const RAISES_MAX: u32 = 64;
/// Two-sided 97.5 % point of the standard normal distribution.
const NORMAL_95: f64 = 1.959_963_984_540_054_5;
/// The share of figures that may be further off than the stated bound.
const MISSED: f64 = 0.05;

/// A measure's noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Scale of the distribution in the measure's unit: `b` of the discrete Laplace, `σ` of the discrete Gaussian distribution.
    pub scale: f64,
    /// Bound that the noise of a figure keeps within with 95 % probability at least, in the measure's unit.
    pub error_95: f64,
}

/// Noise for every measure, within the charge of a run.
#[derive(Debug, Clone)]
pub struct Calibration {
    mechanism: Mechanism,
    bounds: Bounds,
    /// In steps.
    scales: Vec<f64>,
}

impl Calibration {
    /// The least noise that keeps within `charge`. The measures get equal shares of it.
    ///
    /// Laplace: b = M·Δ₁/ε for each of M measures, in steps (Dwork & Roth 2014, theorem 3.6). Gaussian: σ² = M·Δ₂²/(2ρ)
    /// (Bun & Steinke 2016, proposition 1.6; the discrete distribution keeps the same: Canonne, Kamath & Steinke 2020).
    ///
    /// # Errors
    /// [`PrivacyError::Calibration`] when `opendp`'s privacy maps do not confirm it.
    pub fn of(bounds: Bounds, charge: PrivacyCharge) -> Result<Self, PrivacyError> {
        let mechanism = match charge {
            PrivacyCharge {
                epsilon_nano: 0, ..
            } => Mechanism::Gaussian,
            PrivacyCharge { rho_pico: 0, .. } => Mechanism::Laplace,
            PrivacyCharge { .. } => return Err(PrivacyError::Calibration),
        };
        let share = share(charge, bounds.lattices().len())?;
        let scales = bounds.lattices().iter().map(|lattice| match mechanism {
            Mechanism::Laplace => laplace_scale(bounds.sensitivity_l1(lattice), share),
            Mechanism::Gaussian => gaussian_scale(bounds.sensitivity_l2_squared(lattice), share),
        });
        let scales = scales.collect::<Result<_, _>>()?;
        Ok(Self {
            mechanism,
            bounds,
            scales,
        })
    }

    /// The mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The bounds that it was made for.
    #[must_use]
    pub const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// What is said of each measure's noise, in the manifest's order.
    #[must_use]
    pub fn spreads(&self) -> Vec<Spread> {
        let spread = |(scale, step): (&f64, f64)| Spread {
            scale: scale * step,
            error_95: error_steps(self.mechanism, *scale) * step,
        };
        let steps = self.bounds.lattices().iter().map(crate::Lattice::step);
        self.scales.iter().zip(steps).map(spread).collect()
    }

    /// Adds noise to sums in steps, as [`crate::Tally::finish`] gives them, and gives the figures in the measures' units.
    ///
    /// Every call draws anew: one call for each release, and none for anything else.
    ///
    /// # Errors
    /// [`PrivacyError::Draw`] when there is no randomness.
    pub fn draw(&self, sums: &[i64]) -> Result<Vec<Vec<f64>>, PrivacyError> {
        let measures = self.bounds.lattices().len();
        let mut figures = Vec::with_capacity(measures);
        for (index, (lattice, scale)) in self.bounds.lattices().iter().zip(&self.scales).enumerate()
        {
            let column: Vec<i64> = sums.iter().skip(index).step_by(measures).copied().collect();
            let noisy = match self.mechanism {
                Mechanism::Laplace => laplace(*scale)?.invoke(&column),
                Mechanism::Gaussian => gaussian(*scale)?.invoke(&column),
            };
            let noisy = noisy.map_err(|_| PrivacyError::Draw)?;
            figures.push(noisy.into_iter().map(|n| lattice.value(n)).collect());
        }
        Ok(figures)
    }
}

type Whole = VectorDomain<AtomDomain<i64>>;
type Laplace = opendp::core::Measurement<Whole, L1Distance<i64>, MaxDivergence, Vec<i64>>;
type Gaussian =
    opendp::core::Measurement<Whole, L2Distance<f64>, ZeroConcentratedDivergence, Vec<i64>>;

fn whole() -> Whole {
    VectorDomain::new(AtomDomain::<i64>::default())
}

fn laplace(scale: f64) -> Result<Laplace, PrivacyError> {
    make_laplace(whole(), L1Distance::default(), scale, None).map_err(|_| PrivacyError::Calibration)
}

fn gaussian(scale: f64) -> Result<Gaussian, PrivacyError> {
    make_gaussian(whole(), L2Distance::default(), scale, None)
        .map_err(|_| PrivacyError::Calibration)
}

/// One measure's share of a charge: of ε, or of ρ.
#[expect(clippy::cast_precision_loss, reason = "far below 2⁵³")]
fn share(charge: PrivacyCharge, measures: usize) -> Result<f64, PrivacyError> {
    let whole = match charge.epsilon_nano {
        0 => charge.rho_pico as f64 / 1e12,
        nano => nano as f64 / 1e9,
    };
    let measures = measures as f64;
    let mut share = whole / measures;
    // All shares together are within the charge, however the division rounded.
    if share * measures > whole {
        share = share.next_down();
    }
    if share > 0.0 && share.is_finite() {
        Ok(share)
    } else {
        Err(PrivacyError::Calibration)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "raised until the map confirms it"
)]
fn laplace_scale(sensitivity: u64, share: f64) -> Result<f64, PrivacyError> {
    let distance = i64::try_from(sensitivity).map_err(|_| PrivacyError::Calibration)?;
    raised(sensitivity as f64 / share, |scale| {
        laplace(scale)?
            .map(&distance)
            .map_err(|_| PrivacyError::Calibration)
            .map(|epsilon| epsilon <= share)
    })
}

#[expect(clippy::cast_precision_loss, reason = "rounded up before it is used")]
fn gaussian_scale(squared: u128, share: f64) -> Result<f64, PrivacyError> {
    // Twice up: once for the cast, once for the root.
    let distance = (squared as f64).next_up().sqrt().next_up();
    raised(distance / (2.0 * share).sqrt(), |scale| {
        gaussian(scale)?
            .map(&distance)
            .map_err(|_| PrivacyError::Calibration)
            .map(|rho| rho <= share)
    })
}

/// The first scale from `scale` on that `holds`.
fn raised(
    mut scale: f64,
    holds: impl Fn(f64) -> Result<bool, PrivacyError>,
) -> Result<f64, PrivacyError> {
    for _ in 0..RAISES_MAX {
        if holds(scale)? {
            return Ok(scale);
        }
        scale = scale.next_up();
    }
    Err(PrivacyError::Calibration)
}

/// The least k, in steps, with P[|noise| > k] ≤ 5 %.
///
/// Discrete Laplace: P[|X| > k] = 2·q^(k+1)/(1 + q) with q = e^(−1/b). Discrete Gaussian: P[X ≥ m] ≤ P[N(0, σ²) ≥ m − 1]
/// (Canonne, Kamath & Steinke 2020, on tails), so k = ⌈1.96·σ⌉ suffices.
fn error_steps(mechanism: Mechanism, scale: f64) -> f64 {
    if scale <= 0.0 {
        return 0.0;
    }
    match mechanism {
        Mechanism::Laplace => {
            let q = (-1.0 / scale).exp();
            let steps = (scale * (2.0 / (MISSED * (1.0 + q))).ln()).ceil() - 1.0;
            steps.max(0.0)
        }
        Mechanism::Gaussian => (NORMAL_95 * scale).ceil(),
    }
}
