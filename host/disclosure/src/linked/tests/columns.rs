//! One table sums a column, another a column that is the same for most.

use yunei_model::{Aggregate, Name};

use super::*;

/// Subjects by two codes, with what they earn and what they declare.
struct Declared(Vec<(usize, usize, f64, f64)>);

impl Declared {
    /// So many of each pair of codes, of whom so many declare something else.
    fn new(members: usize, differ: impl Fn(usize, usize) -> usize) -> Self {
        let mut people = Vec::new();
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for member in 0..members {
                let income = 40_000.0 + (member * 7919 % 30_000) as f64;
                let less = f64::from(u8::from(member < differ(a, b)));
                people.push((a, b, income, income - 5_000.0 * less));
            }
        }
        Self(people)
    }

    fn value(column: &Name, (_, _, income, declared): &(usize, usize, f64, f64)) -> Option<f64> {
        Some(if *column == name("income") {
            *income
        } else {
            *declared
        })
    }

    fn table(&self, by: &str, column: &str) -> Drawn {
        let measures = vec![measure("total", Aggregate::Sum)];
        let shape = Shape::new(vec![dimension(by, 2)], measures, true).unwrap();
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        for (subject, person) in self.0.iter().enumerate() {
            let cell = if by == "a" { person.0 } else { person.1 };
            let subject = SubjectKey::Integer(subject as i128);
            let values = [Self::value(&name(column), person)];
            accumulator.row(subject, cell, &values).unwrap();
        }
        Drawn {
            axes: vec![axis(by, by, 2)],
            readings: vec![Reading {
                aggregate: Aggregate::Sum,
                value: Some(name(column)),
                denominator: None,
                weight: None,
            }],
            statistics: accumulator.finish().unwrap(),
            shape,
            shown: None,
            asking: None,
            piece: None,
        }
    }

    fn judge(&self, tables: &[Drawn], under: &str) -> Vec<Judgement> {
        let code = |subject: usize, axis: &Name| {
            let person = &self.0[subject];
            if *axis == name("a") {
                person.0
            } else {
                person.1
            }
        };
        let value = |subject: usize, column: &Name| Self::value(column, &self.0[subject]);
        judge_drawn(tables, self.0.len(), under, code, value)
    }

    /// What becomes of declared incomes by `b` beside released incomes by `a`, or by `b` too.
    fn beside(&self, by: &str, under: &str) -> Judgement {
        let plain = self.table(by, "income").released(vec![true; 3]);
        let mut judged = self.judge(&[self.table("b", "declared"), plain], under);
        judged.remove(0)
    }
}

fn is_alike(judgement: &Judgement) -> bool {
    judgement.decision == Decision::Review
        && judgement.reasons[0].starts_with(Unlinked::Alike.reason())
}

#[test]
fn two_columns_that_differ_for_one_person_are_for_people() {
    let one = Declared::new(100, |a, b| usize::from((a, b) == (0, 0)));
    assert!(is_alike(&one.beside("b", "yunei")));
    // Nothing is the same set of rows in both tables but all of them; that is where the one is.
    assert!(is_alike(&one.beside("a", "yunei")));
    // Each by itself leaves, and other profiles do not ask.
    let alone = one.judge(&[one.table("b", "declared")], "yunei");
    assert_eq!(alone[0].decision, Decision::Release);
    assert_eq!(one.beside("b", "acro").decision, Decision::Release);
}

#[test]
fn enough_who_differ_in_what_both_tables_show_pass() {
    // Four in each atom: eight in a cell of either table, sixteen in all.
    let four = Declared::new(100, |_, _| 4);
    assert!(is_alike(&four.beside("b", "yunei")));
    assert_eq!(four.beside("a", "yunei").decision, Decision::Release);
    let all = Declared::new(100, |_, _| 100);
    assert_eq!(all.beside("b", "yunei").decision, Decision::Release);
    let none = Declared::new(100, |_, _| 0);
    assert_eq!(none.beside("b", "yunei").decision, Decision::Release);
}

#[test]
fn a_small_knot_whose_rows_all_differ_hides_nobody_unless_others_are_alike() {
    let settings = profile("yunei");
    let tells = |knots: &[(u64, u64)]| {
        let knots = knots
            .iter()
            .map(|(rows, apart)| super::super::columns::Count {
                rows: *rows,
                apart: *apart,
                units: *apart,
            });
        super::super::columns::tells(&knots.collect::<Vec<_>>(), settings.settings())
    };
    assert!(!tells(&[(3, 3), (4, 4), (200, 150)]));
    assert!(tells(&[(3, 3), (200, 0)]));
    assert!(tells(&[(12, 3), (200, 150)]));
    assert!(!tells(&[(200, 0), (200, 10), (0, 0)]));
}

#[test]
fn several_tables_of_a_column_are_put_together() {
    let few = Declared::new(100, |a, b| if (a, b) == (0, 0) { 3 } else { 40 });
    let beside = |tables: &[(&str, &str)]| {
        let candidate = std::iter::once(few.table("b", "declared"));
        let earlier = tables.iter().map(|(by, column)| few.table(by, column));
        let earlier = earlier.map(|table| table.released(vec![true; 3]));
        let mut judged = few.judge(&candidate.chain(earlier).collect::<Vec<_>>(), "yunei");
        judged.remove(0)
    };
    let incomes = [("a", "income"), ("b", "income")];
    // Declared incomes are by `b` alone, whatever is put together of the others.
    assert_eq!(beside(&incomes).decision, Decision::Release);
    let [a, b] = incomes;
    assert!(is_alike(&beside(&[a, b, ("a", "declared")])));
}
