//! Weights that are no masks, masks that tell a class, and indicators behind weights and gaps.

use super::*;
use crate::{Dimension, Suppression};

/// A sum and a sum of the same column under each of the weights that `weights` gives.
fn summed(count: usize, weights: impl Fn(usize, bool) -> Vec<f64>) -> Judgement {
    let width = weights(0, true).len();
    let shape = sums(width);
    let rows = two_cells(count, |subject, first| {
        let x = Some(income(subject));
        let weights = weights(subject, first).into_iter();
        [x].into_iter()
            .chain(weights.flat_map(|weight| [x, Some(weight)]))
            .collect()
    });
    judged(&shape, &accumulate(&shape, &rows), "yunei")
}

/// That people decide, though each figure passes by itself.
fn is_for_people(judgement: &Judgement) -> bool {
    judgement.decision == Decision::Review
        && judgement.candidate.is_some()
        && judgement.reasons.iter().any(|r| r.contains("solved for"))
}

#[test]
fn a_usual_weight_times_the_plain_sum_leaves_one_person() {
    let usual = |special: &'static [(usize, f64)], usual: f64| {
        summed(200, move |subject, first| {
            let special = special.iter().find(|(who, _)| first && *who == subject);
            let mixed = if first {
                usual
            } else {
                1.0 + (subject % 3) as f64
            };
            vec![special.map_or(mixed, |(_, weight)| *weight)]
        })
    };
    // 2 for all but one; 2 for all but two, on either side of it; 1 for most, nearly 1 for a few, and 20 for one.
    assert!(is_for_people(&usual(&[(77, 3.0)], 2.0)));
    assert!(is_for_people(&usual(&[(7, 1.0), (8, 3.0)], 2.0)));
    let dominated = summed(200, |subject, first| {
        vec![match (first, subject) {
            (true, 0..19) => 1.001,
            (true, 19) => 20.0,
            (true, _) => 1.0,
            _ => 1.0 + (subject % 3) as f64 / 10.0,
        }]
    });
    assert!(is_for_people(&dominated));
}

#[test]
fn ten_weighted_sums_of_twelve_people_are_solved() {
    let solved = summed(12, |subject, _| {
        (0..9)
            .map(|k| (18 + (subject * 31 + k * 17) % 90) as f64)
            .collect()
    });
    assert!(is_for_people(&solved));
}

#[test]
fn three_masks_are_more_than_pairs_tell() {
    let mask =
        |from: usize, to: usize, subject: usize| f64::from(u8::from((from..to).contains(&subject)));
    // Everybody but one is in one of two halves.
    let halves = summed(200, |subject, _| {
        vec![mask(0, 100, subject), mask(101, 200, subject)]
    });
    assert!(is_for_people(&halves));
    // One mask beside the plain sum leaves by itself, as does one under two names.
    let one = summed(200, |subject, _| vec![mask(0, 100, subject)]);
    assert_eq!(one.decision, Decision::Release, "{:?}", one.reasons);
    let twice = summed(200, |subject, _| {
        vec![mask(0, 100, subject), mask(0, 100, subject)]
    });
    assert_eq!(twice.decision, Decision::Release, "{:?}", twice.reasons);
}

#[test]
fn a_weight_without_the_plain_sum_is_one_equation() {
    let shape = shape(&[2], vec![weighted("total", Aggregate::Sum)], false).reading(vec![0, 1]);
    let rows = two_cells(200, |subject, first| {
        let weight = if first && subject == 77 { 3.0 } else { 2.0 };
        vec![Some(income(subject)), Some(weight)]
    });
    let judgement = judged(&shape, &accumulate(&shape, &rows), "yunei");
    assert_eq!(judgement.decision, Decision::Release);
}

#[test]
fn a_mask_that_leaves_nobody_out_tells_a_class() {
    for (ill, fails) in [(50, true), (49, true), (30, false)] {
        let shape = sums(1);
        let rows = two_cells(50, |subject, first| {
            let x = Some(income(subject));
            let is_ill = if first {
                subject < ill
            } else {
                subject % 2 == 0
            };
            vec![x, x, Some(f64::from(u8::from(is_ill)))]
        });
        let judgement = judged(&shape, &accumulate(&shape, &rows), "yunei");
        assert_eq!(!failed(&judgement).is_empty(), fails, "{ill}");
        let class = failed(&judgement).contains(&"complement-class".to_owned());
        assert_eq!(class, ill == 50);
    }
}

#[test]
fn weights_and_denominators_that_are_alike_tell_a_class() {
    let count = shape(&[2], vec![weighted("ill", Aggregate::Count)], false);
    let ratio = shape(&[2], vec![measure("ill", Aggregate::Ratio)], false);
    for all in [true, false] {
        let ill = |subject: usize, first: bool| {
            let is = if first && all {
                true
            } else {
                subject.is_multiple_of(2)
            };
            Some(f64::from(u8::from(is)))
        };
        let rows = two_cells(50, |subject, first| vec![ill(subject, first)]);
        let told = failed(&judged(&count, &accumulate(&count, &rows), "yunei"));
        assert_eq!(told.contains(&"class".to_owned()), all);
        let rows = two_cells(50, |subject, first| vec![ill(subject, first), Some(1.0)]);
        let told = failed(&judged(&ratio, &accumulate(&ratio, &rows), "yunei"));
        assert_eq!(told.contains(&"class".to_owned()), all);
    }
    // Every trip of everybody was late.
    let rows = two_cells(50, |subject, first| {
        let trips = (subject % 5 + 2) as f64;
        vec![Some(if first { trips } else { trips - 1.0 }), Some(trips)]
    });
    let told = failed(&judged(&ratio, &accumulate(&ratio, &rows), "yunei"));
    assert_eq!(told, ["complement-class"]);
    // A weight that is the same in all rows of a table tells nothing of its cells.
    let rows = two_cells(50, |_, _| vec![Some(1.5)]);
    assert!(failed(&judged(&count, &accumulate(&count, &rows), "yunei")).is_empty());
}

#[test]
fn gaps_and_weights_do_not_hide_an_indicator() {
    // Everybody has a second row, without a value.
    let shape = shape(&[2], vec![measure("employed", Aggregate::Sum)], false);
    let rows: Vec<Row> = (0..800)
        .map(|row| {
            let (subject, cell) = (row / 2, row / 400);
            let employed = if cell == 0 {
                subject != 5
            } else {
                subject % 2 == 0
            };
            let value = (row % 2 == 0).then(|| f64::from(u8::from(employed)));
            (subject, cell, vec![value])
        })
        .collect();
    assert_eq!(
        failed_under("yunei", &shape, &accumulate(&shape, &rows)),
        ["indicator"]
    );
    // All rows weigh 1.5; or others weigh nothing.
    let shape = crate::fixture::shape(&[2], vec![weighted("code", Aggregate::Sum)], false);
    for of_others in [1.5, 0.0] {
        let rows = two_cells(220, |subject, first| {
            let code = if first {
                subject == 5 || subject >= 200
            } else {
                subject % 2 == 0
            };
            let weight = if first && subject >= 200 {
                of_others
            } else {
                1.5
            };
            vec![Some(if code { 1.0 } else { 2.0 }), Some(weight)]
        });
        let told = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert_eq!(
            told.contains(&"indicator".to_owned()),
            of_others == 0.0,
            "{told:?}"
        );
    }
}

#[test]
fn a_crowd_in_the_middle_tells_of_those_beside_it() {
    let shape = shape(&[2], vec![measure("benefit", Aggregate::Sum)], false);
    for (below, above, fails) in [(3, 2, true), (5, 5, false), (0, 0, false)] {
        let rows = two_cells(200, |subject, first| {
            let value = match (first, subject) {
                (true, who) if who < below => 10.0 * (who + 1) as f64,
                (true, who) if who < below + above => 3_000.0 + who as f64,
                (true, who) if below == 0 => income(who),
                (true, _) => 1_000.0,
                _ => income(subject),
            };
            vec![Some(value)]
        });
        let told = failed_under("yunei", &shape, &accumulate(&shape, &rows));
        assert_eq!(
            told.contains(&"indicator".to_owned()),
            fails,
            "{below} {above} {told:?}"
        );
    }
}

#[test]
fn of_who_was_there_often_one_diagnosis_is_enough() {
    for totals in [false, true] {
        let diagnosis = Dimension {
            sensitive: true,
            ..crate::fixture::dimension("diagnosis", 2)
        };
        let town = crate::fixture::dimension("town", 2);
        let count = vec![measure("visits", Aggregate::Count)];
        let shape = Shape::new(vec![town, diagnosis], count, totals).unwrap();
        let rows: Vec<Row> = (0..60)
            .flat_map(|who| (0..3).map(move |visit| (who, visit)))
            .map(|(who, visit)| {
                let positive = visit == 0 && (who < 12 || who % 2 == 0);
                let cell = usize::from(who >= 12) * 2 + usize::from(!positive);
                (who, cell, Vec::new())
            })
            .collect();
        let judgement = judged(&shape, &accumulate(&shape, &rows), "yunei");
        let failed = |cell: usize| {
            let outcome = &judgement.cells[cell];
            outcome.failed.iter().any(|f| f.rule.as_str() == "class")
        };
        // Both cells of the first town: everybody was there for either.
        let south = if totals { 3 } else { 2 };
        assert!(failed(0) && failed(1), "{totals}");
        assert_ne!(judgement.cells[0].suppression, Suppression::None);
        assert!(!failed(south), "{totals}");
    }
}
