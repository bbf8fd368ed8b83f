use proptest::prelude::*;

use super::{Alike, SLIP};

/// Takes a unit the plain way: every mean is worked out and held against both ends.
fn plain(alike: &mut Alike, contribution: f64, rows: f64) {
    alike.nonzero += u32::from(contribution != 0.0);
    let mean = contribution / rows;
    let slip = SLIP * mean.abs();
    if alike.at_least == 0 || mean < alike.least - slip {
        (alike.least, alike.at_least) = (mean, 1);
    } else if mean <= alike.least + slip {
        alike.at_least += 1;
    }
    if alike.at_greatest == 0 || mean > alike.greatest + slip {
        (alike.greatest, alike.at_greatest) = (mean, 1);
    } else if mean >= alike.greatest - slip {
        alike.at_greatest += 1;
    }
}

fn values() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-4_i8..5).prop_map(f64::from),
        // Next to each other, and next to a whole number.
        (-40_i64..40).prop_map(|steps| 3.0 + steps as f64 * 0.4 * SLIP),
        prop::sample::select(vec![
            0.0,
            -0.0,
            5e-324,
            1e-310,
            -1e-310,
            1e-281,
            1e300,
            f64::INFINITY
        ]),
        -1e6..1e6,
    ]
}

proptest! {
    #[test]
    fn what_is_well_between_changes_nothing(units in prop::collection::vec((values(), 1_u8..6), 0..60)) {
        let (mut quick, mut by_hand) = (Alike::default(), Alike::default());
        for (value, rows) in units {
            let rows = f64::from(rows);
            for contribution in [value, value * rows] {
                quick.unit(contribution, rows);
                plain(&mut by_hand, contribution, rows);
                prop_assert_eq!(quick, by_hand, "{} of {} rows", contribution, rows);
            }
        }
    }
}
