//! Sums, means, ratios and counts beside each other: all that they tell is what is rounded of the sums and the counts.

use std::collections::BTreeSet;

use proptest::prelude::*;
use yunei_model::{Aggregate, Decision, Table, Value};

use crate::fixture::{column, dimension, judged, measure, one_row_each, profile, shape};
use crate::{
    Accumulator, Judgement, Measure, Protection, Rounding, Shape, SubjectKey, round_count,
    round_figure, round_weighted, weight_unit,
};

/// Profiles that round counts.
const ROUNDING: [&str; 4] = ["yunei", "acro", "opensafely", "opensafely-midpoint"];

fn measures() -> Vec<Measure> {
    vec![
        measure("n", Aggregate::Count),
        measure("people", Aggregate::DistinctSubjects),
        measure("sum", Aggregate::Sum),
        measure("mean", Aggregate::Mean),
    ]
}

/// So many whole numbers, not all alike, that add up to `sum`.
fn values(count: usize, sum: usize) -> Vec<usize> {
    let mut values: Vec<usize> = (0..count)
        .map(|place| sum / count + usize::from(place < sum % count))
        .collect();
    // Apart from each other by twos, so that no value is that of a crowd.
    for (place, value) in values.iter_mut().enumerate().take(count / 2 * 2) {
        let step = 1 + place / 2 % 7;
        *value = if place % 2 == 0 {
            *value + step
        } else {
            *value - step
        };
    }
    values
}

/// The table of cells with so many people and such sums, with a total.
fn table(cells: &[(usize, usize)], profile: &str) -> Table {
    let shape = shape(&[cells.len()], measures(), true);
    let rows: Vec<_> = cells
        .iter()
        .enumerate()
        .flat_map(|(cell, (count, sum))| {
            let values = values(*count, *sum).into_iter();
            values.map(move |value| (cell, Some(value as f64)))
        })
        .collect();
    let judgement = judged(&shape, &one_row_each(&shape, &rows), profile);
    assert_eq!(
        judgement.decision,
        Decision::Release,
        "{:?}",
        judgement.reasons
    );
    judgement.table.unwrap()
}

fn rounding(name: &str) -> Rounding {
    profile(name).settings().rounding.unwrap()
}

/// All numbers that are shown as this one.
fn alike(count: usize, rounding: &Rounding) -> Vec<usize> {
    let shown = round_count(count as u64, rounding);
    let all = (10..200_usize).filter(|n| round_count(*n as u64, rounding) == shown);
    all.collect()
}

/// An attacker who knows the method, that values are whole numbers, and everything but the counts, enumerates all counts in three cells that
/// the counts shown allow, margin included. Each of them, with the very same sums, makes the very same table: nothing beside the counts tells
/// which it was.
#[test]
fn whatever_the_counts_allow_stays_possible_beside_sums_and_means() {
    for profile in ROUNDING {
        let rounding = rounding(profile);
        let (truth, sums) = ([21_usize, 23, 38], [21 * 43 + 5, 23 * 20 + 3, 38 * 31]);
        let with =
            |counts: [usize; 3]| -> Vec<(usize, usize)> { counts.into_iter().zip(sums).collect() };
        let released = table(&with(truth), profile);
        let whole = round_count(truth.iter().sum::<usize>() as u64, &rounding);
        let mut left = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        for a in alike(truth[0], &rounding) {
            for b in alike(truth[1], &rounding) {
                for c in alike(truth[2], &rounding) {
                    if round_count((a + b + c) as u64, &rounding) != whole {
                        continue;
                    }
                    // Every ninth is tried, and those next to the truth.
                    let near = [a, b, c]
                        .iter()
                        .zip(&truth)
                        .all(|(n, t)| n.abs_diff(*t) < 2);
                    if near || (a + 2 * b + 4 * c) % 9 == 0 {
                        assert_eq!(
                            table(&with([a, b, c]), profile),
                            released,
                            "{profile} {a} {b} {c}"
                        );
                    }
                    for (left, n) in left.iter_mut().zip([a, b, c]) {
                        left.insert(n);
                    }
                }
            }
        }
        for (left, n) in left.iter().zip(truth) {
            // More than half of what the base alone leaves: the margin takes the rest, with the counts alone too.
            let least = rounding.base / 2 + 1;
            assert!(
                left.contains(&n) && left.len() as u64 >= least,
                "{profile} {left:?}"
            );
        }
    }
}

fn figures(judgement: &Judgement, name: &str) -> Vec<Option<f64>> {
    let figure = |value: &Value| match value {
        Value::Integer(count) => Some(*count as f64),
        Value::Number(figure) => Some(*figure),
        _ => None,
    };
    column(judgement, name).iter().map(figure).collect()
}

/// People with a value, a denominator and a weight each, in cells by turns.
fn gather(shape: &Shape, people: &[(f64, f64, f64)]) -> crate::Statistics {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
    let cells = shape.dimensions()[0].labels.len();
    for (subject, (value, denominator, weight)) in people.iter().enumerate() {
        let inputs: Vec<Option<f64>> = shape
            .inputs()
            .iter()
            .map(|slot| match slot.role {
                crate::InputRole::Value => Some(*value),
                crate::InputRole::Denominator => Some(*denominator),
                crate::InputRole::Weight => Some(*weight),
            })
            .collect();
        let key = SubjectKey::Integer(subject as i128);
        accumulator.row(key, subject % cells, &inputs).unwrap();
    }
    accumulator.finish().unwrap()
}

fn weighted(text: &str, aggregate: Aggregate) -> Measure {
    Measure {
        weighted: true,
        ..measure(text, aggregate)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whoever has the counts and sums of a table can make its means and ratios himself, margins included.
    #[test]
    fn derived_figures_follow_from_what_is_shown(
        people in proptest::collection::vec((1..90_u32, 1..9_u32, 1..5_u32), 45..200),
        profile in proptest::sample::select(ROUNDING.to_vec()),
    ) {
        let people: Vec<(f64, f64, f64)> = people
            .into_iter()
            .map(|(value, denominator, weight)| (f64::from(value), f64::from(denominator), 130.0 * f64::from(weight)))
            .collect();
        let mut all = measures();
        all.push(measure("ratio", Aggregate::Ratio));
        all.push(weighted("weights", Aggregate::Count));
        all.push(weighted("weighted-sum", Aggregate::Sum));
        all.push(weighted("weighted-mean", Aggregate::Mean));
        let shape = Shape::new(vec![dimension("a", 3)], all, true).unwrap();
        let judgement = judged(&shape, &gather(&shape, &people), profile);
        prop_assume!(judgement.decision == Decision::Release);
        let rounding = rounding(profile);
        let digits = |figure: f64| rounding.figure_digits.map_or(figure, |d| round_figure(figure, d));
        let shown = |name| figures(&judgement, name);
        let means = shown("sum").into_iter().zip(shown("n")).map(|(sum, n)| Some(digits(sum? / n?)));
        prop_assert_eq!(means.collect::<Vec<_>>(), shown("mean"));
        let means = shown("weighted-sum").into_iter().zip(shown("weights")).map(|(sum, n)| Some(digits(sum? / n?)));
        prop_assert_eq!(means.collect::<Vec<_>>(), shown("weighted-mean"));
        let denominators: f64 = people.iter().map(|(_, denominator, _)| denominator).sum();
        let values: f64 = people.iter().map(|(value, ..)| value).sum();
        if let Some(Some(ratio)) = shown("ratio").last() {
            prop_assert_eq!(*ratio, digits(digits(values) / digits(denominators)));
        }
        // A base of ten is ten people of a usual weight.
        let weights: f64 = people.iter().map(|(.., weight)| weight).sum();
        let unit = weight_unit(weights / people.len() as f64);
        let total = shown("weights").last().copied().flatten();
        prop_assert!(total.is_none_or(|total| total == round_weighted(weights, &rounding, unit)));
        prop_assert!(unit >= 200.0);
    }

    /// Denominators, and weights, that are all alike count people: they are rounded as people.
    #[test]
    fn what_is_alike_counts_nobody_more_closely(count in 16..24_usize, alike in 1..400_u32) {
        let measures = vec![
            measure("n", Aggregate::Count),
            measure("sum", Aggregate::Sum),
            measure("ratio", Aggregate::Ratio),
            weighted("weights", Aggregate::Count),
        ];
        let shape = Shape::new(vec![dimension("a", 1)], measures, false).unwrap();
        let alike = f64::from(alike);
        let with = |count: usize| {
            // Of many values, so that no rule about indicators speaks first.
            let mut values = values(count, 20 * 43);
            for place in 0..count / 2 {
                values[place] += place;
                values[count - 1 - place] -= place;
            }
            let people: Vec<_> = values.into_iter().map(|value| (value as f64, alike, alike)).collect();
            judged(&shape, &gather(&shape, &people), "yunei")
        };
        let (one, other) = (with(count), with(20));
        prop_assert_eq!(figures(&one, "n"), figures(&other, "n"));
        prop_assert_eq!(figures(&one, "ratio"), figures(&other, "ratio"));
        let weights = figures(&one, "weights")[0].unwrap() / alike;
        // No more than two of these steps of ten and more lie between 16 and 24 people.
        prop_assert!((weights - count as f64).abs() <= 12.5, "{} {}", weights, count);
        let steps: BTreeSet<String> = (16..24).map(|n| format!("{:?}", figures(&with(n), "weights"))).collect();
        prop_assert!(steps.len() <= 2);
    }
}
