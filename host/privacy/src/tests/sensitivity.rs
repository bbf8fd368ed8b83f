//! Neighbouring inputs differ by the sensitivity at most, whatever a guest gives.

use proptest::prelude::*;

use super::contribution;
use crate::{Bounds, PrivacyError, Tally, UnitKey};

/// What one subject gives: cells, in and out of range, with a value per measure, no numbers among them.
type Given = Vec<(usize, Vec<f64>)>;

const CELLS: usize = 4;
const MEASURES: [(f64, f64, Option<f64>); 3] = [
    (0.0, 1.0, Some(1.0)),
    (-3.5, 2.0, None),
    (10.0, 1e9, Some(2.0)),
];

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -5.0..5.0,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(1e300),
    ]
}

fn given() -> impl Strategy<Value = Given> {
    let slot = (0..CELLS + 2, prop::collection::vec(value(), MEASURES.len()));
    prop::collection::vec(slot, 0..8)
}

fn bounds(cells_per_subject: u32) -> Bounds {
    Bounds::of(&contribution(CELLS, cells_per_subject, &MEASURES)).unwrap()
}

fn tallied(bounds: &Bounds, subjects: &[(UnitKey, Given)]) -> Vec<i64> {
    let mut tally = Tally::new(bounds.clone());
    for (unit, given) in subjects {
        let slots = given
            .iter()
            .map(|(cell, values)| (*cell, values.iter().copied()));
        tally.add(*unit, slots).unwrap();
    }
    tally.finish().1
}

/// The difference of two tables in each measure: in the L1 norm, squared in the L2 norm, and in cells.
fn differences(bounds: &Bounds, one: &[i64], other: &[i64]) -> Vec<(u64, u128, usize)> {
    let measures = bounds.lattices().len();
    let column = |measure: usize| {
        let pairs = one.iter().zip(other).skip(measure).step_by(measures);
        let differences: Vec<u64> = pairs.map(|(a, b)| a.abs_diff(*b)).collect();
        (
            differences.iter().sum(),
            differences
                .iter()
                .map(|d| u128::from(*d) * u128::from(*d))
                .sum(),
            differences.iter().filter(|d| **d > 0).count(),
        )
    };
    (0..measures).map(column).collect()
}

fn within(bounds: &Bounds, with: &[i64], without: &[i64]) -> Result<(), TestCaseError> {
    let found = differences(bounds, with, without);
    for ((l1, l2, cells), lattice) in found.into_iter().zip(bounds.lattices()) {
        prop_assert!(l1 <= bounds.sensitivity_l1(lattice));
        prop_assert!(l2 <= bounds.sensitivity_l2_squared(lattice));
        prop_assert!(cells <= bounds.cells_per_unit());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn one_subject_moves_the_sums_by_the_sensitivity_at_most(
        cells in 1..=CELLS as u32,
        others in prop::collection::vec(given(), 0..6),
        attacked in given(),
        place in 0_usize..6,
    ) {
        let bounds = bounds(cells);
        let mut subjects: Vec<_> = others.into_iter().map(|g| (UnitKey::Subject, g)).collect();
        let without = tallied(&bounds, &subjects);
        subjects.insert(place.min(subjects.len()), (UnitKey::Subject, attacked));
        within(&bounds, &tallied(&bounds, &subjects), &without)?;
    }

    #[test]
    fn a_whole_group_moves_the_sums_by_the_sensitivity_of_one_subject(
        cells in 1..=CELLS as u32,
        others in prop::collection::vec((0_u64..3, given()), 0..6),
        group in prop::collection::vec((given(), 0_usize..9), 1..5),
    ) {
        let bounds = bounds(cells);
        let mut subjects: Vec<_> = others.into_iter().map(|(n, g)| (UnitKey::Group(n), g)).collect();
        let without = tallied(&bounds, &subjects);
        for (given, place) in group {
            subjects.insert(place.min(subjects.len()), (UnitKey::Group(9), given));
        }
        within(&bounds, &tallied(&bounds, &subjects), &without)?;
    }
}

#[test]
fn the_sensitivity_is_reached() {
    let bounds = bounds(2);
    let most = |lattice: &crate::Lattice, value: f64| lattice.point(value).unsigned_abs();
    let given: Given = (0..CELLS)
        .map(|cell| (cell, vec![9.0, -9.0, 2e9]))
        .collect();
    let with = tallied(&bounds, &[(UnitKey::Subject, given)]);
    let without = tallied(&bounds, &[]);
    for ((l1, l2, cells), lattice) in differences(&bounds, &with, &without)
        .into_iter()
        .zip(bounds.lattices())
    {
        assert_eq!(
            l1,
            bounds.sensitivity_l1(lattice),
            "the bound is no looser than needed"
        );
        assert_eq!(l2, bounds.sensitivity_l2_squared(lattice));
        assert_eq!(cells, 2, "the first two cells, and no more");
    }
    assert_eq!(most(&bounds.lattices()[2], 2e9), 500_000_000);
}

#[test]
fn the_first_cells_count_and_a_cell_named_twice_is_one_cell() {
    let bounds = Bounds::of(&contribution(3, 2, &[(-10.0, 10.0, Some(1.0))])).unwrap();
    let given = vec![
        (2, vec![4.0]),
        (7, vec![9.0]),
        (2, vec![5.0]),
        (0, vec![3.0]),
        (1, vec![8.0]),
        (2, vec![6.0]),
    ];
    let sums = tallied(&bounds, &[(UnitKey::Subject, given)]);
    assert_eq!(
        sums,
        [3, 0, 10],
        "clamped after adding, and the third cell is left out"
    );
}

#[test]
fn what_is_no_number_is_the_default() {
    let mut manifest = contribution(1, 1, &[(2.0, 6.0, Some(0.5))]);
    manifest.measures[0].default = 99.0;
    let bounds = Bounds::of(&manifest).unwrap();
    let sums = tallied(&bounds, &[(UnitKey::Subject, vec![(0, vec![f64::NAN])])]);
    assert_eq!(sums, [12], "the default is clamped too");
    let nothing = tallied(&bounds, &[(UnitKey::Subject, vec![])]);
    assert_eq!(nothing, [0], "who touches no cell adds nothing to it");
}

#[test]
fn bounds_without_sense_are_none() {
    let broken = |min, max, step| {
        let bounds = Bounds::of(&contribution(1, 1, &[(min, max, step)]));
        assert!(
            matches!(bounds, Err(PrivacyError::Bounds { .. })),
            "{min} {max} {step:?}"
        );
    };
    broken(1.0, 0.0, None);
    broken(0.0, f64::INFINITY, None);
    broken(f64::NAN, 1.0, None);
    broken(0.0, 1.0, Some(0.0));
    broken(0.0, 1.0, Some(-1.0));
    broken(0.0, 1e18, Some(1.0));
    assert!(Bounds::of(&contribution(0, 1, &[(0.0, 1.0, None)])).is_err());
    assert!(Bounds::of(&contribution(1, 0, &[(0.0, 1.0, None)])).is_err());
    assert!(Bounds::of(&contribution(1, 2, &[(0.0, 1.0, None)])).is_err());
    assert!(Bounds::of(&contribution(1, 1, &[])).is_err());
}
