//! Everybody of a line in one class, which no table has as a cell.

use super::*;

/// Towns by diagnosis, in six days of a week and on the seventh. On the seventh twelve of the first town were there, all with the first
/// diagnosis: ten are enough to be counted, and too few to be told apart from their class.
const VISITS: [usize; 8] = [60, 12, 70, 0, 80, 30, 90, 25];

#[test]
fn a_week_does_not_tell_that_all_of_a_day_are_in_one_class() {
    let world = World::of_counts(&[2, 2, 2], &VISITS);
    let judge = |sensitive: bool| {
        let draw = |days: &[usize]| {
            let drawn = world.draw_piece(&[0, 1], false, (2, days));
            if sensitive { drawn.sensitive(1) } else { drawn }
        };
        let six = draw(&[0]).released(vec![true; 4]);
        world.judge(&[draw(&[0, 1]), six]).remove(0)
    };
    let week = judge(true);
    assert_eq!(week.decision, Decision::Release, "{:?}", week.reasons);
    assert_eq!(blanks(&week), [0], "72 less 60");
    // Without a sensitive class twelve are a crowd.
    assert_eq!(blanks(&judge(false)), [0; 0]);
}

#[test]
fn the_last_day_is_blank_beside_a_week_that_left() {
    let world = World::of_counts(&[2, 2, 2], &VISITS);
    let draw = |days: &[usize]| world.draw_piece(&[0, 1], false, (2, days)).sensitive(1);
    let week = draw(&[0, 1]).released(vec![true; 4]);
    let six = world.judge(&[draw(&[0]), week]).remove(0);
    assert_eq!(six.decision, Decision::Release, "{:?}", six.reasons);
    assert_eq!(blanks(&six), [0], "72 less 12");
}

/// Two days, each with its own table: neither tells of the two together, which the week less the others does.
#[test]
fn two_days_together_are_a_line_too() {
    // Of the first town, all have the first diagnosis on the second and the third day.
    let counts = [60, 12, 14, 70, 0, 0, 80, 30, 35, 90, 25, 40];
    let world = World::of_counts(&[2, 2, 3], &counts);
    let draw = |days: &[usize]| world.draw_piece(&[0, 1], false, (2, days)).sensitive(1);
    let first = draw(&[0]).released(vec![true; 4]);
    let second = draw(&[1]).released(vec![false, true, true, true]);
    let third = draw(&[2]).released(vec![false, true, true, true]);
    let week = world
        .judge(&[draw(&[0, 1, 2]), first, second, third])
        .remove(0);
    assert_eq!(week.decision, Decision::Release, "{:?}", week.reasons);
    assert_eq!(blanks(&week), [0]);
}

/// Those between two bandings of an age that cross: everybody among them in one class.
#[test]
fn bandings_that_cross_do_not_tell_a_class() {
    let counts = [40, 50, 12, 0, 0, 0, 60, 70];
    let world = World::of_counts(&[2, 2, 2], &counts);
    let draw = |sensitive: bool, age: usize| {
        let drawn = world.draw(&[age, 2], false, &count());
        if sensitive { drawn.sensitive(1) } else { drawn }
    };
    let judge = |sensitive: bool| {
        let left = draw(sensitive, 0).released(vec![true; 4]);
        world.judge(&[draw(sensitive, 1), left]).remove(0)
    };
    let judged = judge(true);
    assert_eq!(judged.decision, Decision::Release, "{:?}", judged.reasons);
    assert_eq!(blanks(&judged), [0, 2], "52 less 40");
    assert_eq!(blanks(&judge(false)), [0; 0]);
}
