//! Two failed cells of one table that are each other's partner, beside another table about the same rows.

use proptest::prelude::*;
use yunei_model::{Aggregate, Name};

use super::*;

/// People by town and sex, with what they earn and what they declare, or the weight of that.
struct People(Vec<([usize; 2], f64, f64)>);

impl People {
    /// So many in each town, and what the one with a number in the town has.
    fn new(people: [usize; 5], of: impl Fn(usize, usize) -> (f64, f64)) -> Self {
        let towns = people.into_iter().enumerate();
        let each = towns.flat_map(|(town, people)| (0..people).map(move |member| (town, member)));
        let person = |(town, member): (usize, usize)| {
            let (one, other) = of(town, member);
            ([town, member % 2], one, other)
        };
        Self(each.map(person).collect())
    }

    /// A table by town or by sex, with margins, of sums, or of numbers where there are none.
    fn table(&self, by: usize, readings: &[Reading]) -> Drawn {
        let (field, labels) = [("town", 5), ("sex", 2)][by];
        let mut measures = vec![measure("n", Aggregate::Count)];
        let mut columns = Vec::new();
        for (place, reading) in readings.iter().enumerate() {
            measures.push(Measure {
                weighted: reading.weight.is_some(),
                ..measure(&format!("m{place}"), Aggregate::Sum)
            });
            columns.extend(
                reading
                    .columns()
                    .map(|column| usize::from(*column == name("y"))),
            );
        }
        let shape = Shape::new(vec![dimension(field, labels)], measures, true).unwrap();
        let shape = shape.reading(columns.clone());
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        for (subject, (codes, x, y)) in self.0.iter().enumerate() {
            let values: Vec<_> = columns
                .iter()
                .map(|column| Some([*x, *y][*column]))
                .collect();
            let subject = SubjectKey::Integer(subject as i128);
            accumulator.row(subject, codes[by], &values).unwrap();
        }
        let count = super::reading(&measure("n", Aggregate::Count));
        Drawn {
            axes: vec![axis(field, field, labels)],
            readings: std::iter::once(count)
                .chain(readings.iter().cloned())
                .collect(),
            statistics: accumulator.finish().unwrap(),
            shape,
            shown: None,
            asking: None,
            piece: None,
        }
    }

    fn judge(&self, tables: &[Drawn]) -> Vec<Judgement> {
        let code =
            |subject: usize, axis: &Name| self.0[subject].0[usize::from(*axis == name("sex"))];
        let value = |subject: usize, column: &Name| {
            let (_, x, y) = &self.0[subject];
            Some(if *column == name("y") { *y } else { *x })
        };
        judge_drawn(tables, self.0.len(), "yunei", code, value)
    }

    /// How many of the blank towns together are counted, beside a table by sex; enough where the total is blank, or nothing leaves.
    fn given_back(&self, readings: &[Reading], counted: [usize; 5]) -> usize {
        let judged = self.judge(&[self.table(0, readings), self.table(1, &[])]);
        assert!(released(&judged), "{:?}", judged[0].reasons);
        let blank = blanks(&judged[0]);
        assert!(blank.contains(&0) && blank.contains(&1), "{blank:?}");
        if blank.contains(&5) {
            return usize::MAX;
        }
        blank.iter().map(|town| counted[*town]).sum()
    }
}

fn sum(column: &str, weight: Option<&str>) -> Reading {
    Reading {
        aggregate: Aggregate::Sum,
        value: Some(name(column)),
        denominator: None,
        weight: weight.map(name),
    }
}

fn income(member: usize) -> f64 {
    40_000.0 + (member * 7919 % 30_000) as f64
}

#[test]
fn two_columns_that_differ_for_a_few_are_not_given_back_beside_another_table() {
    for differ in [[1, 0, 20, 25, 30], [4, 4, 20, 25, 30]] {
        let people = People::new([50; 5], |town, member| {
            let more = if member < differ[town] { 43_700.0 } else { 0.0 };
            (income(member), income(member) + more)
        });
        let told = people.given_back(&[sum("x", None), sum("y", None)], differ);
        assert!(told >= 10, "{told}");
    }
}

#[test]
fn a_mask_that_leaves_a_few_out_is_not_given_back_beside_another_table() {
    let away = [3, 3, 20, 25, 30];
    let people = People::new([50; 5], |town, member| {
        (income(member), f64::from(u8::from(member >= away[town])))
    });
    let told = people.given_back(&[sum("x", None), sum("x", Some("y"))], away);
    assert!(told >= 10, "{told}");
}

#[test]
fn a_few_who_have_something_are_not_given_back_beside_another_table() {
    let have = [3, 3, 40, 45, 42];
    let people = People::new([50; 5], |town, member| {
        (
            if member < have[town] {
                income(member)
            } else {
                0.0
            },
            0.0,
        )
    });
    let told = people.given_back(&[sum("x", None)], have);
    assert!(told >= 10, "{told}");
}

#[test]
fn towns_in_which_all_are_ill_are_not_given_back_beside_another_table() {
    let healthy = [0, 0, 50, 55, 52];
    let people = People::new([50, 60, 80, 85, 82], |town, member| {
        (f64::from(u8::from(member >= healthy[town])), 0.0)
    });
    let told = people.given_back(&[sum("x", None)], healthy);
    assert!(told >= 10, "{told}");
}

/// Two towns are blank, and the one table shows only that, the other only their sum.
#[test]
fn what_one_table_leaves_blank_another_gives_back_as_a_whole() {
    let have = [3, 3, 40, 45, 42];
    let people = People::new([50; 5], |town, member| {
        (
            if member < have[town] {
                income(member)
            } else {
                0.0
            },
            0.0,
        )
    });
    let without = |drawn: Drawn| {
        let dimensions = drawn.shape.dimensions().to_vec();
        let measures = drawn.shape.measures().to_vec();
        let shape = Shape::new(dimensions, measures, false).unwrap();
        let shape = shape.reading(vec![0]);
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        for (subject, (codes, x, _)) in people.0.iter().enumerate() {
            let subject = SubjectKey::Integer(subject as i128);
            accumulator.row(subject, codes[0], &[Some(*x)]).unwrap();
        }
        Drawn {
            statistics: accumulator.finish().unwrap(),
            shape,
            ..drawn
        }
    };
    let by_town = without(people.table(0, &[sum("x", None)]));
    let by_sex = people.table(1, &[sum("x", None)]);
    let judged = people.judge(&[by_town, by_sex]);
    if released(&judged) {
        let (towns, sexes) = (blanks(&judged[0]), blanks(&judged[1]));
        let told: usize = towns.iter().map(|town| have[*town]).sum();
        assert!(told >= 10 || sexes.contains(&2), "{towns:?} {sexes:?}");
    }
}

/// The blank towns together, where the total is told.
fn told(judged: &[Judgement]) -> Vec<usize> {
    let blank = blanks(&judged[0]);
    let total = blank.contains(&5);
    blank.into_iter().filter(|_| !total).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Of towns beside another table: the total less what is shown is about enough who have something, and enough who differ.
    #[test]
    fn the_total_less_what_is_shown_is_about_enough(
        few in prop::collection::vec(prop_oneof![3 => 1_usize..12, 2 => 12_usize..40], 5),
        have in prop::collection::vec(prop_oneof![2 => 1_usize..12, 3 => 12_usize..60], 5),
    ) {
        // As many have something in x, and so many of all have something else in y.
        let people = People::new([70; 5], |town, member| {
            let x = if member < have[town] { income(member) } else { 0.0 };
            (x, if 70 - member <= few[town] { x + 900.0 } else { x })
        });
        let judged = people.judge(&[people.table(0, &[sum("x", None), sum("y", None)]), people.table(1, &[])]);
        if released(&judged) {
            let towns = told(&judged);
            let count = |of: &[usize]| towns.iter().map(|town| of[*town]).sum::<usize>();
            prop_assert!(towns.is_empty() || count(&few) >= 10, "{few:?}: {towns:?}");
            prop_assert!(towns.is_empty() || count(&have) >= 10, "{have:?}: {towns:?}");
        }
    }
}
