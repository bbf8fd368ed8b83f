//! Tables over parts of the rows: days, and the week that they make.

use proptest::prelude::*;

use super::attacker::{hold, size};
use super::*;

/// Judged alone, and as released then.
fn alone(world: &World, table: Drawn) -> Option<Drawn> {
    let judged = world.judge(std::slice::from_ref(&table));
    released(&judged).then(|| table.released_as(&judged[0]))
}

/// What a week less six days would give back stays unknown: the week's cell is blank, or another day's was.
#[test]
fn a_week_does_not_give_back_a_blank_day() {
    // Two districts on three days; nobody may learn of the first district on the last day.
    let counts = [40, 50, 3, 60, 70, 80];
    let world = World::of_counts(&[2, 3], &counts);
    let days = (0..3).map(|day| alone(&world, world.draw_piece(&[0], false, (1, &[day]))).unwrap());
    let mut tables = vec![world.draw_piece(&[0], false, (1, &[0, 1, 2]))];
    tables.extend(days);
    let judged = world.judge(&tables);
    assert!(released(&judged), "{:?}", judged[0].reasons);
    assert_eq!(blanks(&judged[0]), [0]);
    let of: Vec<_> = tables
        .iter()
        .map(|t| (t, t.shown.clone().unwrap_or_else(|| shown(&judged[0]))))
        .collect();
    hold(&world, &counts, &of).unwrap();
    // The attacker is no straw man.
    let mut careless = of.clone();
    careless[0].1 = vec![true, true];
    assert!(
        hold(&world, &counts, &careless).is_err(),
        "93 less 40 less 50"
    );
}

/// Days that are harmless beside each other leave the week as it is.
#[test]
fn a_week_of_full_days_is_shown() {
    let counts = [40, 50, 30, 60, 70, 80];
    let world = World::of_counts(&[2, 3], &counts);
    let days = (0..3).map(|day| alone(&world, world.draw_piece(&[0], false, (1, &[day]))).unwrap());
    let mut tables = vec![world.draw_piece(&[0], false, (1, &[0, 1, 2]))];
    tables.extend(days);
    let judged = world.judge(&tables);
    assert!(released(&judged));
    assert_eq!(blanks(&judged[0]), [0; 0]);
}

/// A table that says it is over rows that it is not over is not judged.
#[test]
fn a_piece_that_is_none_goes_to_people() {
    let world = World::of_counts(&[2, 2], &[40, 50, 30, 60]);
    let day = alone(&world, world.draw_piece(&[0], false, (1, &[0]))).unwrap();
    let mut week = world.draw_piece(&[0], false, (1, &[0, 1]));
    week.piece = Some((world.axes[1].clone(), vec![true, false]));
    let judged = world.judge(&[week, day]);
    assert_eq!(judged[0].decision, Decision::Review);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    // What goes to people tells nothing: such tables are not counted among the cases.
    #[test]
    fn a_week_after_its_days_holds(counts in prop::collection::vec(size(), 4), totals: bool) {
        let world = World::of_counts(&[2, 2], &counts);
        let days = [0, 1].map(|day| alone(&world, world.draw_piece(&[0], totals, (1, &[day]))));
        prop_assume!(days.iter().all(Option::is_some));
        let mut tables = vec![world.draw_piece(&[0], totals, (1, &[0, 1]))];
        tables.extend(days.into_iter().flatten());
        let judged = world.judge(&tables);
        prop_assume!(released(&judged));
        let of: Vec<_> = tables
            .iter()
            .map(|t| (t, t.shown.clone().unwrap_or_else(|| shown(&judged[0]))))
            .collect();
        hold(&world, &counts, &of)?;
    }

    #[test]
    fn the_last_day_after_the_week_holds(counts in prop::collection::vec(size(), 4)) {
        let world = World::of_counts(&[2, 2], &counts);
        let week = alone(&world, world.draw_piece(&[0], false, (1, &[0, 1])));
        prop_assume!(week.is_some());
        let mut tables = vec![world.draw_piece(&[0], false, (1, &[0]))];
        tables.extend(week);
        let judged = world.judge(&tables);
        prop_assume!(released(&judged));
        let first = tables.remove(0).released_as(&judged[0]);
        tables.insert(0, world.draw_piece(&[0], false, (1, &[1])));
        tables.push(first);
        let judged = world.judge(&tables);
        prop_assume!(released(&judged));
        let of: Vec<_> = tables
            .iter()
            .map(|t| (t, t.shown.clone().unwrap_or_else(|| shown(&judged[0]))))
            .collect();
        hold(&world, &counts, &of)?;
    }
}

/// A refund on the third day, released by people with its month, does not take the level of the column from other days.
#[test]
fn negative_values_of_another_day_are_for_people() {
    let sums = vec![measure("profit", Aggregate::Sum)];
    for refund in [false, true] {
        let mut world = World::of_counts(&[2, 2], &[40, 50, 30, 60]);
        let third = world.rows.iter_mut().find(|(codes, _)| codes[1] == 1);
        third.unwrap().1 = if refund { -5.0 } else { 1.5 };
        let day = world.draw_over(&[0], true, &sums, Some((1, &[0])));
        let month = world.draw(&[0], true, &sums).released(vec![true; 3]);
        // By itself the day has no negative value.
        let judged = world.judge(&[day, month]);
        let negative = judged[0]
            .reasons
            .iter()
            .any(|r| r.starts_with(Unlinked::Negative.reason()));
        assert_eq!(negative, refund, "{:?}", judged[0].reasons);
        assert_eq!(judged[0].decision == Decision::Release, !refund);
    }
}
