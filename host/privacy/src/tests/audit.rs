//! What an attacker learns from figures about neighbouring data: a lower bound on ε from the outputs alone (Jagielski, Ullman &
//! Oprea, *Auditing Differentially Private Machine Learning*, NeurIPS 2020), with Clopper & Pearson's exact intervals.

use super::{counts, gaussian, samples};

/// Probability with which one end of an interval is wrong.
const MISSED: f64 = 2.5e-7;
const CELLS: usize = 2000;
const DRAWS: usize = 10;

/// ln of the probability of exactly `k` hits in `n`, each of probability `p`.
fn log_mass(ln_choose: f64, n: f64, k: f64, p: f64) -> f64 {
    k.mul_add(p.ln(), (n - k).mul_add((-p).ln_1p(), ln_choose))
}

/// P[at least `k` hits in `n`], each of probability `p`.
fn upper_tail(k: usize, n: usize, p: f64, ln_factorials: &[f64]) -> f64 {
    let choose = |i: usize| ln_factorials[n] - ln_factorials[i] - ln_factorials[n - i];
    (k..=n)
        .map(|i| log_mass(choose(i), n as f64, i as f64, p).exp())
        .sum()
}

/// Clopper and Pearson's lower end: the greatest p under which `k` hits or more are seen with a probability of [`MISSED`] at most.
fn lower(k: usize, n: usize, ln_factorials: &[f64]) -> f64 {
    let (mut low, mut high) = (0.0, k as f64 / n as f64);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if upper_tail(k, n, middle, ln_factorials) <= MISSED {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// ε that the outputs prove, by the event that a figure is above `edge`: with the subject, and without it.
fn proven(with: &[f64], without: &[f64], edge: f64) -> f64 {
    let n = with.len();
    let mut ln_factorials = vec![0.0];
    for i in 1..=n {
        ln_factorials.push(ln_factorials[i - 1] + (i as f64).ln());
    }
    let above = |samples: &[f64]| samples.iter().filter(|s| **s > edge).count();
    let least = lower(above(with), n, &ln_factorials);
    // The upper end is one less the lower end of the misses.
    let most = 1.0 - lower(n - above(without), n, &ln_factorials);
    (least / most).ln()
}

#[test]
fn neighbours_prove_no_more_than_epsilon_and_nearly_as_much() {
    for epsilon in [0.5, 1.0, 2.0] {
        let manifest = counts(CELLS, epsilon);
        let (with, without) = (samples(&manifest, 1, DRAWS), samples(&manifest, 0, DRAWS));
        let proven = proven(&with, &without, 0.5);
        assert!(
            proven <= epsilon,
            "ε = {epsilon} is broken: {proven} is proven"
        );
        assert!(
            proven > 0.7 * epsilon,
            "the audit sees too little: {proven} of {epsilon}"
        );
    }
}

#[test]
fn noise_of_half_the_scale_is_caught() {
    // The same audit over noise of twice the ε: it must not pass for ε.
    let manifest = counts(CELLS, 2.0);
    let (with, without) = (samples(&manifest, 1, DRAWS), samples(&manifest, 0, DRAWS));
    assert!(proven(&with, &without, 0.5) > 1.0);
}

#[test]
fn an_attacker_who_guesses_gains_no_more_than_the_bound() {
    // Membership advantage |P[guess | with] − P[guess | without]| ≤ (e^ε − 1)/(e^ε + 1) (Dwork & Roth 2014, and Wasserman & Zhou
    // 2010 on tests); within Hoeffding's distance for two frequencies at 10⁻⁷.
    let epsilon = 1.0_f64;
    let manifest = counts(CELLS, epsilon);
    let (with, without) = (samples(&manifest, 1, DRAWS), samples(&manifest, 0, DRAWS));
    let share = |samples: &[f64]| {
        samples.iter().filter(|s| **s > 0.5).count() as f64 / samples.len() as f64
    };
    let bound = (epsilon.exp() - 1.0) / (epsilon.exp() + 1.0);
    let distance = 2.0 * ((4.0_f64 / 1e-7).ln() / (2.0 * with.len() as f64)).sqrt();
    let advantage = share(&with) - share(&without);
    assert!(advantage <= bound + distance, "{advantage} {bound}");
    assert!(
        advantage >= bound - distance,
        "the best attacker was tried: {advantage} {bound}"
    );
}

#[test]
fn gaussian_noise_keeps_epsilon_and_delta() {
    let (epsilon, delta) = (1.0, 1e-5);
    let manifest = gaussian(counts(CELLS, epsilon), delta);
    let (with, without) = (samples(&manifest, 1, DRAWS), samples(&manifest, 0, DRAWS));
    for edge in [0.5, 3.5, 6.5] {
        // δ is far below what these intervals resolve.
        assert!(proven(&with, &without, edge) <= epsilon);
    }
}
