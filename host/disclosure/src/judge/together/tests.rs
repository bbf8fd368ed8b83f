//! Failed cells that are each other's partner, and what a total gives back of both.

use proptest::prelude::*;
use yunei_model::{Aggregate, Decision};

use crate::fixture::{dimension, judged, measure, shape};
use crate::{Accumulator, Judgement, Measure, Protection, Shape, SubjectKey, Suppression};

/// People of five towns: of each so many, and what the measures read of the one with this number in the town.
fn towns(
    shape: &Shape,
    people: [usize; 5],
    values: impl Fn(usize, usize) -> Vec<Option<f64>>,
) -> Judgement {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
    let mut subject = 0_i128;
    for (town, people) in people.into_iter().enumerate() {
        for member in 0..people {
            let key = SubjectKey::Integer(subject);
            accumulator.row(key, town, &values(town, member)).unwrap();
            subject += 1;
        }
    }
    judged(shape, &accumulator.finish().unwrap(), "yunei")
}

fn income(member: usize) -> f64 {
    40_000.0 + (member * 7919 % 30_000) as f64
}

/// The towns that are blank, where the total is told; none where it is not.
fn given_back(judgement: &Judgement) -> Vec<usize> {
    assert_eq!(
        judgement.decision,
        Decision::Release,
        "{:?}",
        judgement.reasons
    );
    let blank = |cell: usize| judgement.cells[cell].suppression != Suppression::None;
    if blank(5) {
        return Vec::new();
    }
    (0..5).filter(|town| blank(*town)).collect()
}

fn masked() -> Measure {
    Measure {
        weighted: true,
        ..measure("earned", Aggregate::Sum)
    }
}

#[test]
fn two_columns_that_differ_for_one_and_for_nobody_are_not_given_back_together() {
    let measures = vec![measure("x", Aggregate::Sum), measure("y", Aggregate::Sum)];
    let shape = shape(&[5], measures, true).reading(vec![0, 1]);
    for differ in [[1, 0, 20, 25, 30], [4, 4, 20, 25, 30]] {
        let judgement = towns(&shape, [50; 5], |town, member| {
            let more = if member < differ[town] { 43_700.0 } else { 0.0 };
            vec![Some(income(member)), Some(income(member) + more)]
        });
        let told: usize = given_back(&judgement).iter().map(|t| differ[*t]).sum();
        assert!(told >= 10, "{told} of {differ:?}");
    }
}

#[test]
fn two_towns_in_which_a_mask_leaves_three_out_are_not_given_back_together() {
    let shape = shape(&[5], vec![measure("x", Aggregate::Sum), masked()], true);
    let shape = shape.reading(vec![0, 0, 1]);
    let away = [3, 3, 20, 25, 30];
    for absent in [false, true] {
        let judgement = towns(&shape, [50; 5], |town, member| {
            let x = Some(income(member));
            let out = if absent { None } else { Some(0.0) };
            let weight = if member < away[town] { out } else { Some(1.0) };
            vec![x, x, weight]
        });
        let told: usize = given_back(&judgement).iter().map(|t| away[*t]).sum();
        assert!(told >= 10, "{told}");
    }
}

#[test]
fn two_towns_in_which_three_have_something_are_not_given_back_together() {
    let shape = shape(&[5], vec![measure("benefit", Aggregate::Sum)], true);
    let have = [3, 3, 40, 45, 42];
    let judgement = towns(&shape, [50; 5], |town, member| {
        vec![Some(if member < have[town] {
            income(member)
        } else {
            0.0
        })]
    });
    let told: usize = given_back(&judgement).iter().map(|t| have[*t]).sum();
    assert!(told >= 10, "{told}");
}

#[test]
fn two_towns_in_which_all_are_ill_are_not_given_back_together() {
    let shape = shape(&[5], vec![measure("ill", Aggregate::Sum)], true);
    let (people, ill) = ([50, 60, 80, 85, 82], [50, 60, 30, 30, 30]);
    let judgement = towns(&shape, people, |town, member| {
        vec![Some(f64::from(u8::from(member < ill[town])))]
    });
    let given = given_back(&judgement);
    let healthy: usize = given.iter().map(|t| people[*t] - ill[*t]).sum();
    assert!(healthy >= 10, "{given:?}");
}

#[test]
fn two_crowds_of_one_wage_are_not_given_back_together() {
    let shape = shape(&[5], vec![measure("wage", Aggregate::Sum)], true);
    // All of the one, and all but three of the other, have the least that there is.
    let others = [0, 3, 50, 50, 50];
    let judgement = towns(&shape, [50; 5], |town, member| {
        vec![Some(if member < others[town] {
            income(member)
        } else {
            2_000.0
        })]
    });
    let told: usize = given_back(&judgement).iter().map(|t| others[*t]).sum();
    assert!(told >= 10, "{told}");
}

#[test]
fn towns_of_one_sensitive_class_are_not_given_back_together() {
    let town = dimension("a", 4);
    let mut class = dimension("b", 2);
    class.sensitive = true;
    let shape = Shape::new(
        vec![town, class],
        vec![measure("n", Aggregate::Count)],
        true,
    )
    .unwrap();
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
    let mut subject = 0_i128;
    for (cell, people) in [50, 0, 60, 0, 40, 45, 55, 52].into_iter().enumerate() {
        for _ in 0..people {
            accumulator
                .row(SubjectKey::Integer(subject), cell, &[])
                .unwrap();
            subject += 1;
        }
    }
    let judgement = judged(&shape, &accumulator.finish().unwrap(), "yunei");
    assert_eq!(
        judgement.decision,
        Decision::Release,
        "{:?}",
        judgement.reasons
    );
    let blank = |town: usize, class: usize| {
        judgement.cells[town * 3 + class].suppression != Suppression::None
    };
    assert!(blank(0, 0) && blank(1, 0));
    let of_class = (2..4).any(|town| blank(town, 0)) || blank(4, 0);
    let of_all = (2..4).any(|town| blank(town, 2)) || blank(4, 2);
    assert!(of_class || of_all, "110 of 110 are of the class");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// An attacker with a spreadsheet: the total less what is shown.
    #[test]
    fn the_total_less_what_is_shown_is_about_nobody_or_enough(
        few in prop::collection::vec(prop_oneof![3 => 0_usize..12, 2 => 12_usize..60], 5),
        others in prop::collection::vec(prop_oneof![2 => Just(0_usize), 2 => 1_usize..12, 4 => 12_usize..60], 5),
        mixed in any::<bool>(),
    ) {
        let measures = vec![measure("x", Aggregate::Sum), measure("y", Aggregate::Sum)];
        let shape = shape(&[5], measures, true).reading(vec![0, 1]);
        let people = std::array::from_fn(|town| few[town] + others[town]);
        prop_assume!(people.iter().all(|people| *people > 0));
        // x has two values, or none that two people share; y is the same but for a few.
        let judgement = towns(&shape, people, |town, member| {
            let x = if mixed { income(member) } else { f64::from(u8::from(member % 2 == 0)) };
            let y = if member < few[town] { x + 1.5 } else { x };
            vec![Some(x), Some(y)]
        });
        if judgement.decision == Decision::Release {
            let told = given_back(&judgement);
            let differ: usize = told.iter().map(|town| few[*town]).sum();
            let all: usize = told.iter().map(|town| people[*town]).sum();
            prop_assert!(told.is_empty() || all >= 10);
            prop_assert!(told.is_empty() || differ >= 10 || few.iter().sum::<usize>() == 0, "{differ} of {few:?}, {people:?}");
        }
    }
}

/// The sums of blank cells (sets of them, no more than so many cells) that equations over all lines give away.
fn sums_given_back(shape: &Shape, judgement: &Judgement) -> Vec<Vec<usize>> {
    let lattice = shape.lattice();
    let outcomes = &judgement.cells;
    let blank = |cell: &usize| outcomes[*cell].suppression != Suppression::None;
    let open: Vec<usize> = (0..shape.rows())
        .filter(|cell| blank(cell) && !outcomes[*cell].empty)
        .collect();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for axis in 0..lattice.axes() {
        for start in (0..shape.rows()).filter(|c| lattice.coordinate(*c, axis) == 0) {
            let mut row = vec![0.0; open.len()];
            for step in 0..lattice.extent(axis) {
                let cell = lattice.moved(start, axis, step);
                if let Some(unknown) = open.iter().position(|open| *open == cell) {
                    row[unknown] = if lattice.is_margin(cell, axis) {
                        -1.0
                    } else {
                        1.0
                    };
                }
            }
            let rest = reduced(&basis, row);
            if rest.iter().any(|value| value.abs() > 1e-9) {
                basis.push(rest);
            }
        }
    }
    if open.len() > 12 {
        return Vec::new();
    }
    let set = |bits: usize| (0..open.len()).filter(move |bit| bits >> bit & 1 == 1);
    (1..1_usize << open.len())
        .filter(|bits| {
            let row = (0..open.len()).map(|bit| f64::from(u8::from(bits >> bit & 1 == 1)));
            reduced(&basis, row.collect())
                .iter()
                .all(|value| value.abs() < 1e-9)
        })
        .map(|bits| set(bits).map(|bit| open[bit]).collect())
        .collect()
}

/// What is left of a row when those before it are taken out, each by its first place that is not nothing.
fn reduced(basis: &[Vec<f64>], mut row: Vec<f64>) -> Vec<f64> {
    for known in basis {
        let lead = known.iter().position(|value| value.abs() > 1e-9).unwrap();
        let factor = row[lead] / known[lead];
        for (value, from) in row.iter_mut().zip(known) {
            *value -= factor * from;
        }
    }
    row
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    /// In two dimensions, whatever lines are put together: no set of blank cells whose sum follows has a few in it who differ.
    #[test]
    fn no_sum_of_blank_cells_is_about_a_few(
        differ in prop::collection::vec(prop_oneof![2 => 0_usize..12, 4 => 12_usize..30], 9),
        people in prop::collection::vec(12_usize..50, 9),
    ) {
        let measures = vec![measure("x", Aggregate::Sum), measure("y", Aggregate::Sum)];
        let shape = shape(&[3, 3], measures, true).reading(vec![0, 1]);
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        let mut subject = 0_i128;
        for (cell, people) in people.iter().enumerate() {
            for member in 0..*people {
                let x = income(member);
                let y = if member < differ[cell] { x - 500.0 } else { x };
                accumulator.row(SubjectKey::Integer(subject), cell, &[Some(x), Some(y)]).unwrap();
                subject += 1;
            }
        }
        let judgement = judged(&shape, &accumulator.finish().unwrap(), "yunei");
        prop_assume!(judgement.decision == Decision::Release);
        let lattice = shape.lattice();
        let of = |cell: usize| -> usize {
            let (row, column) = (lattice.coordinate(cell, 0), lattice.coordinate(cell, 1));
            let is_in = |inner: &usize| {
                (row == 3 || inner / 3 == row) && (column == 3 || inner % 3 == column)
            };
            (0..9).filter(is_in).map(|inner| differ[inner].min(people[inner])).sum()
        };
        let told = sums_given_back(&shape, &judgement);
        prop_assume!(!told.is_empty());
        for cells in told {
            let count: usize = cells.iter().map(|cell| of(*cell)).sum();
            prop_assert!(count >= 10, "{count} in {cells:?}: {differ:?} of {people:?}");
        }
    }
}
