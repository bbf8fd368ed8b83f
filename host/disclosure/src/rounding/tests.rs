use proptest::prelude::*;

use crate::{Rounding, RoundingMethod, round_count, round_figure, round_weighted};

fn rounding(method: RoundingMethod, base: u64) -> Rounding {
    Rounding {
        method,
        base,
        figure_digits: None,
    }
}

proptest! {
    #[test]
    fn nearest_is_a_multiple_at_most_half_a_base_away(count in 0_u64..1_000_000_000, base in 1_u64..100) {
        let rounded = round_count(count, &rounding(RoundingMethod::Nearest, base));
        prop_assert_eq!(rounded % base, 0);
        prop_assert!(rounded.abs_diff(count) * 2 <= base);
    }

    #[test]
    fn midpoint_depends_on_the_class_alone(count in 1_u64..1_000_000, half in 1_u64..50) {
        let base = 2 * half;
        let rule = rounding(RoundingMethod::Midpoint, base);
        let rounded = round_count(count, &rule);
        prop_assert_eq!(rounded % base, half);
        let first = (count - 1) / base * base + 1;
        prop_assert_eq!(rounded, round_count(first, &rule));
        prop_assert!(rounded.abs_diff(count) <= half);
    }

    #[test]
    fn weighted_counts_round_as_counts_do(count in 0_u32..1_000_000, half in 1_u64..50) {
        for method in [RoundingMethod::Nearest, RoundingMethod::Midpoint] {
            let rule = rounding(method, 2 * half);
            prop_assert_eq!(round_weighted(f64::from(count), &rule, 1.0), round_count(u64::from(count), &rule) as f64);
        }
    }

    #[test]
    fn figures_keep_their_digits_and_no_others(figure in -1e12_f64..1e12, digits in 1_u32..12) {
        let rounded = round_figure(figure, digits);
        prop_assert_eq!(round_figure(rounded, digits), rounded);
        prop_assert!((rounded - figure).abs() <= figure.abs() * 10_f64.powi(1 - digits as i32) * 0.500_001);
    }

    #[test]
    fn low_bits_carry_nothing(figure in 1.0_f64..1e9, secret in 0_u64..256) {
        let carrying = f64::from_bits(figure.to_bits() & !0xff | secret);
        let clean = f64::from_bits(figure.to_bits() & !0xff);
        let (a, b) = (round_figure(carrying, 6), round_figure(clean, 6));
        // But for the rare figure beside a boundary, where one bit may go through.
        prop_assert!(a == b || (a - b).abs() <= clean * 1.1e-5);
    }
}

#[test]
fn no_number_stays_none() {
    assert!(round_figure(f64::NAN, 6).is_nan());
    assert_eq!(round_figure(f64::INFINITY, 6), f64::INFINITY);
    assert_eq!(round_figure(0.0, 6), 0.0);
    assert_eq!(
        round_count(u64::MAX, &rounding(RoundingMethod::Nearest, 10)) % 10,
        0
    );
}
