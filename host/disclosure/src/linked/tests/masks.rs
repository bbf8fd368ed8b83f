//! One table sums a column, another the same column under a mask.

use yunei_model::{Aggregate, Name};

use super::*;

/// Subjects by two codes, with an income and whether it is earned.
struct Earners(Vec<(usize, usize, f64, f64)>);

impl Earners {
    fn new(away: impl Fn(usize, usize) -> usize) -> Self {
        let mut people = Vec::new();
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for member in 0..100 {
                let income = 40_000.0 + (member * 7919 % 30_000) as f64;
                let earned = f64::from(u8::from(member >= away(a, b)));
                people.push((a, b, income, earned));
            }
        }
        Self(people)
    }

    /// The values of the columns that a shape reads.
    fn values(income: f64, earned: f64, columns: &[Name]) -> Vec<Option<f64>> {
        let of = |column: &Name| {
            Some(if *column == name("income") {
                income
            } else {
                earned
            })
        };
        columns.iter().map(of).collect()
    }

    fn table(&self, by_a: bool, masked: bool) -> Drawn {
        let measures = vec![Measure {
            weighted: masked,
            ..measure("total", Aggregate::Sum)
        }];
        let field = if by_a { "a" } else { "b" };
        let shape = Shape::new(vec![dimension(field, 2)], measures, true).unwrap();
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        let columns = [name("income"), name("earned")];
        for (subject, (a, b, income, earned)) in self.0.iter().enumerate() {
            let columns = &columns[..shape.inputs().len()];
            let values = Self::values(*income, *earned, columns);
            let cell = if by_a { *a } else { *b };
            let subject = SubjectKey::Integer(subject as i128);
            accumulator.row(subject, cell, &values).unwrap();
        }
        Drawn {
            axes: vec![axis(field, field, 2)],
            readings: vec![Reading {
                aggregate: Aggregate::Sum,
                value: Some(name("income")),
                denominator: None,
                weight: masked.then(|| name("earned")),
            }],
            statistics: accumulator.finish().unwrap(),
            shape,
            shown: None,
            asking: None,
            piece: None,
        }
    }

    fn judge(&self, tables: &[Drawn]) -> Vec<Judgement> {
        let code = |subject: usize, axis: &Name| {
            let (a, b, ..) = self.0[subject];
            if *axis == name("a") { a } else { b }
        };
        let value = |subject: usize, column: &Name| {
            let (_, _, income, earned) = self.0[subject];
            Self::values(income, earned, std::slice::from_ref(column))[0]
        };
        judge_drawn(tables, self.0.len(), "yunei", code, value)
    }
}

#[test]
fn a_masked_sum_beside_an_earlier_plain_one_is_for_people_where_few_are_between() {
    // In each cell of either table twelve are away or nobody is, so that both pass; in one atom four are.
    let few = Earners::new(|a, b| match (a, b) {
        (0, 0) => 4,
        (0, 1) => 8,
        (1, 0) => 8,
        _ => 30,
    });
    let plain = few.table(true, false).released(vec![true; 3]);
    let judged = few.judge(&[few.table(false, true), plain]);
    assert_eq!(judged[0].decision, Decision::Review);
    assert!(judged[0].reasons[0].starts_with(Unlinked::Apart.reason()));
    // By itself it leaves.
    let alone = few.judge(&[few.table(false, true)]);
    assert!(released(&alone), "{:?}", alone[0].reasons);
    // Where enough are away in every atom, it leaves beside the plain one.
    let enough = Earners::new(|a, _| if a == 0 { 15 } else { 12 });
    let plain = enough.table(true, false).released(vec![true; 3]);
    let judged = enough.judge(&[enough.table(false, true), plain]);
    assert!(released(&judged), "{:?}", judged[0].reasons);
}

#[test]
fn where_nobody_is_away_everybody_is_known_to_earn() {
    let nobody = Earners::new(|a, _| if a == 0 { 0 } else { 12 });
    let plain = nobody.table(true, false).released(vec![true; 3]);
    let judged = nobody.judge(&[nobody.table(false, true), plain]);
    assert_eq!(judged[0].decision, Decision::Review);
}

#[test]
fn a_weight_that_is_no_mask_is_for_people_beside_the_plain_sum() {
    let mut survey = Earners::new(|_, _| 50);
    for (member, (.., weight)) in survey.0.iter_mut().enumerate() {
        *weight = 50.0 + (member * 37 % 101) as f64;
    }
    let alone = survey.judge(&[survey.table(false, true)]);
    assert!(released(&alone), "{:?}", alone[0].reasons);
    let plain = survey.table(true, false).released(vec![true; 3]);
    let judged = survey.judge(&[survey.table(false, true), plain]);
    assert_eq!(judged[0].decision, Decision::Review);
    assert!(judged[0].reasons[0].starts_with(Unlinked::Weighed.reason()));
}

#[test]
fn one_person_between_two_tables_is_nowhere_by_itself() {
    let one = Earners::new(|a, b| usize::from((a, b) == (0, 0)));
    let plain = one.table(true, false).released(vec![true; 3]);
    let judged = one.judge(&[one.table(false, true), plain]);
    assert_ne!(judged[0].decision, Decision::Release);
}
