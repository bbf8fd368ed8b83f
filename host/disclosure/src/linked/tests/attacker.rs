//! An attacker who tries everything: all tables of whole numbers that agree with what is shown.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What is known of sets of atoms: those that are shown, with their sums, and those that are blank, with the cell's name.
struct Seen {
    atoms: usize,
    equations: Vec<(Vec<usize>, u64)>,
}

/// All assignments of whole numbers to the atoms that agree with the equations, as least and greatest value of each set in `asked`.
/// Atoms that are empty are known to be; what no equation bounds is tried up to `ceiling`.
fn enumerate(seen: &Seen, truth: &[u64], asked: &[Vec<usize>], ceiling: u64) -> Vec<(u64, u64)> {
    let mut found = vec![(u64::MAX, 0); asked.len()];
    let mut values = vec![0; seen.atoms];
    fn walk(
        seen: &Seen,
        truth: &[u64],
        ceiling: u64,
        atom: usize,
        values: &mut Vec<u64>,
        at: &mut dyn FnMut(&[u64]),
    ) {
        for (atoms, sum) in &seen.equations {
            let fixed: u64 = atoms
                .iter()
                .filter(|a| **a < atom)
                .map(|a| values[*a])
                .sum();
            let open = atoms.iter().any(|a| *a >= atom && truth[*a] > 0);
            if fixed > *sum || (!open && fixed != *sum) {
                return;
            }
        }
        if atom == seen.atoms {
            at(values);
            return;
        }
        let most = if truth[atom] == 0 { 0 } else { ceiling };
        for value in 0..=most {
            values[atom] = value;
            walk(seen, truth, ceiling, atom + 1, values, at);
        }
        values[atom] = 0;
    }
    walk(seen, truth, ceiling, 0, &mut values, &mut |values| {
        for (range, set) in found.iter_mut().zip(asked) {
            let value = set.iter().map(|a| values[*a]).sum();
            *range = (range.0.min(value), range.1.max(value));
        }
    });
    found
}

/// The atoms (over all of the world's axes) of every cell of a table.
fn cells(world: &World, table: &Drawn) -> Vec<Vec<usize>> {
    let lattice = table.shape.lattice();
    let total: usize = world.axes.iter().map(|a| a.labels).product();
    let mut cells = vec![Vec::new(); lattice.count()];
    for atom in 0..total {
        let mut rest = atom;
        let mut codes = vec![0; world.axes.len()];
        for (code, axis) in codes.iter_mut().zip(&world.axes).rev() {
            *code = rest % axis.labels;
            rest /= axis.labels;
        }
        let held = table.piece.as_ref().is_none_or(|(axis, of)| {
            let place = world.axes.iter().position(|a| a == axis).unwrap();
            of[codes[place]]
        });
        if !held {
            continue;
        }
        let mut cell = 0;
        for (dimension, axis) in table.axes.iter().enumerate() {
            let place = world.axes.iter().position(|a| a == axis).unwrap();
            cell = lattice.moved(cell, dimension, codes[place]);
        }
        for cell in lattice.margins_of(cell).chain([cell]) {
            cells[cell].push(atom);
        }
    }
    cells
}

/// Whether every failed cell of every table can be anything from what it is to what it is and ten, for all that is shown.
pub(super) fn hold(
    world: &World,
    counts: &[usize],
    tables: &[(&Drawn, Vec<bool>)],
) -> Result<(), TestCaseError> {
    let truth: Vec<u64> = counts.iter().map(|n| *n as u64).collect();
    let mut equations: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
    let mut asked = Vec::new();
    for (table, shown) in tables {
        for (cell, atoms) in cells(world, table).into_iter().enumerate() {
            let sum: u64 = atoms.iter().map(|a| truth[*a]).sum();
            if shown[cell] {
                equations.insert(atoms, sum);
            } else if sum > 0 && sum < 10 {
                asked.push((atoms, sum));
            }
        }
    }
    for (atom, count) in truth.iter().enumerate() {
        if *count > 0 && *count < 10 {
            asked.push((vec![atom], *count));
        }
    }
    let seen = Seen {
        atoms: truth.len(),
        equations: equations.into_iter().collect(),
    };
    let sets: Vec<Vec<usize>> = asked.iter().map(|(atoms, _)| atoms.clone()).collect();
    let ceiling = truth.iter().max().unwrap_or(&0) + 10;
    for ((low, high), (atoms, sum)) in enumerate(&seen, &truth, &sets, ceiling).iter().zip(&asked) {
        prop_assert!(
            *low <= *sum && *high >= sum + 10,
            "{atoms:?} with {sum} lies in {low}..{high}"
        );
    }
    Ok(())
}

/// Whether every bracket that is told of a blank cell lies within what the attacker is left with: both of its ends are really possible.
fn borne_out(
    world: &World,
    counts: &[usize],
    tables: &[&Drawn],
    judged: &[Judgement],
) -> Result<(), TestCaseError> {
    let truth: Vec<u64> = counts.iter().map(|n| *n as u64).collect();
    let mut equations: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
    let (mut asked, mut told) = (Vec::new(), Vec::new());
    for (table, judgement) in tables.iter().zip(judged) {
        let cells = cells(world, table);
        for (cell, shown) in shown(judgement).into_iter().enumerate() {
            if shown {
                let sum = cells[cell].iter().map(|a| truth[*a]).sum();
                equations.insert(cells[cell].clone(), sum);
            }
        }
        for proven in &judgement.proven {
            asked.push(cells[proven.cell].clone());
            told.push(*proven);
        }
    }
    let seen = Seen {
        atoms: truth.len(),
        equations: equations.into_iter().collect(),
    };
    let ceiling = truth.iter().max().unwrap_or(&0) + 10;
    for (possible, proven) in enumerate(&seen, &truth, &asked, ceiling).iter().zip(&told) {
        let (low, high) = (possible.0 as f64, possible.1 as f64);
        let within = low <= proven.low && proven.high.is_none_or(|end| end <= high);
        prop_assert!(within, "{proven:?}, but {low}..{high} is possible");
        let enough = proven.high_needed.is_none_or(|n| proven.high >= Some(n))
            && proven.low_needed.is_none_or(|n| proven.low <= n);
        prop_assert!(enough, "{proven:?}");
    }
    for (table, judgement) in tables.iter().zip(judged) {
        let atoms = cells(world, table);
        for (cell, shown) in shown(judgement).into_iter().enumerate() {
            let told = judgement.proven.iter().any(|proven| proven.cell == cell);
            let empty = atoms[cell].iter().all(|atom| truth[*atom] == 0);
            prop_assert_eq!(told, !shown && !empty, "cell {}", cell);
        }
    }
    Ok(())
}

pub(super) fn size() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 1_usize..10, 5 => 12_usize..17]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    // What goes to people tells nothing: such tables are not counted among the cases.
    #[test]
    fn one_table_holds(counts in prop::collection::vec(size(), 4)) {
        let world = World::of_counts(&[2, 2], &counts);
        let table = world.draw(&[0, 1], true, &count());
        let judged = world.judge(std::slice::from_ref(&table));
        prop_assume!(released(&judged));
        hold(&world, &counts, &[(&table, shown(&judged[0]))])?;
        borne_out(&world, &counts, &[&table], &judged)?;
        // The search for one table by itself proves them by other moves.
        let alone = crate::fixture::judged(&table.shape, &table.statistics, "yunei");
        if alone.decision == Decision::Release {
            borne_out(&world, &counts, &[&table], &[alone])?;
        }
    }

    #[test]
    fn two_linked_tables_hold(counts in prop::collection::vec(size(), 6)) {
        let world = World::of_counts(&[3, 2], &counts);
        let tables = [
            world.draw(&[0], true, &count()),
            world.draw(&[0, 1], false, &count()),
        ];
        let judged = world.judge(&tables);
        prop_assume!(released(&judged));
        let of: Vec<_> = tables
            .iter()
            .zip(&judged)
            .map(|(t, j)| (t, shown(j)))
            .collect();
        hold(&world, &counts, &of)?;
    }

    #[test]
    fn what_was_released_holds_beside_a_candidate(counts in prop::collection::vec(size(), 6)) {
        let world = World::of_counts(&[3, 2], &counts);
        let first = world.draw(&[0, 1], false, &count());
        let earlier = world.judge(std::slice::from_ref(&first));
        prop_assume!(released(&earlier));
        let first = first.released_as(&earlier[0]);
        let second = world.draw(&[1], true, &count());
        let tables = [first, second];
        let judged = world.judge(&tables);
        prop_assume!(released(&judged));
        hold(&world, &counts, &[
            (&tables[0], shown(&earlier[0])),
            (&tables[1], shown(&judged[0])),
        ])?;
    }
}

/// The attacker is no straw man: tables that were each protected alone fall to it together.
#[test]
fn tables_that_were_protected_alone_fall() {
    let counts = [3, 40, 50, 60];
    let world = World::of_counts(&[2, 2], &counts);
    let inside = world.draw(&[0, 1], false, &count());
    let margin = world.draw(&[0], false, &count());
    let alone: Vec<Judgement> = [&inside, &margin]
        .into_iter()
        .map(|table| {
            crate::judge(
                &table.statistics,
                &table.shape,
                &profile("yunei"),
                Protection::Subjects,
            )
        })
        .collect();
    let of = [(&inside, shown(&alone[0])), (&margin, shown(&alone[1]))];
    assert!(hold(&world, &counts, &of).is_err(), "43 − 40 = 3");
    let tables = [inside, margin];
    let judged = world.judge(&tables);
    let of: Vec<_> = tables
        .iter()
        .zip(&judged)
        .map(|(t, j)| (t, shown(j)))
        .collect();
    hold(&world, &counts, &of).unwrap();
}
