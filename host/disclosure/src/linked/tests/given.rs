//! Proofs over cells that are described one by one.

use crate::linked::{Aim, Coordinates, Given, GivenCell, GivenQuantity};

/// A square table with its margins shown, of which some cells inside are blank; each unit gave one row.
fn square(counts: &[[u64; 3]; 3], blank: &[(usize, usize)]) -> Given {
    let atom = |row: usize, column: usize| u32::try_from(row * 3 + column).unwrap();
    let cell = |atoms: Vec<u32>, inner: bool, shown: bool| {
        let units: u64 = atoms
            .iter()
            .map(|a| counts[*a as usize / 3][*a as usize % 3])
            .sum();
        GivenCell {
            place: (0, 0),
            atoms,
            units,
            rows: units,
            inner,
            blank: false,
            shown: u128::from(shown),
            carried: 0,
            spare: vec![units.saturating_sub(2) as f64],
        }
    };
    let mut cells = vec![cell((0..9).collect(), false, true)];
    for line in 0..3 {
        cells.push(cell((0..3).map(|c| atom(line, c)).collect(), false, true));
        cells.push(cell((0..3).map(|r| atom(r, line)).collect(), false, true));
        for column in 0..3 {
            let shown = !blank.contains(&(line, column));
            cells.push(cell(vec![atom(line, column)], true, shown));
        }
    }
    let values = counts.iter().flatten().map(|n| *n as f64).collect();
    let coordinates = (0..9).flat_map(|a| [a / 3, a % 3]).collect();
    Given::new(
        cells,
        vec![GivenQuantity {
            counted: true,
            values,
        }],
        Coordinates {
            fields: 2,
            values: coordinates,
        },
    )
    .unwrap()
}

/// Whether the first cell is proven to reach so far up.
fn first(given: &mut Given, up: f64) -> bool {
    given.proves(&Aim {
        atoms: vec![0],
        quantity: 0,
        up,
        down: 0.0,
    })
}

const HEXAGON: [(usize, usize); 6] = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 0)];

#[test]
fn a_path_of_six_blanks_is_a_proof_as_far_as_it_carries() {
    let mut given = square(&[[4, 20, 30], [30, 20, 12], [20, 30, 40]], &HEXAGON);
    // (0,1) and (1,2) and (2,0) go down: two of twelve respondents know of the rest when ten are left.
    assert!(first(&mut given, 10.0));
    assert!(!first(&mut given, 11.0));
}

#[test]
fn a_missing_side_pins_all() {
    let counts = [[4, 20, 30], [30, 20, 12], [20, 30, 40]];
    for gone in HEXAGON {
        let left: Vec<_> = HEXAGON.into_iter().filter(|cell| *cell != gone).collect();
        assert!(!first(&mut square(&counts, &left), 1.0), "{gone:?}");
    }
}

#[test]
fn two_paths_carry_together_what_one_does_not() {
    let blank = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 2)];
    let counts = [[4, 8, 9], [9, 20, 30], [9, 30, 20]];
    assert!(first(&mut square(&counts, &blank), 13.0));
    assert!(!first(&mut square(&counts, &blank), 14.0));
}

#[test]
fn a_cell_of_two_respondents_lends_nothing() {
    let mut counts = [[4, 20, 30], [30, 20, 12], [20, 30, 40]];
    counts[1][1] = 2;
    assert!(!first(&mut square(&counts, &HEXAGON), 1.0));
}

#[test]
fn what_is_needed_is_blanked() {
    let counts = [[4, 20, 30], [30, 20, 25], [20, 30, 40]];
    let mut cells: Vec<GivenCell> = Vec::new();
    let sum = |atoms: &[u32]| -> u64 {
        atoms
            .iter()
            .map(|a| counts[*a as usize / 3][*a as usize % 3])
            .sum()
    };
    let mut add = |place: usize, atoms: Vec<u32>, inner: bool| {
        let units = sum(&atoms);
        cells.push(GivenCell {
            place: (0, place),
            units,
            rows: units,
            inner,
            blank: place == 0,
            // Margins are shown already.
            shown: u128::from(!inner),
            carried: 1,
            spare: vec![units.saturating_sub(2) as f64],
            atoms,
        });
    };
    for atom in 0..9_u32 {
        add(atom as usize, vec![atom], true);
    }
    for line in 0..3_u32 {
        add(
            9 + line as usize,
            (0..3).map(|c| line * 3 + c).collect(),
            false,
        );
        add(
            12 + line as usize,
            (0..3).map(|r| r * 3 + line).collect(),
            false,
        );
    }
    let values = counts.iter().flatten().map(|n| *n as f64).collect();
    let quantity = GivenQuantity {
        counted: true,
        values,
    };
    let coordinates = Coordinates {
        fields: 2,
        values: (0..9).flat_map(|a| [a / 3, a % 3]).collect(),
    };
    let given = Given::new(cells, vec![quantity], coordinates).unwrap();
    let aim = Aim {
        atoms: vec![0],
        quantity: 0,
        up: 10.0,
        down: 0.0,
    };
    let more = given.protect(&[aim]).unwrap();
    let mut inside: Vec<usize> = more.iter().map(|(_, cell)| *cell).collect();
    inside.sort_unstable();
    // The cheapest square through the cell.
    assert_eq!(inside, [1, 3, 4], "{inside:?}");
}
