//! Profiles against their origins: worked examples below, at and above every boundary.
//!
//! Sources: ACRO 1.0.2, `default.yaml` and `sdcchecks.py` (`count < safe_threshold`, `top_n_sum / sum >= safe_nk_k`,
//! `(sum - top_2_sum) / max < safe_pratio_p`, `dof < safe_dof_threshold`); DataSHIELD dsBase, `nfilter.tab` ("minimum non-zero
//! cell count allowed", fails `0 < n < 3`) and `nfilter.glm` (fails `parameters > 0.33 n`); `OpenSAFELY`, output checking ("redact counts
//! of 7 or less, round to the nearest 5", midpoint-6 `ceil(x / 6) * 6 - 3`), 5,000 rows and 16 MB a file; `sdcTable` 0.34,
//! `primarySuppression` (`n <= maxN`, defaults 3, n = 2, k = 85, p = 80, q = 50); the SDC Handbook (2019) for
//! percentiles and class disclosure.

use yunei_model::Status::{Fail, Pass, Review};

use crate::fixture::profile;
use crate::*;

/// What each profile says of 0 and of the numbers about its bound: below, at, above.
#[test]
fn thresholds_and_zeros() {
    let expected = [
        ("yunei", Fail, [(9, Fail), (10, Pass), (11, Pass)]),
        ("acro", Fail, [(9, Fail), (10, Pass), (11, Pass)]),
        ("datashield", Pass, [(2, Fail), (3, Pass), (4, Pass)]),
        ("opensafely", Pass, [(6, Fail), (7, Fail), (8, Pass)]),
        (
            "opensafely-midpoint",
            Pass,
            [(6, Fail), (7, Fail), (8, Pass)],
        ),
        ("sdctable", Pass, [(2, Fail), (3, Fail), (4, Pass)]),
    ];
    for (name, empty, about) in expected {
        let settings = profile(name).settings().clone();
        assert_eq!(zero(0, &settings.zero).status, empty, "{name} of nothing");
        for (n, status) in about {
            assert_eq!(
                threshold(n, &settings.threshold).status,
                status,
                "{name} of {n}"
            );
        }
    }
}

/// Top two of 1000: 849, 850, 851 and 899, 900, 901.
#[test]
fn dominance_of_the_two_largest() {
    let of = |top: u32| {
        let second = 300.0;
        let first = f64::from(top) - second;
        let rest = (1000.0 - f64::from(top)) / 10.0;
        let mut list = vec![first, second];
        list.extend([rest; 10]);
        let mut cell = Contributions::of(&list);
        // Ten tenths need not add up to a whole in binary; the total of a cell is what it is here.
        cell.total = 1000.0;
        cell
    };
    let expected = [
        ("yunei", [(849, Pass), (850, Fail), (851, Fail)]),
        ("acro", [(899, Pass), (900, Fail), (901, Fail)]),
        ("sdctable", [(849, Pass), (850, Pass), (851, Fail)]),
    ];
    for (name, about) in expected {
        let rule = profile(name).settings().dominance.unwrap();
        for (top, status) in about {
            assert_eq!(dominance(&of(top), &rule).status, status, "{name} of {top}");
        }
    }
    for name in ["datashield", "opensafely", "opensafely-midpoint"] {
        let settings = profile(name).settings().clone();
        assert!(
            settings.dominance.is_none() && settings.p_percent.is_none(),
            "{name}"
        );
    }
}

/// The rest beside x₁ = 1000 and x₂: 99, 100, 101 and 799, 800, 801.
#[test]
fn p_percent_of_the_largest() {
    let of = |rest: u32| Contributions::of(&[1000.0, 900.0, f64::from(rest)]);
    let expected = [
        ("yunei", [(99, Fail), (100, Pass), (101, Pass)]),
        ("acro", [(99, Fail), (100, Pass), (101, Pass)]),
        ("sdctable", [(799, Fail), (800, Pass), (801, Pass)]),
    ];
    for (name, about) in expected {
        let rule = profile(name).settings().p_percent.unwrap();
        for (rest, status) in about {
            assert_eq!(
                p_percent(&of(rest), &rule).status,
                status,
                "{name} of {rest}"
            );
        }
    }
}

/// (p, q) = (25, 50): the rest against half of x₁ = 1000.
#[test]
fn prior_posterior_of_sdctable() {
    let rule = profile("sdctable").settings().prior_posterior.unwrap();
    for (rest, status) in [(499.0, Fail), (500.0, Pass), (501.0, Pass)] {
        let cell = Contributions::of(&[1000.0, 900.0, rest]);
        assert_eq!(prior_posterior(&cell, &rule).status, status, "{rest}");
    }
    for name in [
        "yunei",
        "acro",
        "datashield",
        "opensafely",
        "opensafely-midpoint",
    ] {
        assert!(profile(name).settings().prior_posterior.is_none(), "{name}");
    }
}

#[test]
fn models_of_acro_and_datashield() {
    for name in ["yunei", "acro"] {
        let rule = profile(name).settings().degrees_of_freedom.unwrap();
        for (residual, status) in [(9, Fail), (10, Pass), (11, Pass)] {
            assert_eq!(degrees_of_freedom(residual, &rule).status, status, "{name}");
        }
    }
    for name in ["yunei", "datashield"] {
        let rule = profile(name).settings().model_size.unwrap();
        for (parameters, status) in [(32, Pass), (33, Pass), (34, Fail)] {
            assert_eq!(model_size(parameters, 100, &rule).status, status, "{name}");
        }
    }
}

#[test]
fn negative_contributions_extremes_percentiles_classes() {
    for name in ["yunei", "acro"] {
        let settings = profile(name).settings().clone();
        let rule = settings.negative.unwrap();
        assert_eq!(
            [false, true].map(|any| negative(any, &rule).status),
            [Pass, Review]
        );
        let rule = settings.extremes.unwrap();
        assert_eq!(extreme(&rule).status, Fail, "{name}");
        for (side, status) in [(9, Fail), (10, Pass), (11, Pass)] {
            assert_eq!(percentile(side, 50, &rule).status, status, "{name}");
            assert_eq!(percentile(50, side, &rule).status, status, "{name}");
        }
        assert!(settings.class.unwrap().disclosive, "{name}");
    }
    for (in_class, status) in [(0, Fail), (1, Pass), (49, Pass), (50, Fail)] {
        assert_eq!(class_disclosure(in_class, 50).status, status);
    }
    for name in [
        "datashield",
        "opensafely",
        "opensafely-midpoint",
        "sdctable",
    ] {
        let settings = profile(name).settings().clone();
        let none =
            settings.negative.is_none() && settings.extremes.is_none() && settings.class.is_none();
        assert!(none, "{name}");
    }
}

#[test]
fn rounding_about_every_step() {
    let rounded = |name: &str, counts: &[u64]| {
        let rule = profile(name).settings().rounding.unwrap();
        counts
            .iter()
            .map(|n| round_count(*n, &rule))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rounded("yunei", &[14, 15, 16, 24, 25]),
        [10, 20, 20, 20, 30]
    );
    assert_eq!(rounded("acro", &[14, 15, 16]), [10, 20, 20]);
    // To the nearest 5: 8, 9, 10, 11, 12 and 13 with the half-steps between whole numbers.
    assert_eq!(
        rounded("opensafely", &[8, 12, 13, 17, 18]),
        [10, 10, 15, 15, 20]
    );
    // Midpoint-6, as the documentation's table has it: 0; 1 to 6 is 3; 7 to 12 is 9; 13 to 18 is 15.
    assert_eq!(
        rounded("opensafely-midpoint", &[0, 1, 6, 7, 12, 13, 18, 19]),
        [0, 3, 3, 9, 9, 15, 15, 21]
    );
    for name in ["datashield", "sdctable"] {
        assert!(profile(name).settings().rounding.is_none(), "{name}");
    }
}

#[test]
fn sizes_of_opensafely() {
    for name in ["opensafely", "opensafely-midpoint"] {
        let rule = profile(name).settings().size.unwrap();
        for (rows, status) in [(4999, Pass), (5000, Pass), (5001, Fail)] {
            assert_eq!(size(rows, 1, &rule).status, status, "{name}");
        }
        for (bytes, status) in [(16_777_215, Pass), (16_777_216, Pass), (16_777_217, Fail)] {
            assert_eq!(size(1, bytes, &rule).status, status, "{name}");
        }
    }
}
