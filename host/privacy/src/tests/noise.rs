//! The noise has the distribution that is claimed. Every bound here is passed by chance with a probability below 10⁻⁶.

use yunei_model::PrivacyCharge;

use super::{calibrated, contribution, counts, gaussian, samples};
use crate::{Bounds, Calibration, PrivacyError, rho_of};

/// Figures per draw, and draws.
const CELLS: usize = 2000;
const DRAWS: usize = 30;
/// Values of the noise whose frequencies are looked at: from −`REACH` to `REACH`.
const REACH: i64 = 12;

/// By Hoeffding's inequality and a union bound, no frequency is further off, but with a probability of 10⁻⁷.
fn tolerance(samples: usize) -> f64 {
    let events = f64::from(2 * REACH as i32 + 1);
    ((2.0 * events / 1e-7).ln() / (2.0 * samples as f64)).sqrt()
}

fn frequencies_are(samples: &[f64], mass: impl Fn(f64) -> f64) {
    let tolerance = tolerance(samples.len());
    for k in -REACH..=REACH {
        let hits = samples.iter().filter(|s| **s == k as f64).count();
        let found = hits as f64 / samples.len() as f64;
        assert!(
            (found - mass(k as f64)).abs() <= tolerance,
            "{k}: {found} of {}",
            mass(k as f64)
        );
    }
}

#[test]
fn laplace_noise_is_discrete_laplace() {
    let q = (-0.5_f64).exp();
    let samples = samples(&counts(CELLS, 0.5), 0, DRAWS);
    frequencies_are(&samples, |k| (1.0 - q) / (1.0 + q) * q.powf(k.abs()));
}

#[test]
fn gaussian_noise_is_discrete_gaussian() {
    let manifest = gaussian(counts(CELLS, 1.0), 1e-5);
    let scale = calibrated(&manifest).spreads()[0].scale;
    let expected = (1.0 / (2.0 * rho_of(1.0, 1e-5))).sqrt();
    assert!((scale / expected - 1.0).abs() < 1e-6, "{scale} {expected}");
    let weight = |k: f64| (-k * k / (2.0 * scale * scale)).exp();
    let whole: f64 = (-500..=500).map(|k| weight(f64::from(k))).sum();
    frequencies_are(&samples(&manifest, 0, DRAWS), |k| weight(k) / whole);
}

#[test]
fn the_stated_error_bounds_nineteen_figures_in_twenty() {
    for manifest in [
        counts(CELLS, 0.3),
        gaussian(counts(CELLS, 2.0), 1e-6),
        contribution(CELLS, 3, &[(-2.0, 7.0, None)]),
        contribution(CELLS, 1, &[(0.0, 1.0, Some(0.25)), (0.0, 9.0, None)]),
    ] {
        let bound = calibrated(&manifest).spreads()[0].error_95;
        let samples = samples(
            &{
                let mut one = manifest.clone();
                one.epsilon /= manifest.measures.len() as f64;
                one.measures.truncate(1);
                one
            },
            0,
            DRAWS / 2,
        );
        let beyond =
            samples.iter().filter(|s| s.abs() > bound).count() as f64 / samples.len() as f64;
        // Hoeffding: 30,000 figures are off by 0.0152 with a probability below 10⁻⁶.
        assert!(beyond < 0.05 + 0.0152, "{beyond} beyond {bound}");
        assert!(
            beyond > 0.01,
            "{beyond}: the bound is no wider than it must be"
        );
    }
}

#[test]
fn scales_are_those_of_the_formulas() {
    let scale = |contribution| calibrated(&contribution).spreads()[0].scale;
    let near =
        |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-9, "{found} {wanted}");
    near(scale(counts(1, 0.1)), 10.0);
    near(scale(contribution(5, 3, &[(-4.0, 2.0, Some(0.5))])), 12.0);
    near(
        scale(contribution(
            5,
            1,
            &[(0.0, 1.0, Some(1.0)), (0.0, 8.0, Some(1.0))],
        )),
        2.0,
    );
    let rho = rho_of(1.0, 1e-6);
    let two = gaussian(
        contribution(9, 4, &[(0.0, 5.0, None), (0.0, 1.0, None)]),
        1e-6,
    );
    near(scale(two), 2.0 * 5.0 * (2.0 / (2.0 * rho)).sqrt());
}

#[test]
fn a_charge_of_both_kinds_or_of_none_draws_nothing() {
    let bounds = Bounds::of(&counts(1, 1.0)).unwrap();
    for (epsilon_nano, rho_pico) in [(0, 0), (1, 1)] {
        let charge = PrivacyCharge {
            epsilon_nano,
            rho_pico,
        };
        let refused = Calibration::of(bounds.clone(), charge);
        assert_eq!(refused.unwrap_err(), PrivacyError::Calibration);
    }
}

#[test]
fn two_draws_differ() {
    let calibration = calibrated(&counts(64, 0.01));
    let sums = vec![0; 64];
    // 64 figures of scale 100 are all the same with a probability below 200⁻⁶⁴.
    assert_ne!(
        calibration.draw(&sums).unwrap(),
        calibration.draw(&sums).unwrap()
    );
}
