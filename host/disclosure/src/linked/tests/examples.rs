//! Worked examples.

use super::*;

/// Two tables that share a margin leave it blank in both, or in neither (Hundepool et al., *Statistical Disclosure Control*, 2012, section
/// 4.3.3, "linked tables").
#[test]
fn a_shared_margin_is_blank_in_both_tables_or_in_neither() {
    // By region, education, age; three people in one region and education.
    let mut counts = vec![30; 3 * 3 * 2];
    counts[0] = 2;
    counts[1] = 1;
    let world = World::of_counts(&[3, 3, 2], &counts);
    let tables = [
        world.draw(&[0, 1], true, &count()),
        world.draw(&[0, 2], true, &count()),
    ];
    let judged = world.judge(&tables);
    assert!(released(&judged), "{:?}", judged[0].reasons);
    assert!(blanks(&judged[0]).contains(&0));
    let margins = |judgement: &Judgement, table: &Drawn| -> Vec<bool> {
        let lattice = table.shape.lattice();
        (0..=3)
            .map(|region| {
                let cell = lattice.moved(lattice.moved(0, 0, region), 1, lattice.labels(1));
                judgement.cells[cell].suppression != Suppression::None
            })
            .collect()
    };
    assert_eq!(
        margins(&judged[0], &tables[0]),
        margins(&judged[1], &tables[1])
    );
}

/// `[0, 20) − [0, 18)` would single out those of 18 and 19, whom neither table names.
#[test]
fn what_crossing_bandings_single_out_is_protected() {
    // Years 0–17, 18–19, 20 and over; the one banding cuts at 18, the other at 20.
    let mut world = World {
        axes: vec![axis("age", "at 18", 2), axis("age", "at 20", 2)],
        rows: Vec::new(),
    };
    for (codes, people) in [([0, 0], 60), ([1, 0], 4), ([1, 1], 70)] {
        world
            .rows
            .extend((0..people).map(|_| (codes.to_vec(), 1.0)));
    }
    let tables = [
        world.draw(&[0], false, &count()),
        world.draw(&[1], false, &count()),
    ];
    let judged = world.judge(&tables);
    let both = judged.iter().all(|j| j.table.is_some());
    let all = blanks(&judged[0]).is_empty() && blanks(&judged[1]).is_empty();
    assert!(!(both && all), "64 − 60 = 4 would be told");
    let one = world.judge(&tables[..1]);
    assert!(
        released(&one) && blanks(&one[0]).is_empty(),
        "alone it is harmless"
    );
}

/// An earlier release shows the sum that a candidate's blank would have to hide behind.
#[test]
fn a_candidate_cannot_open_what_was_left_blank_before() {
    let counts = [3, 40, 50, 60];
    let world = World::of_counts(&[2, 2], &counts);
    let inside = world.draw(&[0, 1], false, &count());
    let earlier = world.judge(std::slice::from_ref(&inside));
    assert_eq!(blanks(&earlier[0]), [0]);
    let tables = [
        inside.released_as(&earlier[0]),
        world.draw(&[0], false, &count()),
    ];
    let judged = world.judge(&tables);
    assert_eq!(judged.len(), 1, "what was released is not judged again");
    if judged[0].decision == Decision::Release {
        assert!(blanks(&judged[0]).contains(&0), "43 − 40 = 3");
    }
    // The other way round the margin is there already, so that the inside gives way.
    let margin = world.draw(&[0], false, &count());
    let shown = vec![true, true];
    let tables = [margin.released(shown), world.draw(&[0, 1], false, &count())];
    let judged = world.judge(&tables);
    assert_eq!(
        judged[0].decision,
        Decision::Release,
        "{:?}",
        judged[0].reasons
    );
    assert_eq!(
        blanks(&judged[0]),
        [0, 1],
        "3 + 40 = 43 is all that is told"
    );
}

/// Where no pattern can protect what failed, people decide, with the sizes that were reached.
#[test]
fn what_cannot_be_protected_goes_to_people() {
    let counts = [3, 40, 50, 60];
    let world = World::of_counts(&[2, 2], &counts);
    let told = |axes: &[usize], totals| {
        let table = world.draw(axes, totals, &count());
        let rows = table.shape.rows();
        table.released(vec![true; rows])
    };
    // Somebody released everything under weaker rules.
    let tables = [told(&[0, 1], true), world.draw(&[0, 1], true, &count())];
    let judged = world.judge(&tables);
    assert_eq!(judged[0].decision, Decision::Review);
    assert!(judged[0].table.is_none() && judged[0].candidate.is_some());
    assert!(
        judged[0].reasons[0].ends_with("2 tables, 1 released before, 4 finest cells"),
        "{:?}",
        judged[0].reasons
    );
}

/// Tables that sum nothing in common still share who is in them.
#[test]
fn tables_of_other_measures_share_their_support() {
    let counts = [3, 40, 50, 60];
    let world = World::of_counts(&[2, 2], &counts);
    let tables = [
        world.draw(&[0, 1], false, &[measure("mean", Aggregate::Mean)]),
        world.draw(&[0], false, &count()),
    ];
    let judged = world.judge(&tables);
    assert!(released(&judged), "{:?}", judged[0].reasons);
    let blank = blanks(&judged[0]).len() + blanks(&judged[1]).len();
    assert_eq!(
        blank, 2,
        "the mean of 40 people beside 43 people would tell of 3"
    );
}

/// Statistics of other rows are no statistics of these.
#[test]
fn tables_over_other_rows_are_not_judged_together() {
    let world = World::of_counts(&[2, 2], &[30, 40, 50, 60]);
    let other = World::of_counts(&[2, 2], &[30, 40, 50, 61]);
    let tables = [
        world.draw(&[0, 1], true, &count()),
        other.draw(&[0], true, &count()),
    ];
    let judged = world.judge(&tables);
    assert!(judged.iter().all(|j| j.decision == Decision::Review));
    assert!(judged[0].reasons[0].starts_with("linked tables do not agree"));
}

#[test]
fn limits_are_told() {
    let wide = (0..AXES_MAX + 1).map(|k| axis("a", &k.to_string(), 2));
    assert_eq!(
        Frame::new(wide, []).unwrap_err(),
        LinkedError::Axes { axes: AXES_MAX + 1 }
    );
    let fine = (0..8).map(|k| axis("a", &k.to_string(), 1_000));
    assert_eq!(Frame::new(fine, []).unwrap_err(), LinkedError::Combinations);
    let frame = Frame::new([axis("a", "a", ATOMS_MAX + 5)], []).unwrap();
    let mut atoms = Atoms::new(&frame);
    for key in 0..ATOMS_MAX as u64 {
        atoms.number(key).unwrap();
    }
    assert_eq!(atoms.number(ATOMS_MAX as u64), Err(LinkedError::Atoms));
    assert_eq!(atoms.number(7), Ok(7), "what is known stays");
}

/// Two tables of some size that share a dimension, over two thousand finest cells of which many are small; four cells fail.
#[test]
fn tables_of_some_size_are_protected_together() {
    let counts: Vec<usize> = (0..20 * 10 * 10)
        .map(|atom| {
            let (a, b, c) = (atom / 100, atom / 10 % 10, atom % 10);
            match (a, b, c) {
                (3, 4, _) | (11, 0, _) => usize::from(c < 5),
                (7, _, 2) => usize::from(b < 4),
                _ => atom * 7 % 23,
            }
        })
        .collect();
    let world = World::of_counts(&[20, 10, 10], &counts);
    let tables = [
        world.draw(&[0, 1], true, &count()),
        world.draw(&[0, 2], true, &count()),
    ];
    let judged = world.judge(&tables);
    assert!(released(&judged), "{:?}", judged[0].reasons);
    let failed: Vec<usize> = judged
        .iter()
        .map(|j| {
            let primary = |cell: &&crate::CellOutcome| cell.suppression == Suppression::Primary;
            j.cells.iter().filter(primary).count()
        })
        .collect();
    assert_eq!(failed, [2, 1]);
}
