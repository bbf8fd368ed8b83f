use proptest::prelude::*;
use yunei_model::{Aggregate, Decision, OnFailure, Value};

use super::*;
use crate::fixture::{column, count_and_sum, counts, dimension, measure, profile, shape};
use crate::{Accumulator, SubjectKey};

fn counted() -> Vec<crate::Measure> {
    vec![measure("n", Aggregate::Count)]
}

fn with(method: OnFailure, shape: &Shape, statistics: &Statistics) -> Judgement {
    let profile = profile("yunei");
    judge_with(
        method,
        statistics,
        shape,
        &profile,
        Protection::Subjects,
        None,
    )
}

#[test]
fn what_is_to_be_refused_stays_whole() {
    let shape = shape(&[2, 2], counted(), true);
    let bad = with(OnFailure::Refuse, &shape, &counts(&shape, &[3, 40, 50, 60]));
    assert_eq!(bad.decision, Decision::Withhold);
    assert!(bad.table.is_none() && bad.reasons.len() == 1);
    let good = with(
        OnFailure::Refuse,
        &shape,
        &counts(&shape, &[30, 40, 50, 60]),
    );
    assert_eq!(good.decision, Decision::Release);
}

/// An empty class fails where zeros are disclosive; an empty rest names nobody.
#[test]
fn nobody_in_the_rest_is_no_failure() {
    let mut towns = dimension("town", 3);
    towns.labels[2] = OTHER.to_owned();
    let shape = Shape::new(vec![towns], counted(), false).unwrap();
    let rest = with(OnFailure::Refuse, &shape, &counts(&shape, &[30, 40, 0]));
    assert_eq!(rest.decision, Decision::Release);
    let named = with(OnFailure::Refuse, &shape, &counts(&shape, &[30, 0, 40]));
    assert_eq!(named.decision, Decision::Withhold);
}

#[test]
fn rounded_counts_show_every_cell() {
    let shape = shape(&[2, 2], counted(), true);
    let judgement = with(OnFailure::Round, &shape, &counts(&shape, &[3, 40, 80, 160]));
    assert_eq!(
        judgement.decision,
        Decision::Release,
        "{:?}",
        judgement.reasons
    );
    let shown = [0, 50, 50, 100, 150, 250, 100, 200, 300].map(Value::Integer);
    assert_eq!(column(&judgement, "n"), shown);
    let title = judgement.table.as_ref().unwrap().columns()[2]
        .title
        .clone()
        .unwrap();
    assert_eq!(
        (title.zh.as_str(), title.en.as_str()),
        ("n（舍入到 50）", "n (rounded to 50)")
    );
}

/// With margins that are themselves in the middle of their class there is room; at the edges of all classes there is none.
#[test]
fn rounding_that_proves_nothing_goes_to_people() {
    let shape = shape(&[2], counted(), true);
    // 24 is the last that is rounded to 0; 24 + 25 = 49, and 25 the first to be rounded to 50: nothing can move up or down.
    let tight = with(OnFailure::Round, &shape, &counts(&shape, &[9, 41]));
    assert_eq!(tight.decision, Decision::Release, "{:?}", tight.reasons);
    let magnitudes = crate::fixture::shape(&[2], count_and_sum(), true);
    let judgement = with(
        OnFailure::Round,
        &magnitudes,
        &counts(&magnitudes, &[9, 41]),
    );
    assert_eq!(judgement.decision, Decision::Review);
    assert!(judgement.table.is_none() && judgement.candidate.is_some());
    let statistics = counts(&shape, &[9, 41]);
    let acro = judge_with(
        OnFailure::Round,
        &statistics,
        &shape,
        &profile("acro"),
        Protection::Subjects,
        None,
    );
    assert_eq!(acro.decision, Decision::Review, "its profile has no base");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Every table of whole numbers that is rounded to what is shown: failing cells lie in an interval of ten at least.
    #[test]
    fn rounded_cells_stay_unknown(cells in prop::collection::vec(0_usize..70, 4)) {
        let shape = shape(&[2, 2], counted(), true);
        let judgement = with(OnFailure::Round, &shape, &counts(&shape, &cells));
        if judgement.decision == Decision::Release {
            let shown: Vec<i64> = column(&judgement, "n").iter().map(|v| match v {
                Value::Integer(n) => *n,
                _ => -1,
            }).collect();
            let mut ranges = [(i64::MAX, i64::MIN); 4];
            let class = |v: i64| (v - 25).max(0)..=v + 24;
            // Rows a0b0 a0b1 a0· a1b0 a1b1 a1· ·b0 ·b1 ··
            for a in class(shown[0]) {
                for b in class(shown[1]).filter(|b| class(shown[2]).contains(&(a + b))) {
                    for c in class(shown[3]).filter(|c| class(shown[6]).contains(&(a + c))) {
                        for d in class(shown[4]) {
                            let fits = class(shown[5]).contains(&(c + d))
                                && class(shown[7]).contains(&(b + d))
                                && class(shown[8]).contains(&(a + b + c + d));
                            if fits {
                                for (range, value) in ranges.iter_mut().zip([a, b, c, d]) {
                                    *range = (range.0.min(value), range.1.max(value));
                                }
                            }
                        }
                    }
                }
            }
            for (count, (low, high)) in cells.iter().zip(ranges) {
                prop_assert!(*count >= 10 || high - low >= 10, "{count} lies in {low}..{high}");
            }
        }
    }

    #[test]
    fn noise_is_bounded_and_never_negative(count in 0_u64..1_000, key: u32) {
        let shown = perturb::perturbed(count, 10, key);
        prop_assert!(shown.abs_diff(count) <= 10.min(count));
    }
}

/// One row per subject, with record keys made from the subject's number.
fn keyed(shape: &Shape, cells: &[usize], from: u32) -> (Statistics, CellKeys) {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
    let mut keys = CellKeys::new(shape);
    let mut subject = from;
    for (cell, count) in cells.iter().enumerate() {
        for _ in 0..*count {
            subject += 1;
            keys.subject(subject.wrapping_mul(0x9e37_79b9));
            keys.row(cell);
            accumulator
                .row(SubjectKey::Integer(subject.into()), cell, &[])
                .unwrap();
        }
    }
    (accumulator.finish().unwrap(), keys)
}

fn noisy(shape: &Shape, cells: &[usize], from: u32) -> Vec<Value> {
    let (statistics, keys) = keyed(shape, cells, from);
    let judgement = judge_with(
        OnFailure::Perturb,
        &statistics,
        shape,
        &profile("yunei"),
        Protection::Subjects,
        Some(&keys),
    );
    assert_eq!(
        judgement.decision,
        Decision::Release,
        "{:?}",
        judgement.reasons
    );
    let title = judgement
        .table
        .as_ref()
        .unwrap()
        .columns()
        .last()
        .unwrap()
        .title
        .clone();
    assert!(title.unwrap().en.contains("variance 36.7"));
    column(&judgement, "n")
}

#[test]
fn the_same_subjects_get_the_same_noise_in_any_table() {
    let fine = shape(&[2, 2], counted(), true);
    let coarse = shape(&[2], counted(), true);
    let first = noisy(&fine, &[30, 40, 50, 60], 0);
    assert_eq!(
        first,
        noisy(&fine, &[30, 40, 50, 60], 0),
        "repeats do not average out"
    );
    let second = noisy(&coarse, &[70, 110], 0);
    assert_eq!(
        [&first[2], &first[5], &first[8]],
        [&second[0], &second[1], &second[2]]
    );
}

#[test]
fn noise_is_as_wide_as_it_says_and_centred() {
    let (mut sum, mut squares, mut seen) = (0.0, 0.0, std::collections::BTreeSet::new());
    let draws = 20_000;
    for key in 0..draws {
        let noise = perturb::perturbed(100, 10, key) as f64 - 100.0;
        sum += noise;
        squares += noise * noise;
        seen.insert(noise as i64);
    }
    let (mean, variance) = (sum / f64::from(draws), squares / f64::from(draws));
    assert_eq!(seen.len(), 21);
    assert!(
        mean.abs() < 0.25 && (variance - noise_variance(10)).abs() < 1.5,
        "{mean} {variance}"
    );
}

#[test]
fn noise_is_for_one_row_of_each_and_for_counts() {
    let one = shape(&[2], counted(), true);
    let mut accumulator = Accumulator::new(&one, Protection::Subjects).unwrap();
    for subject in 0..40 {
        for _ in 0..2 {
            accumulator
                .row(SubjectKey::Integer(subject), (subject % 2) as usize, &[])
                .unwrap();
        }
    }
    let statistics = accumulator.finish().unwrap();
    let keys = CellKeys::new(&one);
    let judged = |shape: &Shape, statistics: &Statistics, keys| {
        let profile = profile("yunei");
        judge_with(
            OnFailure::Perturb,
            statistics,
            shape,
            &profile,
            Protection::Subjects,
            keys,
        )
    };
    let several = judged(&one, &statistics, Some(&keys));
    assert!(
        several.reasons[0].starts_with("keyed noise is for one row"),
        "{:?}",
        several.reasons
    );
    let sums = shape(&[2], count_and_sum(), true);
    let keys = CellKeys::new(&sums);
    let judgement = judged(&sums, &counts(&sums, &[30, 40]), Some(&keys));
    assert!(judgement.reasons[0].starts_with("keyed noise is for counts"));
    let judgement = judged(&one, &counts(&one, &[30, 40]), None);
    assert_eq!(
        judgement.decision,
        Decision::Review,
        "without keys there is no noise"
    );
}

#[test]
fn merging_goes_as_far_as_it_must() {
    let fine = shape(&[4], count_and_sum(), true);
    let coarse = shape(&[2], count_and_sum(), true);
    let profile = profile("yunei");
    let step = |cells: &[usize]| {
        let merged: Vec<usize> = cells.chunks(2).map(|pair| pair.iter().sum()).collect();
        let (finest, coarser) = (counts(&fine, cells), counts(&coarse, &merged));
        let steps = [(&fine, &finest), (&coarse, &coarser)];
        merge(&steps, &profile, Protection::Subjects).unwrap()
    };
    let (rung, judgement) = step(&[20, 30, 40, 50]);
    assert_eq!((rung, judgement.decision), (0, Decision::Release));
    let (rung, judgement) = step(&[6, 7, 40, 50]);
    assert_eq!((rung, judgement.decision), (1, Decision::Release));
    assert_eq!(
        column(&judgement, "count"),
        [10, 90, 100].map(Value::Integer)
    );
    let (_, judgement) = step(&[2, 7, 40, 50]);
    assert_eq!(judgement.decision, Decision::Withhold);
    assert!(judgement.table.is_none());
}

#[test]
fn the_order_of_merging_follows_from_labels_alone() {
    let ladders = [vec![5, 3], vec![17, 4, 2], vec![4]];
    assert_eq!(
        merge_path(&ladders),
        [vec![0, 0, 0], vec![0, 1, 0], vec![1, 1, 0], vec![1, 2, 0]]
    );
    assert_eq!(merge_path(&[]).len(), 1);
    let long: Vec<usize> = (0..40).rev().collect();
    assert_eq!(merge_path(&[long]).len(), MERGE_STEPS_MAX + 1);
}

/// All of a town in one class, or nobody: a rounded or noisy count says so too, for towns that are large.
#[test]
fn neither_rounding_nor_noise_is_for_sensitive_dimensions() {
    let of = |sensitive| {
        let mut illness = dimension("illness", 2);
        illness.sensitive = sensitive;
        Shape::new(vec![dimension("town", 2), illness], counted(), false).unwrap()
    };
    for (sensitive, decision) in [(false, Decision::Release), (true, Decision::Review)] {
        let shape = of(sensitive);
        let statistics = counts(&shape, &[3, 400, 80, 160]);
        let rounded = with(OnFailure::Round, &shape, &statistics);
        assert_eq!(rounded.decision, decision, "{:?}", rounded.reasons);
        let (statistics, keys) = keyed(&shape, &[3, 400, 80, 160], 0);
        let noisy = judge_with(
            OnFailure::Perturb,
            &statistics,
            &shape,
            &profile("yunei"),
            Protection::Subjects,
            Some(&keys),
        );
        assert_eq!(noisy.decision, decision, "{:?}", noisy.reasons);
    }
}
