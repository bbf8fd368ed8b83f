//! The account of a population: what a run is charged, and whether it still fits.

use yunei_model::{Contribution, Mechanism, PrivacyCharge};

/// Ways in which a budget may be split between pure and Gaussian releases; each takes its share of δ.
const SPLITS: u32 = 8;
/// Billionths of ε in one.
const NANO: f64 = 1e9;
/// 10⁻¹² of ρ in one.
const PICO: f64 = 1e12;
/// What rounding in floats may have moved a bound by, relative to it.
const SLACK: f64 = 1e-12;

/// What the runs on a population have been charged so far: the two kinds are added up apart.
pub type Spent = PrivacyCharge;

/// The greatest ρ of zero-concentrated differential privacy that gives (ε, δ).
///
/// ρ-zCDP implies (ρ + 2·√(ρ·ln(1/δ)), δ)-DP for every δ > 0 (Bun & Steinke, *Concentrated Differential Privacy*, TCC 2016,
/// proposition 1.3); solved for ρ: (√(ln(1/δ) + ε) − √ln(1/δ))². Tighter conversions exist; this one is easily checked.
#[must_use]
pub fn rho_of(epsilon: f64, delta: f64) -> f64 {
    if !(epsilon > 0.0 && delta > 0.0 && delta < 1.0) {
        return 0.0;
    }
    let log = -delta.ln();
    // (a − b) = (a² − b²)/(a + b): no digits are lost where ε is small beside ln(1/δ).
    let root = epsilon / ((log + epsilon).sqrt() + log.sqrt());
    root * root * (1.0 - SLACK)
}

/// The ε that ρ-zCDP gives at `delta`: ρ + 2·√(ρ·ln(1/δ)) (ibid.).
#[must_use]
pub fn epsilon_of(rho: f64, delta: f64) -> f64 {
    if rho <= 0.0 {
        return 0.0;
    }
    2.0_f64.mul_add((rho * -delta.ln()).sqrt(), rho)
}

/// What a run of the module is charged: known from its manifest, before it runs, whatever the data are.
///
/// Laplace noise: ε, rounded up to a billionth. Gaussian noise: ρ of (ε, δ), rounded down to 10⁻¹², which is what the noise is
/// then calibrated to.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the manifest's rules keep both far within"
)]
pub fn charge(contribution: &Contribution) -> PrivacyCharge {
    match contribution.mechanism {
        Mechanism::Laplace => PrivacyCharge {
            epsilon_nano: (contribution.epsilon * NANO).ceil() as u64,
            rho_pico: 0,
        },
        Mechanism::Gaussian => PrivacyCharge {
            epsilon_nano: 0,
            rho_pico: ((rho_of(contribution.epsilon, contribution.delta) * PICO).floor() as u64)
                .max(1),
        },
    }
}

/// Whether a population's budget (ε, δ) covers all of `spent`: whatever came out before, and however each run was chosen after
/// seeing it.
///
/// # What is accounted
/// Pure releases: E = Σ ε. Gaussian releases: R = Σ ρ. The account fits when one of these holds:
///
/// - R = 0 and E ≤ ε: basic composition (Dwork & Roth 2014, theorem 3.14), which adaptive choice of the parameters does not
///   weaken (Rogers, Roth, Ullman & Vadhan, *Privacy Odometers and Filters: Pay-as-you-Go Composition*, NIPS 2016).
/// - for one of k = 0 … 7: E ≤ k/8·ε and R ≤ ρ((1 − k/8)·ε, δ/8), with ρ from [`rho_of`]. Each pure release is
///   ε-bounded in Rényi divergence at every order, each Gaussian one α·ρ; while the sums stay within the two bounds, the whole is
///   (k/8·ε + α·ρ) at every order α by the Rényi filter (Feldman & Zrnic, *Individual Privacy Accounting via a Rényi Filter*,
///   NeurIPS 2021), hence ((k/8)·ε + (1 − k/8)·ε, δ/8)-DP by Bun & Steinke's proposition 1.3.
///
/// Each line alone is a valid filter; that *one of them* holds is valid too, with the δ's added up: split the transcripts by the
/// first line that they satisfy, and each part is bounded by the mechanism that stops where its line ends. The splits are fixed,
/// so nothing is chosen after seeing the data.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "the budget's own bounds are far below 2⁵³ units; beyond, nothing fits"
)]
pub fn fits(epsilon: f64, delta: f64, spent: Spent) -> bool {
    if !(epsilon >= 0.0 && (0.0..1.0).contains(&delta)) {
        return false;
    }
    let pure = spent.epsilon_nano as f64;
    let concentrated = spent.rho_pico as f64;
    // Units are rounded against the budget: the bound is rounded down.
    let within = |part: f64| pure <= (part * NANO).floor();
    if spent.rho_pico == 0 && within(epsilon) {
        return true;
    }
    (0..SPLITS).any(|k| {
        let part = epsilon * f64::from(k) / f64::from(SPLITS);
        let rho = rho_of(epsilon - part, delta / f64::from(SPLITS));
        within(part) && concentrated <= (rho * PICO).floor()
    })
}
