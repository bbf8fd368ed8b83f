use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Alike, Part, RowSums};
use crate::accumulate::VALUES_MAX;

/// Units, each with the values and weights of its rows.
fn units() -> impl Strategy<Value = Vec<Vec<(i8, u8)>>> {
    let row = (-12_i8..12, 0_u8..3);
    prop::collection::vec(prop::collection::vec(row, 1..4), 0..60)
}

proptest! {
    #[test]
    fn crowds_are_those_of_whoever_counts_by_hand(units in units()) {
        let (mut alike, mut sums) = (Alike::default(), RowSums::default());
        let mut by_hand: BTreeMap<i8, u64> = BTreeMap::new();
        let mut present = 0;
        for rows in &units {
            let mut part = None;
            for (value, weight) in rows {
                let (value, weight) = (f64::from(*value), f64::from(*weight));
                let contribution = sums.add(value, weight);
                Part::take(&mut part, Part::of_row(contribution, value, weight));
            }
            alike.unit(&part.unwrap());
            let mut weighing = rows.iter().filter(|(_, weight)| *weight > 0).map(|(value, _)| *value);
            if let Some(first) = weighing.next() {
                present += 1;
                if weighing.all(|value| value == first) {
                    *by_hand.entry(first).or_insert(0) += 1;
                }
            }
        }
        prop_assert_eq!(u64::from(alike.present), present);
        let most = by_hand.values().copied().max().unwrap_or(0);
        if by_hand.len() > VALUES_MAX {
            // So many are unlike any one value that no rule asks for more.
            prop_assert!(alike.values.values().many && present - most >= VALUES_MAX as u64);
        } else {
            let values = alike.values.values();
            for units_min in [1, 3, most.max(1)] {
                let crowds = values.crowds(units_min);
                let wanted = by_hand.iter().filter(|(_, units)| **units >= units_min);
                for (value, _) in wanted {
                    prop_assert!(crowds.contains(&f64::from(*value)));
                }
                let is_known = |value: &f64| by_hand.keys().any(|held| f64::from(*held) == *value);
                prop_assert!(crowds.iter().all(is_known) && crowds.is_sorted());
            }
            for (value, units) in &by_hand {
                let value = f64::from(*value);
                prop_assert_eq!(values.units_at(value), *units);
                prop_assert_eq!(values.units_beside(&[value], present), present - units);
            }
        }
        let weighing = units.iter().flatten().filter(|(_, weight)| *weight > 0);
        let least = weighing.map(|(value, _)| *value).min();
        prop_assert_eq!(least.map_or(f64::INFINITY, f64::from), sums.least);
    }
}

#[test]
fn a_cell_in_which_nothing_weighs_adds_no_value_to_its_margin() {
    let (mut margin, mut weighed, mut nothing) =
        (RowSums::default(), RowSums::default(), RowSums::default());
    weighed.add(1.0, 1.0);
    weighed.add(2.0, 1.0);
    nothing.add(5.0, 0.0);
    margin.sum_on(&weighed);
    margin.sum_on(&nothing);
    assert!(margin.least == 1.0 && margin.greatest == 2.0 && !margin.third);
}
