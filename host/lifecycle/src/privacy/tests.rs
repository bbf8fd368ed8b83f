//! What is told of an account.

use yunei_model::PrivacyCharge;

use super::together;

#[test]
fn charges_of_both_kinds_are_told_together_where_there_is_a_delta() {
    let charge = |epsilon_nano, rho_pico| PrivacyCharge {
        epsilon_nano,
        rho_pico,
    };
    assert_eq!(together(charge(1_500_000_000, 0), 0.0), Some(1.5));
    assert_eq!(together(charge(0, 5), 0.0), None, "ρ alone tells no ε");
    let both = together(charge(500_000_000, 10_000_000_000), 1e-6).unwrap();
    let wanted = 0.5 + 0.01 + 2.0 * (0.01 * 1e6_f64.ln()).sqrt();
    assert!((both - wanted).abs() < 1e-12, "{both} {wanted}");
}
