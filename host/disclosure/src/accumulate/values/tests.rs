use proptest::prelude::*;

use super::Values;

/// Whether so many more could have a value: every way of giving so many units values that are there, with the same sum.
fn could_be(known: &[(i64, u32)], value: i64, more: u32) -> bool {
    let units: u32 = known.iter().map(|(_, units)| units).sum();
    let sum: i64 = known
        .iter()
        .map(|(value, units)| value * i64::from(*units))
        .sum();
    let wanted = known
        .iter()
        .find(|(held, _)| *held == value)
        .map_or(0, |(_, units)| units + more);
    fn walk(known: &[(i64, u32)], value: i64, wanted: u32, units: u32, sum: i64) -> bool {
        let Some(((held, _), rest)) = known.split_first() else {
            return units == 0 && sum == 0;
        };
        let least = if *held == value { wanted } else { 0 };
        (least..=units).any(|n| walk(rest, value, wanted, units - n, sum - held * i64::from(n)))
    }
    walk(known, value, wanted, units, sum)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_hidden_could_be_had_by_more(
        known in prop::collection::btree_map(0_i64..14, 1_u32..8, 2..5),
        units_min in 2_u64..5,
    ) {
        let known: Vec<(i64, u32)> = known.into_iter().collect();
        let values = known.iter().map(|(value, units)| (*value as f64, *units)).collect();
        let crowds = Values::of(values, false).crowds(units_min);
        let is_crowd = |units: u32| u64::from(units) >= units_min;
        prop_assert_eq!(crowds.is_empty(), !known.iter().any(|(_, units)| is_crowd(*units)));
        for (value, units) in &known {
            let listed = crowds.contains(&(*value as f64));
            prop_assert!(listed || !is_crowd(*units) || crowds.is_empty());
            if listed && !is_crowd(*units) {
                prop_assert!(could_be(&known, *value, units_min as u32), "{value} of {known:?}");
            }
        }
    }
}
