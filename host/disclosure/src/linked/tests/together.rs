//! Merged tables beside others, and how good a joint pattern is.

use proptest::prelude::*;
use yunei_model::OnFailure;

use super::*;
use crate::judge;

/// Regions within sides: two bandings of one field, people by region.
fn regions(people: [usize; 4]) -> World {
    let mut world = World {
        axes: vec![axis("region", "region", 4), axis("region", "side", 2)],
        rows: Vec::new(),
    };
    for (region, people) in people.into_iter().enumerate() {
        let codes = vec![region, region / 2];
        let values = (0..people).map(|k| (codes.clone(), 1.0 + (k % 7) as f64));
        world.rows.extend(values);
    }
    world
}

fn merged(mut table: Drawn) -> Drawn {
    table.asking = Some(OnFailure::Merge);
    table
}

#[test]
fn a_merged_table_is_an_exact_one_over_coarser_cells() {
    let world = regions([4, 60, 62, 70]);
    let finest = || world.draw(&[0], false, &count());
    let merged_table = || merged(world.draw(&[1], false, &count()));
    let judged = world.judge(&[merged_table(), finest()]);
    assert!(
        released(&judged),
        "{:?} {:?}",
        judged[0].reasons,
        judged[1].reasons
    );
    assert_eq!(blanks(&judged[0]), [0; 0], "64 and 132");
    assert_eq!(blanks(&judged[1]), [0, 1], "64 − 60 would be told");
}

/// 64 less 60 would tell the four, and the finer table left with the sixty.
#[test]
fn a_merged_table_that_would_give_back_a_blank_goes_to_people() {
    let world = regions([4, 60, 62, 70]);
    let finest = world.draw(&[0], false, &count());
    let alone = world.judge(std::slice::from_ref(&finest));
    assert_eq!(blanks(&alone[0]), [0]);
    let tables = [
        finest.released_as(&alone[0]),
        merged(world.draw(&[1], false, &count())),
    ];
    let judged = world.judge(&tables);
    assert_eq!(judged[0].decision, Decision::Review, "{judged:?}");
    assert!(judged[0].table.is_none());
}

#[test]
fn a_merged_table_whose_own_cells_fail_goes_to_people() {
    let world = regions([4, 3, 62, 70]);
    let tables = [
        merged(world.draw(&[1], false, &count())),
        world.draw(&[0], false, &count()),
    ];
    assert_eq!(world.judge(&tables)[0].decision, Decision::Review);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A pattern that protects a single table, optimal where that is small, costs no less than the bound.
    #[test]
    fn no_pattern_costs_less_than_the_bound(counts in prop::collection::vec(prop_oneof![1_usize..10, 12_usize..40, 12_usize..40], 9)) {
        let world = World::of_counts(&[3, 3], &counts);
        let table = world.draw(&[0, 1], true, &count());
        let single = judge(&table.statistics, &table.shape, &profile("yunei"), Protection::Subjects);
        let joint = world.judge(std::slice::from_ref(&table));
        let (Some(single), Some(joint)) = (single.pattern, joint[0].pattern) else {
            return Ok(());
        };
        prop_assert!(joint.bound <= joint.cost + 1e-9);
        prop_assert!(joint.bound <= single.cost + 1e-9, "{joint:?} {single:?}");
    }
}

/// One small cell in a table of three by three, and the margin of its rows shown by another table too: two of its row or column have to be blank at
/// least, the cheapest of each.
#[test]
fn the_bound_counts_a_shared_margin_once() {
    let world = World::of_counts(&[3, 3], &[3, 40, 50, 20, 15, 60, 70, 80, 90]);
    let tables = [
        world.draw(&[0, 1], true, &count()),
        world.draw(&[0], true, &count()),
    ];
    let judged = world.judge(&tables);
    let pattern = judged[0].pattern.unwrap();
    assert_eq!(judged[1].pattern, Some(pattern));
    let cost = |people: f64| 1.0 + (1.0 + people).log2();
    assert!(
        (pattern.bound - cost(20.0) - cost(40.0)).abs() < 1e-9,
        "{pattern:?}"
    );
    assert!(pattern.cost >= pattern.bound);
}
