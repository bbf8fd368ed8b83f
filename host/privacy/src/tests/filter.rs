//! The account: what fits, and what does not.

use proptest::prelude::*;
use yunei_model::PrivacyCharge;

use super::{counts, gaussian};
use crate::{charge, epsilon_of, fits, rho_of};

const fn pure(epsilon_nano: u64) -> PrivacyCharge {
    PrivacyCharge {
        epsilon_nano,
        rho_pico: 0,
    }
}

#[test]
fn pure_charges_add_up_to_the_budget_and_not_one_more() {
    let each = charge(&counts(1, 0.1));
    assert_eq!(each, pure(100_000_000));
    let mut spent = PrivacyCharge::default();
    let mut runs = 0;
    while fits(1.0, 0.0, spent.plus(each)) {
        spent = spent.plus(each);
        runs += 1;
    }
    assert_eq!(runs, 10);
    assert!(!fits(1.0, 0.0, pure(1_000_000_001)));
    assert!(
        !fits(0.999_999_999, 0.0, spent),
        "a budget below what is spent stops further runs"
    );
    assert!(!fits(0.0, 0.0, pure(1)) && fits(0.0, 0.0, pure(0)));
}

#[test]
fn gaussian_charges_need_a_delta() {
    let each = charge(&gaussian(counts(1, 0.1), 1e-9));
    assert!(each.rho_pico > 0 && each.epsilon_nano == 0);
    assert!(!fits(100.0, 0.0, each));
    assert!(fits(1.0, 1e-6, each));
}

#[test]
fn many_gaussian_runs_cost_less_than_their_epsilons() {
    let each = charge(&gaussian(counts(1, 0.1), 1e-6));
    let mut spent = PrivacyCharge::default();
    let mut runs = 0;
    while fits(1.0, 1e-6, spent.plus(each)) && runs < 1000 {
        spent = spent.plus(each);
        runs += 1;
    }
    assert!(
        (70..=95).contains(&runs),
        "{runs} runs of ε = 0.1 fit into ε = 1"
    );
}

#[test]
fn conversion_and_its_inverse_agree() {
    for epsilon in [1e-6, 0.01, 1.0, 10.0, 1000.0] {
        for delta in [1e-18, 1e-9, 1e-4] {
            let back = epsilon_of(rho_of(epsilon, delta), delta);
            assert!(back <= epsilon, "never more than asked: {back} {epsilon}");
            assert!(back > epsilon * (1.0 - 1e-9), "{back} {epsilon}");
        }
    }
    assert_eq!(rho_of(1.0, 0.0), 0.0);
    assert_eq!(rho_of(0.0, 1e-6), 0.0);
    assert_eq!(rho_of(f64::NAN, 1e-6), 0.0);
    assert!(!fits(f64::NAN, 0.0, pure(0)) && !fits(1.0, f64::NAN, pure(0)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Whoever chooses each charge after all that came before gets no further than the whole budget under plain composition.
    #[test]
    fn no_adaptive_sequence_passes_the_budget(
        epsilon in 0.05_f64..20.0,
        delta in prop_oneof![Just(0.0), Just(1e-4), Just(1e-9)],
        asked in prop::collection::vec((any::<bool>(), 0.0_f64..1.0), 1..60),
    ) {
        let mut spent = PrivacyCharge::default();
        for (gaussian, part) in asked {
            // As large as may be: a part of all that is left, by the attacker's own reckoning.
            let left = epsilon - spent.epsilon_nano as f64 / 1e9;
            let next = if gaussian {
                PrivacyCharge { epsilon_nano: 0, rho_pico: (rho_of(left * part, 1e-6) * 1e12) as u64 }
            } else {
                pure((left * part * 1e9) as u64)
            };
            let would = spent.plus(next);
            if fits(epsilon, delta, would) {
                spent = would;
            }
            let (pure, rho) = (spent.epsilon_nano as f64 / 1e9, spent.rho_pico as f64 / 1e12);
            let whole = if rho > 0.0 { pure + epsilon_of(rho, delta) } else { pure };
            prop_assert!(whole <= epsilon, "{whole} of {epsilon} at {delta}");
        }
    }

    #[test]
    fn what_fits_once_more_is_spent_fitted_before(
        epsilon in 0.0_f64..5.0,
        one in (0_u64..5_000_000_000, 0_u64..50_000_000_000),
        more in (0_u64..1_000_000_000, 0_u64..10_000_000_000),
    ) {
        let spent = PrivacyCharge { epsilon_nano: one.0, rho_pico: one.1 };
        let would = spent.plus(PrivacyCharge { epsilon_nano: more.0, rho_pico: more.1 });
        if fits(epsilon, 1e-6, would) {
            prop_assert!(fits(epsilon, 1e-6, spent));
            prop_assert!(fits(epsilon * 1.5, 1e-6, would));
            prop_assert!(fits(epsilon, 1e-5, would));
        }
    }
}
