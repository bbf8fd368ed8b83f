//! Attackers who are respondents themselves, in an atom that the public pins beside what failed.

use super::*;
use crate::fixture::count_and_sum;

/// Codes on the axes, and how many give how much there.
type Gift = ([usize; 3], &'static [(usize, f64)]);

/// A field in two bandings that cross, and a kind. `a` fails: two of thirty hold nearly all. One respondent holds `b`, thirty hold next to
/// nothing of `c`; `d` makes the cell that `b` and `c` are in look as if it had much to spare.
const GIFTS: [Gift; 8] = [
    ([0, 0, 0], &[(1, 500.0), (1, 60.0), (28, 1.0)]),
    ([1, 0, 0], &[(1, 100.0)]),
    ([1, 0, 1], &[(30, 0.01)]),
    ([1, 1, 0], &[(40, 50.0)]),
    ([2, 2, 0], &[(60, 20.0)]),
    ([3, 3, 0], &[(70, 20.0)]),
    ([4, 4, 0], &[(80, 20.0)]),
    ([5, 5, 0], &[(90, 20.0)]),
];

fn bands(given: &[Gift]) -> World {
    let mut world = World {
        axes: vec![
            axis("size", "one", 6),
            axis("size", "other", 6),
            axis("kind", "kind", 2),
        ],
        rows: Vec::new(),
    };
    for (codes, gifts) in given {
        for (units, value) in *gifts {
            // Not all alike.
            let rows = (0..*units).map(|k| (codes.to_vec(), *value + (k % 7) as f64 / 1000.0));
            world.rows.extend(rows);
        }
    }
    world
}

/// The one blanks `a` and what is `b`, `c` and `d` together; the other shows `a`, `b` and `c` together, and `d`. Whoever gave `b` takes it from
/// the sum: only what is `c` stands between them and `a`.
#[test]
fn one_respondent_in_an_atom_does_not_undo_the_upper_level() {
    let world = bands(&GIFTS);
    let measures = count_and_sum();
    let one = world.draw(&[0], false, &measures);
    let other = world.draw(&[1], false, &measures);
    let earlier = other.released(vec![true; 6]);
    let judged = world.judge(&[one, earlier]);
    // What left before pins `a + b + c` for good: no blank of this table makes up for it.
    assert_eq!(judged[0].decision, Decision::Review, "{judged:?}");
    assert!(judged[0].table.is_none());
}

#[test]
fn a_candidate_blanks_what_pins_the_atom() {
    let world = bands(&GIFTS);
    let measures = count_and_sum();
    let tables = [
        world.draw(&[0], false, &measures),
        world.draw(&[1], false, &measures),
    ];
    let judged = world.judge(&tables);
    assert!(blanks(&judged[0]).contains(&0), "{judged:?}");
    assert!(
        !released(&judged) || blanks(&judged[1]).contains(&0),
        "the respondent of `b` takes it from the sum that is shown"
    );
}

#[test]
fn what_is_the_same_in_every_atom_is_one_quantity() {
    use super::super::quantity::{Quantity, twins};
    let of = |counted, values: [f64; 2]| Quantity::given(counted, values.to_vec(), vec![0.0; 2]);
    let quantities = [
        of(true, [3.0, 4.0]),
        of(false, [3.0, 4.0]),
        of(false, [3.0, 4.1]),
        of(false, [3.0, 4.0 + 1e-15]),
    ];
    assert_eq!(twins(&quantities), [0, 1, 2, 1]);
}

/// The same, described: cells `A` and `C` blank, `a + b + c` and `d` shown.
fn described(falls: Vec<f64>) -> Given {
    let cell = |atoms: &[u32], units: u64, shown: bool, spare: f64| GivenCell {
        place: (0, 0),
        atoms: atoms.to_vec(),
        units,
        rows: units,
        inner: true,
        blank: false,
        shown: u128::from(shown),
        carried: 0,
        spare: vec![spare],
    };
    let cells = vec![
        cell(&[0], 30, false, 28.0),
        cell(&[1, 2, 3], 71, false, 1950.3),
        cell(&[0, 1, 2], 61, true, 88.3),
        cell(&[3], 40, true, 1900.0),
    ];
    let quantity = GivenQuantity {
        counted: false,
        values: vec![588.0, 100.0, 0.3, 2000.0],
        falls,
    };
    let coordinates = Coordinates {
        fields: 1,
        values: vec![0, 1, 2, 3],
    };
    Given::new(cells, vec![quantity], coordinates).unwrap()
}

#[test]
fn what_one_respondent_holds_of_an_atom_proves_nothing() {
    let aim = |up| Aim {
        atoms: vec![0],
        quantity: 0,
        up,
        down: 0.0,
    };
    assert!(
        described(vec![588.0, 100.0, 0.3, 2000.0]).proves(&aim(70.8)),
        "nobody who was in no cell could tell"
    );
    let falls = vec![28.0, 0.0, 0.28, 1900.0];
    assert!(!described(falls.clone()).proves(&aim(70.8)));
    assert!(!described(falls.clone()).proves(&aim(0.3)));
    assert!(described(falls).proves(&aim(0.28)));
}

/// Everybody knows which atoms are empty: two atoms of a target together cannot both be.
#[test]
fn no_atom_falls_empty() {
    let cells = vec![GivenCell {
        place: (0, 0),
        atoms: vec![0, 1],
        units: 7,
        rows: 7,
        inner: true,
        blank: true,
        shown: 0,
        carried: 0,
        spare: vec![5.0],
    }];
    let quantity = GivenQuantity {
        counted: true,
        values: vec![3.0, 4.0],
        falls: vec![1.0, 2.0],
    };
    let coordinates = Coordinates {
        fields: 1,
        values: vec![0, 1],
    };
    let mut given = Given::new(cells, vec![quantity], coordinates).unwrap();
    let mut falls = |down| {
        given.proves(&Aim {
            atoms: vec![0, 1],
            quantity: 0,
            up: 0.0,
            down,
        })
    };
    assert!(falls(5.0));
    assert!(!falls(6.0), "one is in each");
}
