use proptest::prelude::*;
use yunei_model::Status;

use crate::fixture::profile;
use crate::*;

mod origins;

fn nk(share: f64, fails: Ceiling) -> Dominance {
    Dominance {
        contributors: 2,
        share,
        fails,
    }
}

/// Five firms: the Handbook's way of showing the rules, by numbers that divide exactly.
#[test]
fn worked_examples() {
    let cell = Contributions::of(&[500.0, 350.0, 100.0, 30.0, 20.0]);
    assert_eq!((cell.total, cell.remainder()), (1000.0, 150.0));
    let at = dominance(&cell, &nk(0.85, Ceiling::AtOrAbove));
    assert_eq!((at.status, at.value, at.bound), (Status::Fail, 0.85, 0.85));
    assert_eq!(
        dominance(&cell, &nk(0.85, Ceiling::Above)).status,
        Status::Pass
    );
    let p = p_percent(
        &cell,
        &PPercent {
            share: 0.30,
            fails: Floor::Below,
        },
    );
    assert_eq!((p.status, p.value), (Status::Pass, 0.30), "at the boundary");
    let pq = PriorPosterior {
        p: 31.0,
        q: 100.0,
        fails: Floor::Below,
    };
    assert_eq!(prior_posterior(&cell, &pq).status, Status::Fail);
}

#[test]
fn one_or_two_contributors_always_dominate() {
    for list in [&[7.0][..], &[7.0, 7.0], &[0.1, 0.2]] {
        let cell = Contributions::of(list);
        for name in ["yunei", "acro", "sdctable"] {
            let settings = profile(name).settings().clone();
            assert_eq!(
                dominance(&cell, &settings.dominance.unwrap()).status,
                Status::Fail
            );
            assert_eq!(
                p_percent(&cell, &settings.p_percent.unwrap()).status,
                Status::Fail
            );
        }
    }
}

#[test]
fn a_total_of_nothing_has_no_dominant_part_and_no_number_is_no_pass() {
    let nothing = Contributions::of(&[0.0; 12]);
    assert_eq!(
        dominance(&nothing, &nk(0.85, Ceiling::AtOrAbove)).status,
        Status::Pass
    );
    let broken = Contributions {
        largest: [f64::NAN; 3],
        units: 12,
        total: f64::NAN,
    };
    assert_eq!(
        dominance(&broken, &nk(0.85, Ceiling::Above)).status,
        Status::Fail
    );
    assert_eq!(
        p_percent(
            &broken,
            &PPercent {
                share: 0.1,
                fails: Floor::Below
            }
        )
        .status,
        Status::Fail
    );
}

#[test]
fn models_extremes_sizes() {
    let acro = profile("acro");
    let dof = acro.settings().degrees_of_freedom.unwrap();
    assert_eq!(
        [9, 10].map(|d| degrees_of_freedom(d, &dof).status),
        [Status::Fail, Status::Pass]
    );
    let model = profile("datashield").settings().model_size.unwrap();
    assert_eq!(
        [(33, 100), (34, 100), (0, 0)].map(|(p, n)| model_size(p, n, &model).status),
        [Status::Pass, Status::Fail, Status::Fail]
    );
    let extremes = acro.settings().extremes.unwrap();
    assert_eq!(extreme(&extremes).status, Status::Fail);
    assert_eq!(
        [(10, 10), (9, 500), (500, 9)].map(|(b, a)| percentile(b, a, &extremes).status),
        [Status::Pass, Status::Fail, Status::Fail]
    );
    let limit = profile("opensafely").settings().size.unwrap();
    assert_eq!(
        [(5000, 1), (5001, 1), (1, 16 << 20), (1, (16 << 20) + 1)]
            .map(|(r, b)| size(r, b, &limit).status),
        [Status::Pass, Status::Fail, Status::Pass, Status::Fail]
    );
    let rule = acro.settings().negative.unwrap();
    assert_eq!(
        [false, true].map(|any| negative(any, &rule).status),
        [Status::Pass, Status::Review]
    );
}

fn contributions() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((0_u32..10_000).prop_map(f64::from), 1..40)
}

proptest! {
    #[test]
    fn dominance_is_the_share_of_the_largest(list in contributions(), k in 1_u32..=100) {
        let mut sorted = list.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let (top, total): (f64, f64) = (sorted.iter().take(2).sum(), list.iter().sum());
        prop_assume!(total > 0.0);
        let share = f64::from(k) / 100.0;
        let cell = Contributions::of(&list);
        let fails = dominance(&cell, &nk(share, Ceiling::AtOrAbove)).status == Status::Fail;
        prop_assert_eq!(fails, top / total >= share);
    }

    #[test]
    fn rules_do_not_change_with_the_unit_of_measure(list in contributions(), power in 0_i32..20) {
        let scaled: Vec<f64> = list.iter().map(|x| x * 2_f64.powi(power)).collect();
        let (a, b) = (Contributions::of(&list), Contributions::of(&scaled));
        for name in ["yunei", "acro", "sdctable"] {
            let settings = profile(name).settings().clone();
            prop_assert_eq!(dominance(&a, &settings.dominance.unwrap()).status, dominance(&b, &settings.dominance.unwrap()).status);
            prop_assert_eq!(p_percent(&a, &settings.p_percent.unwrap()).status, p_percent(&b, &settings.p_percent.unwrap()).status);
        }
    }

    #[test]
    fn prior_posterior_with_all_before_is_p_percent(list in contributions(), p in 1_u32..=100) {
        let cell = Contributions::of(&list);
        let share = f64::from(p) / 100.0;
        let pq = PriorPosterior { p: f64::from(p), q: 100.0, fails: Floor::Below };
        let percent = p_percent(&cell, &PPercent { share, fails: Floor::Below });
        // The two are the same but for the rounding of a division.
        prop_assume!((percent.value - share).abs() > 1e-12);
        prop_assert_eq!(prior_posterior(&cell, &pq).status, percent.status);
    }

    #[test]
    fn another_contributor_never_makes_a_cell_more_dominated(list in contributions(), share in 0.01_f64..0.99) {
        let [first, second, ..] = Contributions::of(&list).largest;
        let mut more = list.clone();
        more.push(first.min(second));
        let rule = PPercent { share, fails: Floor::Below };
        if p_percent(&Contributions::of(&list), &rule).status == Status::Pass {
            prop_assert_eq!(p_percent(&Contributions::of(&more), &rule).status, Status::Pass);
        }
    }

    #[test]
    fn every_stricter_threshold_fails_whatever_a_laxer_one_fails(n in 0_u64..50, t in 1_u64..30, more in 0_u64..10) {
        let rule = |minimum| Threshold { minimum, fails: Floor::Below };
        if threshold(n, &rule(t)).status == Status::Fail {
            prop_assert_eq!(threshold(n, &rule(t + more)).status, Status::Fail);
        }
    }
}
